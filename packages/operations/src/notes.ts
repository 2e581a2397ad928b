import { type Note, NOTE_TYPE, noteView, parseOpenNote } from '@esa/escalation'
import type { Store } from '@esa/store'
import { requireIncident } from './incidents.ts'
import { requireAgent, type World } from './world.ts'

/** Notes of one incident that are shown: more than that is unreadable. */
const SHOWN_MAX = 200

/** What a caller writes about an incident, in whose name. */
export interface NewNote {
  as: string
  text: string
}

/** Writes a note about an incident, open or not. @throws EsaError `incident.unknown`, `agent.unknown`, `note.invalid`, `auth.*` (terminal). */
export async function writeNote(world: World, incidentId: string, { as, text }: NewNote): Promise<Note> {
  await requireIncident(world.store, incidentId)
  if (as !== 'operator') requireAgent(world, as)
  const by = await world.caller.actAs(as, 'incidents:ack')
  const body = parseOpenNote({ incidentId, as, by, text })
  const { state } = await world.host.open({ type: NOTE_TYPE, key: null, from: 'operator', body })
  return noteView(state)
}

/** The newest notes of an incident, the oldest of them first. */
export async function listNotes(store: Store, incidentId: string): Promise<Note[]> {
  const where = [{ path: ['incidentId'], is: incidentId }]
  const found = await store.actorPage({ type: NOTE_TYPE, where, limit: SHOWN_MAX })
  return found.map(({ state }) => noteView(state)).toReversed()
}
