import { type ActorState, replay } from '@esa/actor'
import { INCIDENT_TYPE, incidentContext } from '@esa/escalation'
import { EsaError } from '@esa/protocol'
import { type LockedActor, recordedSteps } from '@esa/store'
import type { OrgSources } from './agent-states.ts'
import { contextOf, mailboxes } from './mailboxes.ts'
import type { World } from './world.ts'

/** Logs that are run again for one look into the past: each takes a read and some ms of the server's time. */
const REPLAYED_MAX = 2_000

type Past = Pick<World, 'store' | 'registry' | 'behaviors'>

/**
 * What the agents and the open incidents were at an instant, ms: the recorded inputs up to then, run again by the machines that they
 * were recorded with. Reads only. @throws EsaError `usage.at` (terminal) where that would take too much.
 */
export async function pastSources(world: Past, at: number): Promise<OrgSources> {
  const [boxes, incidents] = await Promise.all([
    mailboxes(world),
    world.store.listActors({ type: INCIDENT_TYPE }),
  ])
  // What had ended by then was not open then.
  const concerned = incidents.filter(({ state }) => state.live || state.at > at)
  const moved = [...boxes, ...concerned].filter(({ state }) => state.at > at).length
  if (moved > REPLAYED_MAX) {
    const message = `${moved} logs would have to be run again for that instant, and at most ${REPLAYED_MAX} are`
    throw new EsaError('usage.at', 'terminal', message, { hint: 'choose a later one' })
  }
  const open = (await statesAt(world, concerned, at)).filter(({ live }) => live)
  return {
    boxes: new Map(
      (await statesAt(world, boxes, at)).map((state) => [
        state.id,
        { context: contextOf({ state }), status: state.status, at: state.at },
      ]),
    ),
    incidents: open.map((state) => {
      const { policy, addressees, acknowledgedBy: heldBy } = incidentContext(state)
      return { id: state.id, agent: policy.agent, addressees, heldBy }
    }),
  }
}

/** Those that had begun by then, one after the other: a view of the past must not slow the present. */
async function statesAt(world: Past, actors: LockedActor[], at: number): Promise<ActorState[]> {
  const states: ActorState[] = []
  for (const actor of actors) {
    const state = await stateAt(world, actor, at)
    if (state !== null) states.push(state)
  }
  return states
}

/** Null before it began, and where this runtime no longer knows its machine. */
async function stateAt(
  { store, registry }: Past,
  { state }: LockedActor,
  at: number,
): Promise<ActorState | null> {
  if (state.at <= at) return state
  const definition = registry.find(state.type, state.version)
  // All events of a step have one instant: none is cut through.
  const events = (await store.readStream(state.id)).filter((event) => event.at <= at)
  if (definition === null || events.length === 0) return null
  const replayed = replay(definition, recordedSteps(events))
  return replayed.identical ? replayed.state : null
}
