import { ORG_CHART } from '@esa/org'
import pg from 'pg'
import { openSmallWorld, type SmallWorld } from '../redis/small-world.ts'
import { until } from '../redis/until.ts'
import { percentile, spread } from './figures.ts'

/** Exchanges at a time and messages of each: as many as there are pairs of agents, and one alone. */
const LOADED = { pairs: 50, hops: 80 }
const QUIET = { pairs: 1, hops: 400 }

const LONGEST_MS = 120_000

/** How a worker in this process carries exchanges between agents: each message one transaction and one job. */
export async function benchMessages(serverUrl: string, redisUrl: string | null): Promise<[string, string][]> {
  const quiet = await exchange(serverUrl, redisUrl, QUIET)
  const loaded = await exchange(serverUrl, redisUrl, LOADED)
  return [
    ['hop, one exchange alone', spread(quiet.hops)],
    [`messages/s, ${LOADED.pairs} exchanges at a time`, String(Math.round(loaded.perSecond))],
    [
      'hop in that load',
      `p50 ${Math.round(percentile(loaded.hops, 0.5))} ms, p99 ${Math.round(percentile(loaded.hops, 0.99))} ms`,
    ],
  ]
}

async function exchange(
  serverUrl: string,
  redisUrl: string | null,
  { pairs, hops }: { pairs: number; hops: number },
): Promise<{ perSecond: number; hops: number[] }> {
  const world = await openSmallWorld({ serverUrl, redisUrl })
  try {
    const { host } = await world.startWorker()
    const agents = ORG_CHART.map(({ id }) => id)
    const start = (left: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: pairs }, (_, n) =>
          host.post({ from: agents[2 * n]!, to: agents[2 * n + 1]!, type: 'ping', body: { left } }),
        ),
      )
    // The actors are there, and every connection is open.
    await start(9)
    await done(world, pairs * 10)
    const { nowMs } = await world.store.runtime()
    const began = performance.now()
    await start(hops - 1)
    await done(world, pairs * (10 + hops))
    const seconds = (performance.now() - began) / 1_000
    return { perSecond: (pairs * hops) / seconds, hops: await hopTimes(world, nowMs) }
  } finally {
    await world.close()
  }
}

async function done({ url }: SmallWorld, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const enough = async (): Promise<boolean> => {
    const { rows } = await client.query<{ n: number }>(
      'select count(*)::int as n from esa.messages where done_at is not null',
    )
    return rows[0]!.n >= count
  }
  await until(`${count} messages`, enough, LONGEST_MS)
  await client.end()
}

/** From the transaction that wrote a message to the one that consumed it, by the database's clock, ms. */
async function hopTimes({ url }: SmallWorld, sinceMs: number): Promise<number[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ ms: string }>(
    'select done_at - at as ms from esa.messages where at >= $1',
    [sinceMs],
  )
  await client.end()
  return rows.map(({ ms }) => Number(ms))
}
