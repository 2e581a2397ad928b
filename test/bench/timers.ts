import pg from 'pg'
import { SCRIPTED } from '../redis/scripted-agent.ts'
import { openSmallWorld } from '../redis/small-world.ts'
import { until } from '../redis/until.ts'
import { spread } from './figures.ts'

/** How late so many deadlines of one and the same ms are served by one worker. */
export async function benchTimers(
  serverUrl: string,
  redisUrl: string | null,
  count: number,
): Promise<[string, string][]> {
  const world = await openSmallWorld({ serverUrl, redisUrl })
  try {
    for (let n = 0; n < count; n++) {
      const { state } = await world.sender.open({ type: SCRIPTED, key: null, from: 'layer-1', body: {} })
      await world.sender.command(state.id, { type: 'arm', waitMs: 3_600_000 })
    }
    await world.startWorker()
    const client = new pg.Client({ connectionString: world.url })
    await client.connect()
    // All at one instant, which commands one after the other cannot arm.
    await client.query(
      'update esa.actors set due_at = floor(extract(epoch from clock_timestamp()) * 1000)::bigint + 1500 where due_at is not null',
    )
    await client.end()
    const late = await until(
      `${count} deadlines`,
      async () => {
        const served = await world.store.lateness(0)
        return served.length === count && served
      },
      60_000,
    )
    return [[`lateness of ${count} deadlines of one ms`, spread(late)]]
  } finally {
    await world.close()
  }
}
