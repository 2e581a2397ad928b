import { oneOperator } from '@esa/operations/accounts'
import { formatDuration } from '@esa/protocol'
import { openPostgresStore, type SchemaState, type Store } from '@esa/store'
import type { Config } from '../config.ts'
import { describePlace, residenceOf } from '../residence.ts'
import { type Check, checked, skipped } from './check.ts'

/** What is looked at in the runtime's own tables. */
export const RUNTIME_CHECKS = ['residence', 'worker', 'timers', 'messages', 'approvers'] as const

/** A worker that has not been heard of for this long is taken for gone, ms: its beat comes every 2 s. */
const BEAT_STALE_MS = 10_000

/** The promise about a deadline: served at most so late, ms. */
const LATE_MAX_MS = 1_000

/** Overdue deadlines that are counted one by one. */
const DUE_MAX = 1_000

/** What the runtime left in its database: whether it is at home there, who works, and what is late or given up. */
export async function runtimeChecks(config: Config, url: string, state: SchemaState): Promise<Check[]> {
  if (state !== 'current') return skipped(RUNTIME_CHECKS, `the schema is ${state}`)
  const store = await openPostgresStore({ url, max: 2 })
  try {
    return await Promise.all([
      checked('residence', () => atHome(config, url)),
      checked('worker', () => worker(store)),
      checked('timers', () => timers(store)),
      checked('messages', () => messages(store)),
      checked('approvers', () => approvers(store)),
    ])
  } finally {
    await store.close()
  }
}

async function atHome(config: Config, url: string): Promise<Omit<Check, 'name'>> {
  const { atHome: is, here, places } = await residenceOf(config, url)
  if (is) return { status: 'ok', message: `the runtime is at home in ${describePlace(here)}` }
  if (places.length === 0) return { status: 'ok', message: 'no worker has been here yet' }
  const message = `this is ${describePlace(here)}, a copy; the runtime is at home in ${places.map(describePlace).join(', ')} and muted here`
  return { status: 'error', message, fix: 'when the original is gone: esa adopt' }
}

async function worker(store: Store): Promise<Omit<Check, 'name'>> {
  const [{ nowMs }, beats] = await Promise.all([store.runtime(), store.workers()])
  const ages = beats.map(({ beatAt }) => nowMs - beatAt).filter((age) => age <= BEAT_STALE_MS)
  if (ages.length > 0) {
    const message = `${ages.length} at work, heard ${formatDuration(Math.max(0, ...ages))} ago`
    return { status: 'ok', message }
  }
  const message = 'none is at work: nothing is delivered, and no deadline is served'
  return { status: 'warning', message, fix: 'start one with: esa up' }
}

async function timers(store: Store): Promise<Omit<Check, 'name'>> {
  const { ids, nowMs } = await store.due(DUE_MAX)
  const actors = ids.length === 0 ? [] : await store.listActors({ ids })
  const late = actors.flatMap(({ state: { timer } }) => (timer === null ? [] : [nowMs - timer.dueAt]))
  const worst = Math.max(0, ...late)
  if (worst <= LATE_MAX_MS) return { status: 'ok', message: 'no deadline is overdue' }
  const message = `${late.length} deadlines are overdue, the longest by ${formatDuration(worst)}`
  const fix = 'start a worker with esa up; if one is at work, its log (ESA_LOG=info) says why'
  return { status: 'error', message, fix }
}

async function messages(store: Store): Promise<Omit<Check, 'name'>> {
  const { messages: open, activities, dead } = await store.backlog()
  const message = `${open} messages and ${activities} activities wait, ${dead} messages were given up`
  if (dead === 0) return { status: 'ok', message }
  const fix =
    'look at them: select id, type, to_actor, dead_code from esa.messages where dead_code is not null'
  return { status: 'warning', message, fix }
}

async function approvers(store: Store): Promise<Omit<Check, 'name'>> {
  const operator = await oneOperator(store)
  if (operator === null) return { status: 'ok', message: 'what may lose data takes two persons' }
  return {
    status: 'warning',
    message: `one operator: ${operator.name} approves alone what may lose data`,
    fix: 'give a second person an account: esa accounts add NAME; or: esa login --no-single-operator',
  }
}
