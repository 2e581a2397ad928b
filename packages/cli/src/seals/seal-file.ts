import { createReadStream } from 'node:fs'
import { copyFile, mkdir, open, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withHomeLock } from '@esa/pg-server'
import { EsaError } from '@esa/protocol'
import { SEALED_TABLES, type SealedTable } from '@esa/store/sealed-log'
import { hashLine, newKey, publicKeyOf, type Seal, type SealedStream, writeSeal } from './seal.ts'
import { SealBook, type SealedRuntime, SEALS } from './seal-book.ts'

/** What a seal says, but for its place among the others. */
export type Draft = Omit<Seal, 'n' | 'at' | 'prev' | 'key'>

/** Streams in one line: about 330 KB, which a receiver takes in one request. */
export const STREAMS_A_SEAL = 2_000

/** A file below this is left alone: a month of 1,000 incidents a day, and read in a second. */
const COMPACT_AT_BYTES = 32 * 1024 ** 2

/** What a stream takes in a line. */
const STREAM_BYTES = 165

/** Where a home keeps its seals. */
export function sealPaths(home: string): { seals: string; key: string; lock: string; posted: string } {
  return {
    seals: join(home, 'seals.jsonl'),
    key: join(home, 'seal.key'),
    lock: join(home, 'seals.lock'),
    posted: join(home, 'seals.posted'),
  }
}

/**
 * The seals of a home. What was read once is remembered: a file that lost a line since is found, whatever the file says now.
 * One process writes at a time (`locked`).
 */
export class SealFile {
  readonly #home: string
  #book = new SealBook()
  #read: { ino: number; bytes: number } = { ino: 0, bytes: 0 }

  constructor(home: string) {
    this.#home = home
  }

  /** Runs `work` while no other process of this machine writes seals of this home. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    await mkdir(this.#home, { recursive: true })
    return await withHomeLock(sealPaths(this.#home).lock, work)
  }

  /** What the file says now; `whole`: also in the lines that were read before. */
  async read({ whole = false } = {}): Promise<SealBook> {
    const { seals } = sealPaths(this.#home)
    const found = await statOf(seals)
    const known = this.#read
    if (!whole && found !== null && found.ino === known.ino && found.size >= known.bytes) {
      await this.#readOn(seals, this.#book)
      return this.#book
    }
    const before = this.#book
    this.#book = new SealBook()
    this.#read = { ino: found?.ino ?? 0, bytes: 0 }
    if (found !== null) await this.#readOn(seals, this.#book)
    this.#compare(before)
    return this.#book
  }

  /** When the file was last written, ms of this machine's clock; null when there is none. */
  async writtenAt(): Promise<number | null> {
    return (await statOf(sealPaths(this.#home).seals))?.mtimeMs ?? null
  }

  async bytes(): Promise<number> {
    return (await statOf(sealPaths(this.#home).seals))?.size ?? 0
  }

  /**
   * The private key, or null when there is none. A process that died while it took another key left that one beside it.
   * @throws EsaError `seal.key` (terminal) when what is there is no key.
   */
  async privateKey(): Promise<string | null> {
    const { key } = sealPaths(this.#home)
    const next = await readKey(`${key}.new`).catch(() => null)
    if (next !== null && publicKeyOf(next) === this.#book.key) return next
    return await readKey(key)
  }

  /**
   * Appends a seal, on the disk before this returns; the very first one makes the key. Its number goes on after the last
   * seal, or after `after` where that is higher: what is missing then stays missing. Only while `locked`.
   */
  async append(
    { runtimeId, ...rest }: Draft,
    options: { after?: number; newKey?: boolean } = {},
  ): Promise<void> {
    const book = await this.read()
    const { key } = sealPaths(this.#home)
    const known = await this.privateKey()
    if (known === null && book.key !== null) throw keyGone(key)
    const next = options.newKey === true || known === null ? newKey() : null
    if (next !== null) await writeFile(`${key}.new`, next, { mode: 0o600 })
    const pem = known ?? next!
    const named = next ?? (book.key === null ? pem : null)
    const n = Math.max(book.last?.n ?? 0, options.after ?? 0) + 1
    const at = new Date().toISOString()
    const names = named === null ? {} : { key: publicKeyOf(named) }
    await this.#write(writeSeal({ n, at, runtimeId, ...rest, ...names, prev: book.last?.hash ?? '' }, pem))
    if (next !== null) await rename(`${key}.new`, key)
  }

  /**
   * Puts seals aside that cannot be gone on with; the next one begins a new file. They keep their lines under another name,
   * which is the answer; null when there are none. Only while `locked`.
   */
  async putAside(): Promise<string | null> {
    const { seals, key } = sealPaths(this.#home)
    const aside = `${seals}.${Date.now()}`
    const before = await this.read()
    const pem = await this.privateKey().catch(() => null)
    if (pem === null || publicKeyOf(pem) !== before.key)
      await rename(key, `${key}.${Date.now()}`).catch(ifThere)
    const moved = await rename(seals, aside).then(() => aside, ifThere)
    this.#book = new SealBook()
    this.#read = { ino: 0, bytes: 0 }
    return moved ?? null
  }

  /**
   * Writes the file again with what still counts, when it has grown far beyond that. The lines go on in number and hash; those
   * before stay in one file beside it. True when it did. Only while `locked`, and only a file without a fault.
   */
  async compact(maxBytes = COMPACT_AT_BYTES): Promise<boolean> {
    const book = await this.read()
    const pem = await this.privateKey()
    const entries = [...book.standing()].reduce((sum, { sealed }) => sum + sealed.streams.size, 0)
    const limit = Math.max(maxBytes, entries * STREAM_BYTES * 3)
    if (pem === null || book.last === null || book.faults.length > 0 || this.#read.bytes < limit) return false
    const { seals } = sealPaths(this.#home)
    const handle = await open(`${seals}.new`, 'w', 0o600)
    try {
      let { n, hash: prev } = book.last
      for (const draft of draftsOf(book)) {
        const named = n === book.last.n ? { key: publicKeyOf(pem) } : {}
        const at = new Date().toISOString()
        const line = writeSeal({ n: ++n, at, ...draft, base: true, ...named, prev }, pem)
        prev = hashLine(line)
        await handle.appendFile(`${line}\n`)
      }
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await copyFile(seals, `${seals}.before`)
    await rename(`${seals}.new`, seals)
    await this.read()
    return true
  }

  async #write(line: string): Promise<void> {
    const { seals } = sealPaths(this.#home)
    // A process that died halfway left a part of a line, which sealed nothing.
    if (((await statOf(seals))?.size ?? 0) > this.#read.bytes) await truncate(seals, this.#read.bytes)
    const handle = await open(seals, 'a', 0o600)
    try {
      await handle.appendFile(`${line}\n`)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await this.read()
  }

  async #readOn(seals: string, book: SealBook): Promise<void> {
    const input = createReadStream(seals, { start: this.#read.bytes })
    let rest = ''
    for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        book.take(line)
        this.#read.bytes += Buffer.byteLength(line) + 1
      }
    }
    this.#read.ino = (await stat(seals)).ino
  }

  /** A file that was exchanged still has to hold what was read before. */
  #compare(before: SealBook): void {
    if (before.last === null) return
    const { n, hash } = before.last
    const now = this.#book
    if ((now.last?.n ?? 0) < n) {
      now.faults.push({ id: SEALS, seq: n, why: `seals up to ${n} were here, and are gone` })
    } else if ((now.first ?? 0) <= n && now.hashAt(n) !== hash) {
      now.faults.push({ id: SEALS, seq: n, why: `seal ${n} is another one than before` })
    }
    for (const fault of before.faults) if (fault.seq > (now.last?.n ?? 0)) now.faults.push(fault)
  }
}

/** A seal that says nothing yet. */
export function draftOf(runtimeId: string, place: string): Draft {
  return { runtimeId, place, pos: [0, 0], streams: [], tokens: [], accounts: [], retired: [] }
}

function rowsOf(sealed: SealedRuntime): Pick<Draft, SealedTable> {
  const entries = SEALED_TABLES.map((table) => [table, [...sealed[table].values()].map(({ entry }) => entry)])
  return Object.fromEntries(entries) as Pick<Draft, SealedTable>
}

/** What counts, in lines of a bounded size. */
function* draftsOf(book: SealBook): Generator<Draft> {
  for (const { runtimeId, place, sealed } of book.standing()) {
    const about = draftOf(runtimeId, place)
    const streams = [...sealed.streams].map(([id, { seq, head, positions }]): SealedStream => [
      id,
      seq,
      head,
      positions,
    ])
    yield { ...about, ...rowsOf(sealed), streams: streams.slice(0, STREAMS_A_SEAL) }
    for (let from = STREAMS_A_SEAL; from < streams.length; from += STREAMS_A_SEAL)
      yield { ...about, streams: streams.slice(from, from + STREAMS_A_SEAL) }
  }
}

async function readKey(file: string): Promise<string | null> {
  try {
    const pem = await readFile(file, 'utf8')
    publicKeyOf(pem)
    return pem
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new EsaError('seal.key', 'terminal', `${file} is not a key that can be read`, {
      cause,
      hint: KEY_HINT,
    })
  }
}

const KEY_HINT = 'restore it from a backup, or begin a new chain of seals with: esa adopt'

function keyGone(file: string): EsaError {
  return new EsaError('seal.key', 'terminal', `${file} is gone, and the seals cannot go on without it`, {
    hint: KEY_HINT,
  })
}

function ifThere(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

async function statOf(file: string): Promise<{ ino: number; size: number; mtimeMs: number } | null> {
  try {
    return await stat(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
