import { EsaError } from '@esa/protocol'
import type { LockedActor, Store, StoredEvent } from '@esa/store'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { loadOrg } from '../load-org.ts'
import { postMortem } from '../post-mortem.ts'
import { inStore } from '../store-access.ts'
import { cardFileOf, requireStream } from './replay-show.ts'
import { writeText } from './replay-verify.ts'

/** Exports a stream: `jsonl` for machines, one stored event a line behind a header; `md` for people, a post-mortem. */
export async function exportStream(
  config: Config,
  id: string,
  { format, output }: { format: string; output?: string },
): Promise<void> {
  if (format !== 'jsonl' && format !== 'md') {
    throw new EsaError('usage.format', 'terminal', `"${format}" is no format of an export`, {
      hint: '--format jsonl or --format md',
    })
  }
  await inStore(config, async (store, databaseUrl) => {
    const { actor, events } = await requireStream(store, databaseUrl, id)
    const content = format === 'md' ? await markdown(config, store, actor, events) : jsonl(actor, events)
    if (output === undefined) {
      answer(config, { id, format, events: events.length, content }, () => content.trimEnd())
      return
    }
    await writeText(output, content)
    answer(
      config,
      { id, format, events: events.length, file: output },
      () => `${events.length} events of ${id} in ${output}`,
    )
  })
}

/** The header says which machine wrote the stream; the events carry inputs and hashes, so that both can be checked again. */
function jsonl({ state: { id, type, version } }: LockedActor, events: StoredEvent[]): string {
  const header = { format: 'esa.stream', formatVersion: 1, id, type, version, head: events.at(-1)?.hash }
  return [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join('')
}

async function markdown(
  config: Config,
  store: Store,
  actor: LockedActor,
  events: StoredEvent[],
): Promise<string> {
  const [{ nowMs }, { directory }] = await Promise.all([store.runtime(), loadOrg(config.agents)])
  return postMortem(actor, events, { nowMs, cardFile: cardFileOf(directory, actor) })
}
