import { timeline } from '@esa/escalation'
import { cardFileOf } from '@esa/operations'
import { EsaError } from '@esa/protocol'
import { Sleeper } from '@esa/runtime'
import type { Config } from '../config.ts'
import { EXIT } from '../exit-codes.ts'
import { findStream } from '../find-stream.ts'
import { loadOrg } from '../load-org.ts'
import { answer, note } from '../output.ts'
import { lookInStore } from '../store-access.ts'
import { timelineText } from '../timeline-text.ts'
import { titleOf } from './replay-show.ts'

/** How long a replay takes when no speed was given, ms: long enough to read along. */
const WHOLE_MS = 20_000

/**
 * Shows a stream event by event, with the pauses that were between them divided by the speed. Reads only, sends nothing.
 * With `--json` the document comes at its end. @throws EsaError `usage.speed`, `stream.unknown` (terminal).
 */
export async function playStream(config: Config, name: string, flags: { speed?: string }): Promise<void> {
  const asked = flags.speed === undefined ? null : Number(flags.speed)
  if (asked !== null && !(asked > 0)) {
    throw new EsaError('usage.speed', 'terminal', `--speed ${flags.speed} is not a speed`, {
      hint: 'how many times faster than life, like 60',
    })
  }
  await lookInStore(config, async (store, databaseUrl) => {
    const found = await findStream(config, store, databaseUrl, name)
    const { actor, events, file } = found
    const story = timeline(events)
    const speed = asked ?? Math.max(1, Math.ceil((story.at(-1)?.sinceMs ?? 0) / WHOLE_MS))
    const [{ nowMs }, { directory }] = await Promise.all([store.runtime(), loadOrg(config.agents)])
    const rows = timelineText(events, actor === null ? null : cardFileOf(directory, actor)).split('\n')
    note(`replay at ${speed}x: reads only, sends nothing; Ctrl-C ends it`)
    if (!config.json) answer(config, null, () => titleOf(actor, found.name, nowMs))
    const played = await inTime(
      story.map(({ sinceMs }) => sinceMs / speed),
      (index) => config.json || answer(config, null, () => rows[index] ?? ''),
    )
    if (played < story.length) process.exitCode = EXIT.interrupted
    if (config.json)
      answer(
        config,
        { incidentId: file.id, speed, events: story.slice(0, played), head: file.head },
        () => '',
      )
  })
}

/** Calls `show` for each instant, ms from now; how many came before an interrupt. */
async function inTime(instants: number[], show: (index: number) => void): Promise<number> {
  const sleeper = new Sleeper()
  const interrupt = (): void => sleeper.stop()
  process.once('SIGINT', interrupt)
  const began = performance.now()
  try {
    for (const [index, at] of instants.entries()) {
      await sleeper.sleep(at - (performance.now() - began))
      if (sleeper.stopped) return index
      show(index)
    }
    return instants.length
  } finally {
    process.removeListener('SIGINT', interrupt)
  }
}
