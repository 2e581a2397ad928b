import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { incidentContext } from '@esa/escalation'
import { says } from '../e2e/run-esa.ts'
import { ChaosWorld } from './chaos-world.ts'
import { Driver } from './driver.ts'
import { untilIs } from './lives.ts'
import { TIME_SCALE } from './scenario.ts'
import type { Backend, Servers } from './servers.ts'
import { judge, type Verdict } from './verdict.ts'

/** Every first deadline has passed by then, in the copy as in the original, ms. */
const PAST_DEADLINES_MS = 3_000

const INCIDENTS = 8

/** A copy of a database with open incidents: a worker on it is muted and touches nothing, while the original goes on. */
export async function restoredCopy(servers: Servers, backend: Backend): Promise<Verdict> {
  const world = await ChaosWorld.open({ servers, backend, timeScale: TIME_SCALE, slots: 1 })
  try {
    world.outages.begin()
    const driver = new Driver(world)
    const opened = await Promise.all(
      Array.from({ length: INCIDENTS }, (_, n) => driver.open(`layer-${n + 4}`, 'integration', 'copied')),
    )
    const copy = await copyOf(world)
    const before = await traces(world, copy)
    const muted = world.home.start(['worker'], { ...world.environment(), DATABASE_URL: copy })
    await says(muted, 'MUTED')
    await world.startAll()
    world.outages.end()
    await pause(PAST_DEADLINES_MS)
    const after = await traces(world, copy)
    const gone = once(muted, 'exit')
    muted.kill('SIGKILL')
    await gone
    for (const { id } of opened) {
      await untilIs(driver, id, (state) => incidentContext(state).index > 0)
      await driver.command(id, { type: 'resolve', as: 'operator', cause: 'found' })
    }
    const verdict = await judge(world, driver)
    if (before !== after) verdict.wrong.push(`the muted copy went from ${before} to ${after}`)
    if (!before.startsWith('0 done')) verdict.wrong.push(`the copy was not fresh: ${before}`)
    return verdict
  } finally {
    await world.close()
  }
}

/** A copy as a restore makes it. The original must have no connection for that moment. */
async function copyOf({ servers, url }: ChaosWorld): Promise<string> {
  const { postgres } = servers
  const name = new URL(url).pathname.slice(1)
  await postgres.run(`alter database ${name} allow_connections false`)
  await postgres.run(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
  await postgres.run(`create database ${name}_copy template ${name}`)
  await postgres.run(`alter database ${name} allow_connections true`)
  const copy = new URL(url)
  copy.pathname += '_copy'
  return copy.href
}

/** What a worker leaves where it acts. */
async function traces({ servers }: ChaosWorld, url: string): Promise<string> {
  const [row] = await servers.postgres.run<Record<string, number>>(
    `select (select count(*)::int from esa.messages where done_at is not null) as done,
      (select count(*)::int from esa.activities where fence > 0 or rung_at is not null) as claimed,
      (select count(*)::int from esa.events) as events`,
    url,
  )
  return `${row!['done']} done, ${row!['claimed']} claimed or rung, ${row!['events']} events`
}
