import { INCIDENT_TYPE, incidentContext, type Note } from '@esa/escalation'
import type { Directory } from '@esa/org'
import { EsaError, isoTime } from '@esa/protocol'
import { type LockedActor, type RetiredHead, retiredHead, type Store, type StoredEvent } from '@esa/store'
import { listNotes } from './notes.ts'
import { postMortem } from './post-mortem.ts'
import { streamFileOf, writeStream } from './stream-file.ts'
import type { World } from './world.ts'

/** An actor and its events. @throws EsaError `stream.unknown` (terminal), which says where to look for a retired one. */
export async function requireStream(
  store: Store,
  databaseUrl: string,
  id: string,
): Promise<{ actor: LockedActor; events: StoredEvent[] }> {
  const actor = await store.readActor(id)
  if (actor !== null) return { actor, events: await store.readStream(id) }
  const retired = await retiredHead(databaseUrl, id)
  if (retired !== null) throw goneToFile(id, retired)
  throw new EsaError('stream.unknown', 'terminal', `there is no incident or agent with events "${id}"`, {
    hint: 'list incidents with: esa incidents ls',
  })
}

function goneToFile(id: string, { seq, hash, at }: RetiredHead & { at: number }): EsaError {
  const when = isoTime(at)
  const message = `${id} was moved out of the database by esa retain at ${when}: ${seq} events; only the last hash is here`
  return new EsaError('stream.unknown', 'terminal', message, {
    details: { retiredAt: when, seq, hash },
    hint: 'to look at it again, import the file that esa retain wrote then: esa replay import FILE',
  })
}

/** The card that an incident's ladder was read from, or null when it reads differently by now. */
export function cardFileOf(directory: Directory, { state }: LockedActor): string | null {
  if (state.type !== INCIDENT_TYPE) return null
  const { policy } = incidentContext(state)
  const card = directory.get(policy.agent)?.card ?? null
  return card?.cardHash === policy.cardHash ? card.file : null
}

/** How a stream is written: for machines, with inputs and hashes so that both can be checked again; for people, a post-mortem. */
export type ExportFormat = 'jsonl' | 'md'

/** A stream of this world in a file's words. @throws EsaError `stream.unknown` (terminal). */
export async function exportStream(
  { store, databaseUrl, directory }: Pick<World, 'store' | 'databaseUrl' | 'directory'>,
  id: string,
  format: ExportFormat,
): Promise<{ events: number; content: string }> {
  const { actor, events } = await requireStream(store, databaseUrl, id)
  const [{ nowMs }, notes] = await Promise.all([store.runtime(), listNotes(store, id)])
  const content = formatStream(actor, events, format, { nowMs, directory, notes })
  return { events: events.length, content }
}

/** A stream in a file's words, wherever it came from. */
export function formatStream(
  actor: LockedActor,
  events: StoredEvent[],
  format: ExportFormat,
  { nowMs, directory, notes }: { nowMs: number; directory: Directory; notes: Note[] },
): string {
  return format === 'md'
    ? postMortem(actor, events, { nowMs, notes, cardFile: cardFileOf(directory, actor) })
    : writeStream(streamFileOf(actor, events))
}
