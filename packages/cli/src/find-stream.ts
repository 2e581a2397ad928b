import { requireStream } from '@esa/operations'
import { actorOf, type StreamFile, streamFileOf } from '@esa/operations/views'
import { EsaError, isEsaError } from '@esa/protocol'
import type { LockedActor, Store, StoredEvent } from '@esa/store'
import type { Config } from './config.ts'
import { importedName, importedStream, parseName } from './imported-streams.ts'
import { readingRegistry } from './world.ts'

/** A stream to look back at, of this world or imported. */
export interface FoundStream {
  /** How it is requested. */
  name: string
  file: StreamFile
  events: StoredEvent[]
  /** Null for an imported one whose machine is unknown here. */
  actor: LockedActor | null
  imported: boolean
}

/**
 * The stream of a name: `imported/ID`, or an id of this world, or one that only was imported.
 * @throws EsaError `stream.unknown`, `stream.broken` (terminal).
 */
export async function findStream(
  config: Config,
  store: Store,
  databaseUrl: string,
  name: string,
): Promise<FoundStream> {
  const { id, importedOnly } = parseName(name)
  if (importedOnly) return (await findImported(config, id)) ?? unknownImport(id)
  try {
    const { actor, events } = await requireStream(store, databaseUrl, id)
    return { name, file: streamFileOf(actor, events), events, actor, imported: false }
  } catch (error) {
    const found = isEsaError(error, 'stream.unknown') ? await findImported(config, id) : null
    if (found === null) throw error
    return found
  }
}

/** The actor of a found stream. @throws EsaError `actor.unknown-version` (terminal): without its machine its state is unknown. */
export function requireActor({ actor, file }: FoundStream): LockedActor {
  if (actor !== null) return actor
  throw new EsaError(
    'actor.unknown-version',
    'terminal',
    `this runtime has no machine ${file.type} version ${file.version}, or its events do not follow from it`,
    { hint: `what its log says can be read: esa replay show ${importedName(file.id)}` },
  )
}

async function findImported(config: Config, id: string): Promise<FoundStream | null> {
  const file = await importedStream(config.home, id)
  if (file === null) return null
  const actor = actorOf(readingRegistry(config), file)
  return { name: importedName(id), file, events: file.events, actor, imported: true }
}

function unknownImport(id: string): never {
  throw new EsaError('stream.unknown', 'terminal', `no stream "${id}" was imported`, {
    hint: 'import one with: esa replay import FILE',
  })
}
