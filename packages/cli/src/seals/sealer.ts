import { type SealedLog, type SealedTable, type StreamEnd, withSealedLog } from '@esa/store/sealed-log'
import { compareEnds, faultOfMemory, faultsOfSeals, type SealedPlace } from './check-seals.ts'
import { chainPositions, type SealedRowEntry, type SealedStream } from './seal.ts'
import { type SealBook, SealedRuntime, type SealFault, SEALS } from './seal-book.ts'
import { type Draft, draftOf, STREAMS_A_SEAL } from './seal-file.ts'
import { compareRow, sealedRow } from './sealed-rows.ts'

/** What one seal did. */
export interface Sealing {
  streams: number
  /** Tokens and accounts. */
  rows: number
  /** What could not be sealed because it is not what was sealed before. */
  broken: SealFault[]
}

/**
 * Seals what changed since the seal before, and makes the database remember it. Streams are looked for among the positions since
 * the last look but one: a position is given out before its commit, so that a lower one may become visible after a higher one.
 */
export class Sealer {
  readonly #at: SealedPlace
  /** Where the last two looks ended; null before the first one. */
  #looked: { before: number; last: number } | null = null

  constructor(at: SealedPlace) {
    this.#at = at
  }

  /**
   * Seals what changed, and besides that `ahead`. A database that is not the one that was sealed here is not sealed:
   * that would hide it.
   */
  async seal(ahead: readonly string[] = []): Promise<Sealing> {
    return await this.#locked(async (log, book, runtimeId) => {
      const other = book.runtimeAt(this.#at.place)
      if (other !== null && other !== runtimeId) {
        const why = `the database names itself runtime ${runtimeId}, and was sealed as ${other}`
        return { streams: 0, rows: 0, broken: [{ id: SEALS, seq: book.last?.n ?? 0, why }] }
      }
      const known = book.of(runtimeId)
      const tail = await log.tail()
      const from = this.#looked?.before ?? 0
      // The first look of a process is that of a whole check, which says what is ahead.
      const changed = this.#looked === null ? [] : await log.changed(from, tail)
      const ends = known === null ? await all(log) : await log.ends([...new Set([...changed, ...ahead])])
      const { lines, sealing } = await sealingOf(log, ends, known ?? new SealedRuntime(), {
        ...this.#nothing(runtimeId),
        pos: [from, tail],
      })
      await this.#append(log, lines)
      if (await this.#at.file.compact()) await this.#remember(log)
      this.#looked = { before: this.#looked?.last ?? tail, last: tail }
      return sealing
    })
  }

  /**
   * Seals everything as it is now; what was sealed before counts no more. Seals that cannot be gone on with are put aside.
   * Answers with the number of the first seal, and where those are.
   */
  async reset(): Promise<{ n: number; aside: string | null }> {
    const { file, home } = this.#at
    return await this.#locked(async (log, book, runtimeId) => {
      const witness = await log.witness(home, book.key)
      const faults = [...book.faults, ...(await faultsOfSeals(file, book, witness, runtimeId))]
      const isBroken = faults.length > 0
      const aside = isBroken ? await file.putAside() : null
      const about = { ...this.#nothing(runtimeId), reset: true as const }
      const fresh = isBroken ? { ...about, base: true as const } : about
      const { lines } = await sealingOf(log, await all(log), new SealedRuntime(), fresh)
      const after = Math.max(book.last?.n ?? 0, witness?.n ?? 0)
      for (const [index, line] of lines.entries()) {
        await file.append(line, { after: after + index })
        await this.#remember(log)
      }
      return { n: after + 1, aside }
    })
  }

  /** Seals that streams are about to be removed, each with its last event. */
  async retire(heads: readonly { id: string; seq: number; head: string }[]): Promise<void> {
    const retired = heads.map(({ id, seq, head }): Draft['retired'][number] => [id, seq, head])
    await this.#locked((log, _, runtimeId) => this.#append(log, [{ ...this.#nothing(runtimeId), retired }]))
  }

  /** Signs the next seals with a new key, which is the answer. */
  async rotate(): Promise<string> {
    return await this.#locked(async (log, _, runtimeId) => {
      await this.#append(log, [this.#nothing(runtimeId)], true)
      return (await this.#at.file.read()).key!
    })
  }

  /**
   * Where the database remembers other seals than these, a number is left out: the hole says so for as long as the file is.
   * The database learns of each line before the next one, also of one whose process died before that.
   */
  async #append(log: SealedLog, lines: readonly Draft[], newKey = false): Promise<void> {
    const { file, home } = this.#at
    const book = await file.read()
    const witness = await log.witness(home, book.key)
    const { runtimeId } = lines[0]!
    const agree = faultOfMemory(book, witness, runtimeId) === null
    if (agree && (book.of(runtimeId)?.n ?? 0) > (witness?.n ?? 0)) await this.#remember(log)
    let after = Math.max(book.last?.n ?? 0, witness?.n ?? 0) + (agree ? 0 : 1)
    for (const line of lines) {
      await file.append(line, { after: after++, newKey })
      await this.#remember(log)
    }
  }

  #nothing(runtimeId: string): Draft {
    return draftOf(runtimeId, this.#at.place)
  }

  async #locked<T>(work: (log: SealedLog, book: SealBook, runtimeId: string) => Promise<T>): Promise<T> {
    const { file, databaseUrl } = this.#at
    return await file.locked(() =>
      withSealedLog(databaseUrl, async (log) => await work(log, await file.read(), await log.runtimeId())),
    )
  }

  async #remember(log: SealedLog): Promise<void> {
    const { last, key } = await this.#at.file.read()
    await log.remember(this.#at.home, { key: key!, n: last!.n, hash: last!.hash })
  }
}

async function all(log: SealedLog): Promise<StreamEnd[]> {
  const ends: StreamEnd[] = []
  for await (const batch of log.allEnds()) ends.push(...batch)
  return ends
}

/** What is to be written of streams that may have changed, and of all tokens and accounts. */
async function sealingOf(
  log: SealedLog,
  ends: readonly StreamEnd[],
  known: SealedRuntime,
  about: Draft,
): Promise<{ lines: Draft[]; sealing: Sealing }> {
  const compared = await compareEnds(log, ends, known.streams)
  const streams = await sealStreams(log, ends, new Set(compared.ahead), known)
  const rows = {
    tokens: await changedRows(log, 'tokens', known),
    accounts: await changedRows(log, 'accounts', known),
  }
  const broken = [rows.tokens, rows.accounts, streams, compared].flatMap((one) => one.broken)
  const first = { ...about, tokens: rows.tokens.sealed, accounts: rows.accounts.sealed }
  const sealing = {
    streams: streams.sealed.length,
    rows: first.tokens.length + first.accounts.length,
    broken,
  }
  return { lines: linesOf(first, streams.sealed), sealing }
}

/** Only the positions that came since the seal before are read. */
async function sealStreams(
  log: SealedLog,
  ends: readonly StreamEnd[],
  changed: ReadonlySet<string>,
  { streams }: SealedRuntime,
): Promise<{ sealed: SealedStream[]; broken: SealFault[] }> {
  const grown = ends.filter(({ id }) => changed.has(id))
  const wanted = grown.map(({ id, seq }) => ({ id, after: streams.get(id)?.seq ?? 0, upTo: seq }))
  const positions = await log.positions(wanted)
  const broken: SealFault[] = []
  const sealed = grown.flatMap(({ id, seq, head }): SealedStream[] => {
    const { seq: after = 0, positions: before = '' } = streams.get(id) ?? {}
    const more = positions.get(id) ?? []
    if (more.length === seq - after) return [[id, seq, head, chainPositions(before, more)]]
    broken.push({ id, seq, why: `${seq - after} events are to be sealed, and ${more.length} are there` })
    return []
  })
  return { sealed, broken }
}

async function changedRows(
  log: SealedLog,
  table: SealedTable,
  known: SealedRuntime,
): Promise<{ sealed: SealedRowEntry[]; broken: SealFault[] }> {
  const sealed: SealedRowEntry[] = []
  const broken: SealFault[] = []
  for (const row of await log.rowsOf(table)) {
    const before = known[table].get(String(row['id']))
    const now = before === undefined ? sealedRow(table, row) : compareRow(table, before.entry, row)
    if (now === null) continue
    if ('why' in now) broken.push({ id: String(row['id']), seq: before!.n, why: now.why })
    else sealed.push(now)
  }
  return { sealed, broken }
}

/** Lines of a bounded size. A line with nothing in it says that nothing changed. */
function linesOf(first: Draft, streams: SealedStream[]): Draft[] {
  const later = { ...draftOf(first.runtimeId, first.place), pos: first.pos }
  const lines: Draft[] = [{ ...first, streams: streams.slice(0, STREAMS_A_SEAL) }]
  for (let from = STREAMS_A_SEAL; from < streams.length; from += STREAMS_A_SEAL)
    lines.push({ ...later, streams: streams.slice(from, from + STREAMS_A_SEAL) })
  return lines
}
