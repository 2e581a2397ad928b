import { formatStream, listNotes } from '@esa/operations'
import { writeStream } from '@esa/operations/views'
import { EsaError } from '@esa/protocol'
import type { Store } from '@esa/store'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { loadOrg } from '../load-org.ts'
import { lookInStore } from '../store-access.ts'
import { findStream, type FoundStream, requireActor } from '../find-stream.ts'
import { writeText } from './replay-verify.ts'

/** Exports a stream: `jsonl` for machines, one stored event a line behind a header; `md` for people, a post-mortem. */
export async function exportStream(
  config: Config,
  id: string,
  { format, output }: { format: string; output?: string },
): Promise<void> {
  if (format !== 'jsonl' && format !== 'md') {
    throw new EsaError('usage.format', 'terminal', `"${format}" is not an export format`, {
      hint: '--format jsonl or --format md',
    })
  }
  await lookInStore(config, async (store, databaseUrl) => {
    const found = await findStream(config, store, databaseUrl, id)
    const content = format === 'jsonl' ? writeStream(found.file) : await postMortem(config, store, found)
    const events = found.events.length
    if (output === undefined) {
      answer(config, { id, format, events, content }, () => content.trimEnd())
      return
    }
    await writeText(output, content)
    answer(config, { id, format, events, file: output }, () => `${events} events of ${id} in ${output}`)
  })
}

async function postMortem(config: Config, store: Store, found: FoundStream): Promise<string> {
  const [{ nowMs }, { directory }, notes] = await Promise.all([
    store.runtime(),
    loadOrg(config.agents),
    found.imported ? [] : listNotes(store, found.file.id),
  ])
  return formatStream(requireActor(found), found.events, 'md', { nowMs, directory, notes })
}
