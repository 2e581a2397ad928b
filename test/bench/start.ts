import { EsaHome } from '../e2e/run-esa.ts'
import type { BenchServers } from './bench-servers.ts'
import { esaUp } from './esa-up.ts'
import type { Figure } from './figures.ts'

/** How long `esa up` takes to be ready: in a new home, with its database stopped, and with it running. */
export async function benchStart({ redis }: Pick<BenchServers, 'redis'>): Promise<Figure[]> {
  const home = await EsaHome.create()
  try {
    const ready = async (): Promise<number> => {
      const { seconds, stop } = await esaUp(home, redis?.url ?? null)
      await stop()
      return Math.round(seconds * 100) / 100
    }
    const first = await ready()
    await home.run(['down'])
    const cold = await ready()
    const warm = await ready()
    return [
      { what: '`esa up` ready, first start (creates the database)', value: first, unit: 's' },
      figure('`esa up` ready, database stopped', cold),
      figure('`esa up` ready, database running', warm),
    ]
  } finally {
    await home.remove()
  }
}

function figure(what: string, value: number): Figure {
  return { what, value, unit: 's', aim: { op: '<=', value: 5 } }
}
