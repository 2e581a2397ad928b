import { EsaHome } from '../e2e/run-esa.ts'
import type { BenchServers } from './bench-servers.ts'
import type { Figure } from './figures.ts'

/** Simulations of one soak. */
const SEEDS = 4

/** How many times faster than real time a soak goes, by the command that runs one. */
export async function benchSimulator({ note }: Pick<BenchServers, 'note'>): Promise<Figure[]> {
  const home = await EsaHome.create()
  try {
    const soaked = await home.run([
      'simulate',
      '--soak',
      '--seeds',
      String(SEEDS),
      '--minutes',
      '1',
      '--json',
    ])
    if (soaked.code !== 0) throw new Error(`the soak ended with ${soaked.code}: ${soaked.stderr}`)
    const { seeds, speedup, liveMean } = JSON.parse(soaked.stdout) as Record<string, number>
    note(`${seeds} seeds`)
    return [
      {
        what: 'simulator',
        value: Math.round(speedup!),
        unit: 'x real time',
        aim: { op: '>=', value: 20_000 },
      },
      {
        what: 'live incidents in it, mean',
        value: Math.round(liveMean!),
        unit: '',
        aim: { op: '>=', value: 40 },
      },
    ]
  } finally {
    await home.remove()
  }
}
