import { createReadStream, existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { readStreams, type StreamFile, writeStream } from '@esa/operations/views'
import { EsaError } from '@esa/protocol'

/** The prefix of an imported stream's id, as the runtime may have one of the same id. */
const NAMESPACE = 'imported/'

/** The name by which an imported stream is found in any case. */
export function importedName(id: string): string {
  return `${NAMESPACE}${id}`
}

/** Where a name leads: to imports alone, or to this world's streams first. */
export function parseName(name: string): { id: string; importedOnly: boolean } {
  const importedOnly = name.startsWith(NAMESPACE)
  return { id: importedOnly ? name.slice(NAMESPACE.length) : name, importedOnly }
}

/** The streams of a file, one after another. @throws EsaError `file.unreadable`, `stream.unreadable`, `stream.broken` (terminal). */
export async function* streamsOf(file: string): AsyncGenerator<StreamFile> {
  const input = createReadStream(file)
  try {
    yield* readStreams(createInterface({ input, crlfDelay: Infinity }))
  } catch (cause) {
    if (cause instanceof EsaError) throw cause
    throw new EsaError('file.unreadable', 'terminal', `cannot read ${file}`, {
      cause,
      hint: 'check the path and its rights',
    })
  } finally {
    input.destroy()
  }
}

/**
 * Keeps a stream in the home, where nothing acts on it: no timer, no worker, no command. One that was imported before may
 * only have grown. @throws EsaError `stream.differs`, `file.unwritable` (terminal).
 */
export async function keepImported(home: string, file: StreamFile): Promise<void> {
  const before = await importedStream(home, file.id)
  if (before !== null) {
    const common = Math.min(before.events.length, file.events.length) - 1
    if (before.events[common]?.hash !== file.events[common]?.hash) throw differs(file.id)
    if (before.events.length > file.events.length) return
  }
  const kept = pathOf(home, file.id)
  try {
    await mkdir(folderOf(home), { recursive: true, mode: 0o700 })
    // A process that dies halfway leaves what was there.
    await writeFile(`${kept}.new`, writeStream(file), { mode: 0o600 })
    await rename(`${kept}.new`, kept)
  } catch (cause) {
    throw new EsaError('file.unwritable', 'terminal', `cannot write ${kept}`, {
      cause,
      hint: 'check that the home may be written and has space left',
    })
  }
}

/** A stream that was imported, or null. @throws EsaError `stream.broken` (terminal) when its file was changed since. */
export async function importedStream(home: string, id: string): Promise<StreamFile | null> {
  if (!/^[\w-]+$/.test(id)) return null
  if (!existsSync(pathOf(home, id))) return null
  for await (const stream of streamsOf(pathOf(home, id))) return stream
  return null
}

function folderOf(home: string): string {
  return join(home, 'imported')
}

function pathOf(home: string, id: string): string {
  return join(folderOf(home), `${id}.jsonl`)
}

function differs(id: string): EsaError {
  return new EsaError('stream.differs', 'terminal', `another history of ${id} was imported before`, {
    details: { id },
    hint: `look at both: esa replay show ${importedName(id)}, and import this one into another --home`,
  })
}
