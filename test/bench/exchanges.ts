import type { BenchServers } from './bench-servers.ts'
import { bullmqExchanges } from './bullmq-exchange.ts'
import { dbosExchanges } from './dbos-exchange.ts'
import { esaExchanges } from './esa-exchange.ts'
import { driveExchanges, type ExchangeDriver } from './exchange-drivers.ts'
import type { Figure } from './figures.ts'

/** One exchange after the other, and as many at a time as there are pairs of agents. */
const ALONE = { count: 500, atOnce: 1, warmUp: 50 }
const LOADED = { count: 2_000, atOnce: 50, warmUp: 500 }

/** What the runtime's exchanges cost against those of BullMQ and of DBOS on the very same servers. */
export async function benchExchanges({ url, redis, note }: BenchServers): Promise<Figure[]> {
  const measure = async (
    who: string,
    open: () => Promise<ExchangeDriver>,
  ): Promise<{ alone: number; loaded: number }> => {
    const driver = await open()
    try {
      const alone = await driveExchanges(driver, ALONE)
      const loaded = await driveExchanges(driver, LOADED)
      note(
        `${who}: ${Math.round(alone)} exchanges/s one by one, ${Math.round(loaded)} with ${LOADED.atOnce} at once`,
      )
      return { alone, loaded }
    } finally {
      await driver.close()
    }
  }
  const dbos = await measure('DBOS', () => dbosExchanges(url, `dbos_${process.pid}`))
  const onPostgres = await measure('ESA, queues on PostgreSQL', () => esaExchanges(url, null))
  const figures = [
    rate('ESA on PostgreSQL alone', onPostgres.loaded),
    rate('DBOS on the same PostgreSQL', dbos.loaded),
    ratio('ESA to DBOS', onPostgres.loaded / dbos.loaded, 1),
    ratio('ESA to DBOS, one exchange at a time', onPostgres.alone / dbos.alone),
  ]
  if (redis === null) return figures
  const raw = await measure('BullMQ', () => bullmqExchanges(redis.url, LOADED.atOnce))
  const onRedis = await measure('ESA, queues on Redis', () => esaExchanges(url, redis.url))
  return [
    ...figures,
    rate('ESA with queues on Redis', onRedis.loaded),
    rate('BullMQ alone on the same Redis', raw.loaded),
    ratio('ESA to BullMQ, batched', onRedis.loaded / raw.loaded, 0.5),
    rate('ESA with queues on Redis, one at a time', onRedis.alone),
    rate('BullMQ alone, one at a time', raw.alone),
    ratio('ESA to BullMQ, one at a time', onRedis.alone / raw.alone, 0.25),
    ratio('ESA with queues on Redis to DBOS', onRedis.loaded / dbos.loaded, 1),
  ]
}

function rate(what: string, value: number): Figure {
  return { what, value: Math.round(value), unit: 'exchanges/s' }
}

function ratio(what: string, value: number, atLeast?: number): Figure {
  const figure = { what, value: Math.round(value * 100) / 100, unit: 'x' }
  return atLeast === undefined ? figure : { ...figure, aim: { op: '>=', value: atLeast } }
}
