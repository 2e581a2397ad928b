import { INCIDENT_TYPE, incidentContext, incidentView, timeline } from '@esa/escalation'
import { EsaError } from '@esa/protocol'
import type { LockedActor, StoredEvent } from '@esa/store'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { timelineText, timelineTitle } from '../timeline-text.ts'
import { inWorld, type World } from '../world.ts'

/** Shows a stream: an incident's or an agent's. Reads only, sends nothing. */
export async function showStream(config: Config, id: string): Promise<void> {
  await inWorld(config, async (world) => {
    if (isSilentAgent(world, id, await world.store.readActor(id))) {
      answer(config, { incidentId: id, events: [], head: null }, () => `${id} has not been told anything yet`)
      return
    }
    const { actor, events } = await requireStream(world, id)
    const shown = { incidentId: id, events: timeline(events), head: events.at(-1)?.hash ?? null }
    const { nowMs } = await world.store.runtime()
    answer(config, shown, () =>
      [
        actor.state.type === INCIDENT_TYPE
          ? timelineTitle(incidentView(actor.state, nowMs))
          : `${colours.bold(id)}  ${actor.state.status}`,
        timelineText(events, cardFileOf(world, actor)),
      ].join('\n'),
    )
  })
}

/** An actor and its events. @throws EsaError `stream.unknown` (terminal). */
export async function requireStream(
  { store }: World,
  id: string,
): Promise<{ actor: LockedActor; events: StoredEvent[] }> {
  const actor = await store.readActor(id)
  if (actor !== null) return { actor, events: await store.readStream(id) }
  throw new EsaError('stream.unknown', 'terminal', `there is no incident or agent with events "${id}"`, {
    hint: 'list incidents with: esa incidents ls',
  })
}

/** The card that an incident's ladder was read from, or null when it reads differently by now. */
export function cardFileOf({ directory }: World, { state }: LockedActor): string | null {
  if (state.type !== INCIDENT_TYPE) return null
  const { policy } = incidentContext(state)
  const card = directory.get(policy.agent)?.card ?? null
  return card?.cardHash === policy.cardHash ? card.file : null
}

/** An agent of the organisation whose mailbox does not exist before its first message. */
function isSilentAgent({ directory }: World, id: string, actor: LockedActor | null): boolean {
  return actor === null && directory.get(id) !== undefined
}
