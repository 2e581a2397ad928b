import { INCIDENT_TYPE, incidentContext, incidentView, timeline } from '@esa/escalation'
import { EsaError, isoTime } from '@esa/protocol'
import type { Directory } from '@esa/org'
import { type LockedActor, type RetiredHead, retiredHead, type Store, type StoredEvent } from '@esa/store'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { loadOrg } from '../load-org.ts'
import { inStore } from '../store-access.ts'
import { showThread } from './show-thread.ts'
import { timelineText, timelineTitle } from '../timeline-text.ts'

/** Shows a stream: an incident's or an agent's. Reads only, sends nothing. */
export async function showStream(config: Config, id: string): Promise<void> {
  await inStore(config, async (store, databaseUrl) => {
    if (
      (await store.readActor(id)) === null &&
      (await loadOrg(config.agents)).directory.get(id) !== undefined
    ) {
      // An agent of the organisation has no mailbox before its first message.
      answer(config, { incidentId: id, events: [], head: null }, () => `${id} has not been told anything yet`)
      return
    }
    if ((await store.readActor(id)) === null && (await showThread(config, store, id))) return
    const { actor, events } = await requireStream(store, databaseUrl, id)
    const shown = { incidentId: id, events: timeline(events), head: events.at(-1)?.hash ?? null }
    const text = config.json ? '' : await storyText(config, store, actor, events)
    answer(config, shown, () => text)
  })
}

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
  const message = `${id} was moved out of the database by esa retain at ${when}: ${seq} events, of which only the last hash is here`
  return new EsaError('stream.unknown', 'terminal', message, {
    details: { retiredAt: when, seq, hash },
    hint: `look into the file that esa retain wrote then, one event a line; the last has the hash ${hash}: grep '"stream":"${id}"' FILE.jsonl`,
  })
}

/** The card that an incident's ladder was read from, or null when it reads differently by now. */
export function cardFileOf(directory: Directory, { state }: LockedActor): string | null {
  if (state.type !== INCIDENT_TYPE) return null
  const { policy } = incidentContext(state)
  const card = directory.get(policy.agent)?.card ?? null
  return card?.cardHash === policy.cardHash ? card.file : null
}

async function storyText(
  config: Config,
  store: Store,
  actor: LockedActor,
  events: StoredEvent[],
): Promise<string> {
  const [{ nowMs }, { directory }] = await Promise.all([store.runtime(), loadOrg(config.agents)])
  const title =
    actor.state.type === INCIDENT_TYPE
      ? timelineTitle(incidentView(actor.state, nowMs))
      : `${colours.bold(actor.state.id)}  ${actor.state.status}`
  return [title, timelineText(events, cardFileOf(directory, actor))].join('\n')
}
