import type { ActorState } from '@esa/actor'
import { type Incident, incidentContext, NOTIFICATION_TYPE } from '@esa/escalation'
import { outletsFor } from './outlets.ts'
import { seatIn } from './seats.ts'
import type { World } from './world.ts'

/**
 * Announces an acknowledgement on the channels of its agent: a pager stops. It is best effort: a process that dies
 * between the acknowledgement and this leaves it untold until the incident is over.
 */
export async function announceAcknowledged(
  world: Pick<World, 'store' | 'host'>,
  state: ActorState,
  { agent, category, level, title, id: incidentId }: Incident,
  by: string,
): Promise<void> {
  const { store, host } = world
  const { notificationRound: visit, addressees } = incidentContext(state)
  const [target = by] = addressees
  const told = { incidentId, visit, announced: 'incident.acknowledged', target, level, category } as const
  const human = seatIn((await store.readActor(target))?.state) === 'human'
  const outlets = await outletsFor(store, told, { human })
  if (outlets.length === 0) return
  const body = { incidentId, agent, category, level, title, visit, acknowledgedBy: by }
  const about = { incidentId, visit, target, announced: told.announced, body, decides: false, outlets }
  await host.open({ type: NOTIFICATION_TYPE, key: null, from: 'operator', body: about })
}
