import { setTimeout as pause } from 'node:timers/promises'
import { type ActorState, step, type StepInput } from '@esa/actor'
import { incidentDefinition, INCIDENT_TYPE } from '@esa/escalation'
import { newId } from '@esa/protocol'
import { ChaosWorld } from './chaos-world.ts'
import type { Backend, Servers } from './servers.ts'

/** Actors that one transaction writes while the herd is set up. */
const BATCH = 500

/** The herd's common deadline is so far off that it can be set up before, in ms for each incident of it. */
const SET_UP_MS_EACH = 0.6

/** And at least so far, ms. */
const SET_UP_MS_LEAST = 6_000

/** The card's wait at the first level, ms. Source: layer-9's card. */
const FIRST_WAIT_MS = 30 * 60_000

/** A herd must have been served by then, in ms for each incident of it, and at least as long as below. */
const SERVED_MS_EACH = 2

const SERVED_MS_LEAST = 30_000

/** What became of a herd; lateness in ms from the common deadline, or from healing. */
export interface HerdFound {
  deadlines: number
  served: number
  twice: number
  early: number
  p50: number
  p99: number
  max: number
}

/**
 * So many incidents with one and the same deadline, written as their opening steps write them but without the notices of
 * the opening; then `workers` that live through it, or, after an outage, come back when it has passed.
 */
export async function herd(
  servers: Servers,
  backend: Backend,
  deadlines: number,
  afterOutage: boolean,
): Promise<HerdFound> {
  const setUpMs = Math.max(SET_UP_MS_LEAST, deadlines * SET_UP_MS_EACH)
  const timeScale = FIRST_WAIT_MS / setUpMs
  const world = await ChaosWorld.open({ servers, backend, timeScale, slots: 2 })
  try {
    const { nowMs } = await world.store.runtime()
    const dueAt = await open(world, deadlines, nowMs)
    if (!afterOutage) await world.startAll()
    await pause(Math.max(0, dueAt - Date.now()))
    if (Date.now() > dueAt + setUpMs) throw new Error('the herd was not set up before its deadline')
    world.outages.begin()
    if (afterOutage) await world.startAll()
    world.outages.end()
    const healedAt = afterOutage ? Date.now() : dueAt
    return await outcome(world, deadlines, dueAt, healedAt)
  } finally {
    await world.close()
  }
}

/** Opens the herd; answers with its deadline. */
async function open(world: ChaosWorld, deadlines: number, at: number): Promise<number> {
  const definition = incidentDefinition({ timeScale: world.timeScale })
  const pattern = await firstInput(world)
  let dueAt = 0
  const one = (): { state: ActorState; input: StepInput; events: ReturnType<typeof step>['events'] } => {
    const id = newId(at, Math.random)
    const input: StepInput = { ...pattern, id }
    const { state, events } = step(definition, null, input, { at, unreachable: [] })
    dueAt = state.timer!.dueAt
    return { state, input, events }
  }
  for (let done = 0; done < deadlines; done += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, deadlines - done) }, one)
    await world.store.transact((tx) =>
      tx.write({
        at,
        actors: batch.map(({ state, input, events }) => ({
          locked: null,
          key: null,
          state,
          steps: [{ input, env: { at, unreachable: [] }, events }],
        })),
        messages: [],
        activities: [],
        doneMessages: [],
        rung: true,
      }),
    )
  }
  return dueAt
}

/** What an incident starts from that was opened as any is; it is closed again. */
async function firstInput({ host, store }: ChaosWorld): Promise<StepInput> {
  const body = { agent: 'layer-9', category: 'integration', title: 'one of a herd', by: 'chaos' }
  const { state } = await host.open({ type: INCIDENT_TYPE, key: null, from: 'operator', body })
  const [first] = await store.readStream(state.id)
  await host.command(state.id, { type: 'withdraw', as: 'operator' })
  if (first === undefined || first.input === null) throw new Error('an incident without a first input')
  return first.input
}

type Row = { served: number; twice: number; early: number; p50: number; p99: number; max: number }

/** Waits until all are served, and asks the log how. */
async function outcome(
  world: ChaosWorld,
  deadlines: number,
  dueAt: number,
  healedAt: number,
): Promise<HerdFound> {
  const sql = `with climbs as (
      select e.stream, min(e.at) as at, count(*) as n from esa.events e join esa.actors a on a.id = e.stream
      where a.type = '${INCIDENT_TYPE}' and e.type = 'incident.escalated' and e.level = 'chief' group by 1)
    select count(*)::int as served, count(*) filter (where n > 1)::int as twice,
      count(*) filter (where at <= ${dueAt})::int as early,
      coalesce(percentile_disc(0.5) within group (order by at) - ${healedAt}, 0)::int as p50,
      coalesce(percentile_disc(0.99) within group (order by at) - ${healedAt}, 0)::int as p99,
      coalesce(max(at) - ${healedAt}, 0)::int as max from climbs`
  const giveUpAt = performance.now() + Math.max(SERVED_MS_LEAST, deadlines * SERVED_MS_EACH)
  for (;;) {
    const [row] = await world.servers.postgres.run<Row>(sql, world.url)
    if (row!.served === deadlines || performance.now() > giveUpAt) return { deadlines, ...row! }
    await pause(500)
  }
}
