import { retiredHeads } from '@esa/store'
import {
  SEALED_TABLES,
  type SealedLog,
  type StreamEnd,
  type Witness,
  withSealedLog,
} from '@esa/store/sealed-log'
import { chainPositions, publicKeyOf } from './seal.ts'
import { type Sealed, type SealBook, type SealedRuntime, type SealFault, SEALS } from './seal-book.ts'
import type { SealFile } from './seal-file.ts'
import { compareRow } from './sealed-rows.ts'

/** Where a check is made: a home's seals, and the database that they should be true of. */
export interface SealedPlace {
  file: SealFile
  databaseUrl: string
  /** The home, as the database remembers it. */
  home: string
  /** Where the database is, as seals name it. */
  place: string
}

/** What a check found. `ahead` are streams that were not sealed yet as far as they go now. */
export interface SealCheck {
  /** Streams, tokens and accounts that were compared. */
  checked: number
  broken: SealFault[]
  lastAt: string | null
  ahead: string[]
}

/** The database may be one seal behind: it remembers a seal after the file has it. */
const BEHIND_MAX = 1

/**
 * Compares a database with the seals of a home: where every stream ends, every token and every account. It reads no event but the last of a
 * stream and the one that was sealed. Null when this home never sealed this database. Nothing is written.
 */
export async function checkSeals(at: SealedPlace): Promise<SealCheck | null> {
  return await withSealedLog(at.databaseUrl, async (log) => {
    const { book, witness } = await bothOf(at, log)
    const runtimeId = await log.runtimeId()
    const pem = await at.file.privateKey().catch(() => null)
    if (book.last === null && witness === null && book.faults.length === 0 && pem === null) return null
    const faults = [...book.faults, ...(await faultsOfSeals(at.file, book, witness, runtimeId))]
    const sealed = book.of(runtimeId)
    const other = book.runtimeAt(at.place)
    if (other !== null && other !== runtimeId) {
      const why = `the database names itself runtime ${runtimeId}, and was sealed as ${other}`
      faults.push({ id: SEALS, seq: book.last?.n ?? 0, why })
    }
    const compared =
      sealed === null ? { checked: 0, broken: [], ahead: [] } : await compareAll(at, log, runtimeId, sealed)
    return {
      checked: compared.checked,
      broken: [...faults, ...compared.broken],
      lastAt: book.last?.at ?? null,
      ahead: compared.ahead,
    }
  })
}

/** What the file and the database say of the seals at one moment: a worker that seals right now changes one after the other. */
async function bothOf(
  { file, home }: SealedPlace,
  log: SealedLog,
): Promise<{ book: SealBook; witness: Witness | null }> {
  const read = async (): Promise<{ book: SealBook; witness: Witness | null }> => {
    const book = await file.read({ whole: true })
    return { book, witness: await log.witness(home, book.key) }
  }
  return (await file.bytes()) === 0 ? await read() : await file.locked(read)
}

/** Whether the key is that of the seals, and whether the database remembers these seals and no others. */
export async function faultsOfSeals(
  file: SealFile,
  book: SealBook,
  witness: Witness | null,
  runtimeId: string,
): Promise<SealFault[]> {
  const n = book.last?.n ?? 0
  const pem = await file.privateKey().catch(() => null)
  const found: [number, string | null][] = [
    [n, faultOfKey(book, pem === null ? null : publicKeyOf(pem))],
    [n, faultOfMemory(book, witness, runtimeId)],
  ]
  return found.flatMap(([seq, why]) => (why === null ? [] : [{ id: SEALS, seq, why }]))
}

/** Whether a private key, by its public one, is that of the seals. */
export function faultOfKey({ key, last }: SealBook, own: string | null): string | null {
  if (own === null) return 'the key of the seals is gone, or cannot be read'
  if (last === null) return 'the seals are gone, and their key is here'
  return key === own ? null : 'the key is not the one that the last seal names'
}

/** What the database remembers of the seals, compared with them. */
export function faultOfMemory(book: SealBook, witness: Witness | null, runtimeId: string): string | null {
  const { last, first, firstKey } = book
  // A home may seal another database as well: what counts is how far this one was sealed.
  const n = book.of(runtimeId)?.n ?? 0
  // A process that died after it had written the file again did not inform the database: these lines count as one.
  const rewritten = witness !== null && first === witness.n + 1 ? Math.max(book.rewrittenTo - first, 0) : 0
  if (witness === null)
    return n <= BEHIND_MAX ? null : `the database is older than seal ${n}: it remembers none of this home`
  if ((last?.n ?? 0) < witness.n)
    return `seal ${last?.n ?? 0} is the last one here, and there were ${witness.n}`
  if (n - witness.n - rewritten > BEHIND_MAX)
    return `the database is older than seal ${n}: it remembers seal ${witness.n}`
  const same = (first ?? 0) > witness.n ? firstKey === witness.key : book.hashAt(witness.n) === witness.hash
  return same ? null : `seal ${witness.n} is not the one that was made`
}

async function compareAll(
  at: SealedPlace,
  log: SealedLog,
  runtimeId: string,
  sealed: SealedRuntime,
): Promise<Omit<SealCheck, 'lastAt'>> {
  const broken: SealFault[] = []
  const ahead: string[] = []
  const seen = new Set<string>()
  for await (const batch of log.allEnds()) {
    const found = await compareEnds(log, batch, sealed.streams)
    broken.push(...found.broken)
    ahead.push(...found.ahead)
    for (const { id } of batch) seen.add(id)
  }
  const missing = [...sealed.streams.keys()].filter((id) => !seen.has(id))
  // What is being removed right now was sealed as retired before.
  const now = missing.length === 0 ? null : (await at.file.read()).of(runtimeId)
  for (const id of missing) {
    const one = now?.streams.get(id)
    if (one !== undefined) broken.push({ id, seq: one.seq, why: 'the stream is gone, and was not retired' })
  }
  broken.push(...(await compareRetired(at.databaseUrl, (now ?? sealed).retired, seen)))
  broken.push(...(await compareRows(log, sealed)))
  const rows = SEALED_TABLES.reduce((sum, table) => sum + sealed[table].size, 0)
  return { checked: sealed.streams.size + rows, broken, ahead }
}

/** Compares where streams end with what was sealed of them. Those that go on since, or were never sealed, are ahead. */
export async function compareEnds(
  log: SealedLog,
  ends: readonly StreamEnd[],
  sealed: ReadonlyMap<string, Sealed>,
): Promise<{ broken: SealFault[]; ahead: string[] }> {
  const broken: SealFault[] = []
  const ahead: StreamEnd[] = []
  for (const end of ends) {
    const why = faultOfEnd(end, sealed.get(end.id))
    if (why !== null) broken.push({ id: end.id, seq: sealed.get(end.id)?.seq ?? end.seq, why })
    else if (sealed.get(end.id)?.seq !== end.seq) ahead.push(end)
  }
  const grown = ahead.flatMap(({ id }) => (sealed.has(id) ? [{ id, seq: sealed.get(id)!.seq }] : []))
  const hashes = await log.hashesAt(grown.filter(({ seq }) => seq > 0))
  const changed = new Set<string>()
  for (const { id, seq } of grown) {
    if ((hashes.get(id) ?? '') === sealed.get(id)!.head) continue
    changed.add(id)
    broken.push({ id, seq, why: `event ${seq} is not the one that was sealed` })
  }
  return { broken, ahead: ahead.flatMap(({ id }) => (changed.has(id) ? [] : [id])) }
}

function faultOfEnd({ seq, head, lastSeq, lastHash }: StreamEnd, sealed: Sealed | undefined): string | null {
  if (sealed !== undefined && seq < sealed.seq)
    return `the stream ends at event ${seq}, and was sealed at ${sealed.seq}`
  if (sealed !== undefined && seq === sealed.seq && head !== sealed.head)
    return `event ${seq} is not the one that was sealed`
  if (lastSeq !== seq || lastHash !== head)
    return `the last event of the stream is ${lastSeq}, and its actor is at ${seq}`
  return null
}

/** A stream that was retired left its head behind, or is still there because its removal failed. */
async function compareRetired(
  databaseUrl: string,
  retired: SealedRuntime['retired'],
  present: ReadonlySet<string>,
): Promise<SealFault[]> {
  const gone = [...retired].filter(([id]) => !present.has(id))
  if (gone.length === 0) return []
  const heads = await retiredHeads(databaseUrl)
  return gone.flatMap(([id, { seq, head }]) => {
    const left = heads.get(id)
    return left !== undefined && left.seq === seq && left.hash === head
      ? []
      : [{ id, seq, why: 'the stream was retired, and the head that it left behind is another one' }]
  })
}

async function compareRows(log: SealedLog, sealed: SealedRuntime): Promise<SealFault[]> {
  const faults = SEALED_TABLES.map(async (table) => {
    if (sealed[table].size === 0) return []
    const rows = new Map((await log.rowsOf(table)).map((row) => [String(row['id']), row]))
    return [...sealed[table]].flatMap(([id, { entry, n }]) => {
      const compared = compareRow(table, entry, rows.get(id))
      return compared !== null && 'why' in compared ? [{ id, seq: n, why: compared.why }] : []
    })
  })
  return (await Promise.all(faults)).flat()
}

/** Compares the positions of all events of some streams with what was sealed of them. */
export async function comparePositions(
  databaseUrl: string,
  sealed: ReadonlyMap<string, Sealed>,
  ids: readonly string[],
): Promise<SealFault[]> {
  const wanted = ids.flatMap((id) => {
    const upTo = sealed.get(id)?.seq ?? 0
    return upTo === 0 ? [] : [{ id, after: 0, upTo }]
  })
  const positions = await withSealedLog(databaseUrl, (log) => log.positions(wanted))
  return wanted.flatMap(({ id, upTo }) =>
    // A stream that is gone altogether is found by its end.
    !positions.has(id) || chainPositions('', positions.get(id)!) === sealed.get(id)!.positions
      ? []
      : [{ id, seq: upTo, why: 'its events do not have the positions that were sealed' }],
  )
}
