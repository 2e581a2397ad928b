import { requireStream } from './streams.ts'
import { type Fault, verifyStream } from './verify-stream.ts'
import type { World } from './world.ts'

/** What a check of one stream found, for every edge. */
export interface VerifiedStream {
  id: string
  seq: number
  /** The last hash of its chain: kept outside the database, it shows what was rewritten since. */
  head: string
  /** `unchecked`: this runtime does not know the version of the machine that wrote it. */
  replay: 'identical' | 'unchecked' | 'diverged'
  chain: 'unbroken' | 'broken'
  faults: Fault[]
}

/** Runs a stream's recorded inputs again and walks its hash chain; sends nothing. @throws EsaError `stream.unknown` (terminal). */
export async function verifyOne(
  { store, registry, databaseUrl }: Pick<World, 'store' | 'registry' | 'databaseUrl'>,
  id: string,
): Promise<VerifiedStream> {
  const { actor, events } = await requireStream(store, databaseUrl, id)
  const { replay, chain } = verifyStream(registry, actor, events)
  const faults = [replay, chain].filter((found) => typeof found !== 'string')
  return {
    id,
    seq: actor.state.seq,
    head: actor.head,
    replay: typeof replay === 'string' ? replay : 'diverged',
    chain: typeof chain === 'string' ? chain : 'broken',
    faults,
  }
}
