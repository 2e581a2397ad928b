import { ORG_CHART } from '@esa/org'
import pg from 'pg'
import { openSmallWorld, type SmallWorld, until } from '@esa/runtime/testing'
import type { BenchServers } from './bench-servers.ts'
import { type Figure, lateFigure, percentile, spread } from './figures.ts'

/** Exchanges at a time, messages of each (a worker refuses more than 32 hops), and rounds of that: as many as there are pairs of agents, and one alone. */
const LOADED = { pairs: 50, hops: 30, rounds: 3 }
const QUIET = { pairs: 1, hops: 30, rounds: 13 }

const LONGEST_MS = 120_000

/** How long a message is on its way between two agents, alone and in load, with the queues on each backend. */
export async function benchHops({ url, redis }: BenchServers): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [queues, redisUrl] of [['PostgreSQL', null] as const, ['Redis', redis?.url ?? null] as const]) {
    if (queues === 'Redis' && redisUrl === null) continue
    const quiet = await exchange(url, redisUrl, QUIET)
    const loaded = await exchange(url, redisUrl, LOADED)
    const p50 = percentile(quiet.hops, 0.5)
    figures.push(
      {
        what: `hop, one exchange alone, queues on ${queues}`,
        value: p50,
        unit: 'ms at p50',
        aim: { op: '<=', value: 20 },
        spread: spread(quiet.hops),
      },
      lateFigure(`hop, ${LOADED.pairs} exchanges at a time, queues on ${queues}`, loaded.hops),
      {
        what: `messages, ${LOADED.pairs} exchanges at a time, queues on ${queues}`,
        value: Math.round(loaded.perSecond),
        unit: '/s',
      },
    )
  }
  return figures
}

async function exchange(
  serverUrl: string,
  redisUrl: string | null,
  { pairs, hops, rounds }: { pairs: number; hops: number; rounds: number },
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
    for (let round = 1; round <= rounds; round++) {
      await start(hops - 1)
      await done(world, pairs * (10 + hops * round))
    }
    const seconds = (performance.now() - began) / 1_000
    return { perSecond: (pairs * hops * rounds) / seconds, hops: await hopTimes(world, nowMs) }
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
