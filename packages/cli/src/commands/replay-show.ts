import { INCIDENT_TYPE, incidentView, timeline } from '@esa/escalation'
import { cardFileOf } from '@esa/operations'
import type { LockedActor, Store } from '@esa/store'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { findStream, type FoundStream } from '../find-stream.ts'
import { loadOrg } from '../load-org.ts'
import { lookInStore } from '../store-access.ts'
import { showThread } from './show-thread.ts'
import { timelineText, timelineTitle } from '../timeline-text.ts'

/** Shows a stream: an incident's or an agent's. Reads only, sends nothing. */
export async function showStream(config: Config, id: string): Promise<void> {
  await lookInStore(config, async (store, databaseUrl) => {
    if (
      (await store.readActor(id)) === null &&
      (await loadOrg(config.agents)).directory.get(id) !== undefined
    ) {
      // An agent of the organization has no mailbox before its first message.
      answer(config, { incidentId: id, events: [], head: null }, () => `${id} has had no message yet`)
      return
    }
    if ((await store.readActor(id)) === null && (await showThread(config, store, id))) return
    const found = await findStream(config, store, databaseUrl, id)
    const { file, events } = found
    const shown = { incidentId: file.id, events: timeline(events), head: events.at(-1)?.hash ?? null }
    const text = config.json ? '' : await storyText(config, store, found)
    answer(config, shown, () => text)
  })
}

/** The line over a timeline, and the timeline. */
export async function storyText(
  config: Config,
  store: Store,
  { actor, events, name }: FoundStream,
): Promise<string> {
  const [{ nowMs }, { directory }] = await Promise.all([store.runtime(), loadOrg(config.agents)])
  return [
    titleOf(actor, name, nowMs),
    timelineText(events, actor === null ? null : cardFileOf(directory, actor)),
  ].join('\n')
}

/** The line over a timeline; an imported one says that it is. */
export function titleOf(actor: LockedActor | null, name: string, nowMs: number): string {
  if (actor === null) return colours.bold(name)
  return actor.state.type === INCIDENT_TYPE
    ? timelineTitle({ ...incidentView(actor.state, nowMs), id: name })
    : `${colours.bold(name)}  ${actor.state.status}`
}
