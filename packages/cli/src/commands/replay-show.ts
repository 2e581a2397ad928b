import { INCIDENT_TYPE, incidentView, timeline } from '@esa/escalation'
import { cardFileOf, requireStream } from '@esa/operations'
import type { LockedActor, Store, StoredEvent } from '@esa/store'
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
