import { INCIDENT_TYPE, timeline, type TimelineEvent } from '@esa/escalation'
import { requireIncident } from '@esa/operations'
import { Sleeper } from '@esa/runtime'
import type { Store, StoredEvent } from '@esa/store'
import type { Config } from '../config.ts'
import { EXIT } from '../exit-codes.ts'
import { answer, note } from '../output.ts'
import { lookInStore } from '../store-access.ts'
import { timelineText } from '../timeline-text.ts'

/** Longest time between two looks, ms: what no notification tells of, behind a pooler, is seen by then. */
const LOOK_EVERY_MS = 1_000

/** Events of one incident that have been shown so far. */
type Shown = Map<string, number>

/**
 * Prints what happens, as it happens: to one incident until it is resolved, or to all that are open until the command is
 * interrupted. Reads only. @throws EsaError `incident.unknown` (terminal).
 */
export async function watchIncidents(config: Config, id: string | undefined): Promise<void> {
  await lookInStore(config, async (store) => {
    if (id !== undefined) await requireIncident(store, id)
    const shown: Shown = new Map()
    const sleeper = new Sleeper()
    const interrupt = (): void => {
      process.exitCode = EXIT.interrupted
      sleeper.stop()
    }
    process.once('SIGINT', interrupt)
    const unlisten = await store.listen(() => sleeper.wake())
    try {
      // Earlier events are shown of the requested incident, and of no other.
      if (id !== undefined) shown.set(id, 0)
      else for (const { id: open, seq } of await store.outlines(INCIDENT_TYPE, [])) shown.set(open, seq)
      if (id === undefined) note('watching every open incident; Ctrl-C ends this')
      while (!sleeper.stopped) {
        await look(config, store, id === undefined ? await moved(store, shown) : [id], shown)
        if (id !== undefined && !shown.has(id)) return
        await sleeper.sleep(LOOK_EVERY_MS)
      }
    } finally {
      process.removeListener('SIGINT', interrupt)
      await unlisten()
    }
  })
}

/** One look at each of these; what has ended is looked at no more. */
async function look(config: Config, store: Store, ids: string[], shown: Shown): Promise<void> {
  for (const id of ids) {
    // The whole stream, because a timeline tells how long after the opening each event came.
    const [events, actor] = [await store.readStream(id), await store.readActor(id)]
    const news = events.filter(({ seq }) => seq > (shown.get(id) ?? 0))
    if (news.length > 0) print(config, id, events, news)
    if (actor?.state.live === true) shown.set(id, events.at(-1)?.seq ?? 0)
    else shown.delete(id)
  }
}

/** Ids of incidents that have moved on since they were shown: the open ones, and those that were open then. */
async function moved(store: Store, shown: Shown): Promise<string[]> {
  const live = await store.outlines(INCIDENT_TYPE, [])
  const open = new Set(live.map(({ id }) => id))
  const ended = [...shown.keys()].filter((id) => !open.has(id))
  return [...live.filter(({ id, seq }) => seq > (shown.get(id) ?? 0)).map(({ id }) => id), ...ended]
}

function print(config: Config, incidentId: string, events: StoredEvent[], news: StoredEvent[]): void {
  const first = news[0]!.seq
  if (config.json) {
    for (const event of timeline(events).filter(({ seq }) => seq >= first))
      answer(config, line(incidentId, event), () => '')
    return
  }
  const rows = timelineText(events, null).split('\n').slice(-news.length)
  answer(config, null, () => rows.map((row) => `${incidentId}  ${row}`).join('\n'))
}

function line(incidentId: string, { sinceMs: _sinceMs, ...event }: TimelineEvent) {
  return { incidentId, ...event }
}
