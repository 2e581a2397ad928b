import { SEALED_TABLES } from '@esa/store/sealed-log'
import { hashLine, isSignedBy, readSeal, type Seal, type SealedRowEntry } from './seal.ts'

/** Something that is not as it was sealed: a stream, a token, an account, or the seals themselves (`seals`, with the number of one). */
export interface SealFault {
  id: string
  seq: number
  why: string
}

/** Hashes of lines that are remembered: the database's memory of the seals is a line or two behind at most. */
const LINES_REMEMBERED = 5_000

/** The last seal of a stream. `positions` is what `chainPositions` made of all its positions up to `seq`. */
export interface Sealed {
  seq: number
  head: string
  positions: string
}

/** The last seal of a row, and its number. */
export interface SealedRowAt {
  entry: SealedRowEntry
  n: number
}

/** What is sealed of one runtime. */
export class SealedRuntime {
  /** The number of its last seal. */
  n = 0
  readonly streams = new Map<string, Sealed>()
  readonly retired = new Map<string, { seq: number; head: string }>()
  readonly tokens = new Map<string, SealedRowAt>()
  readonly accounts = new Map<string, SealedRowAt>()
}

/** What the seals of a home say, line by line. A line that cannot be trusted is a fault, and says nothing. */
export class SealBook {
  readonly faults: SealFault[] = []
  readonly #runtimes = new Map<string, SealedRuntime>()
  readonly #places = new Map<string, string>()
  readonly #lines = new Map<number, string>()
  #first: number | null = null
  #rewrittenTo = 0
  #last: { n: number; hash: string; at: string } | null = null
  #key: string | null = null
  #firstKey: string | null = null

  /** The last line that is a seal, or null. */
  get last(): { n: number; hash: string; at: string } | null {
    return this.#last
  }

  /** The number of the first seal of the file. */
  get first(): number | null {
    return this.#first
  }

  /** The number of the last line that was written when the file was written again, 0 when it never was. */
  get rewrittenTo(): number {
    return this.#rewrittenTo
  }

  /** The public key that signed the first seal of the file. */
  get firstKey(): string | null {
    return this.#firstKey
  }

  /** The public key that signs the next seal, null before the first. */
  get key(): string | null {
    return this.#key
  }

  /** What is sealed of a runtime; null when nothing is. */
  of(runtimeId: string): SealedRuntime | null {
    return this.#runtimes.get(runtimeId) ?? null
  }

  /** The runtime that was sealed last in a place. */
  runtimeAt(place: string): string | null {
    return this.#places.get(place) ?? null
  }

  /** Whatever counts, by runtime and the place where it was sealed last. What was retired is left out: it is over. */
  *standing(): Generator<{ runtimeId: string; place: string; sealed: SealedRuntime }> {
    for (const [place, runtimeId] of this.#places)
      yield { runtimeId, place, sealed: this.#runtimes.get(runtimeId) ?? new SealedRuntime() }
  }

  /** The hash of a line; undefined when it is not there, or long ago. */
  hashAt(n: number): string | undefined {
    return this.#lines.get(n)
  }

  /** Takes the next line. */
  take(line: string): void {
    const expected = (this.#last?.n ?? 0) + 1
    const read = readSeal(line)
    if (read === null) {
      this.#fault(expected, 'the line is not a seal')
      return
    }
    const { seal, signed, sig } = read
    const key = this.#key ?? seal.key
    if (key === undefined || !isSignedBy(key, signed, sig)) {
      this.#fault(seal.n, 'the seal is not signed by the key of the seals before it')
      return
    }
    this.#firstKey ??= key
    this.#link(seal, expected)
    this.#apply(seal)
    this.#key = seal.key ?? key
    this.#last = { n: seal.n, hash: hashLine(line), at: seal.at }
    this.#lines.set(seal.n, this.#last.hash)
    this.#lines.delete(seal.n - LINES_REMEMBERED)
  }

  #link({ n, prev, base }: Seal, expected: number): void {
    const first = this.#first === null
    if (first) this.#first = n
    if (first && base === true) return
    if (n !== expected) this.#fault(n, `seal ${expected} is missing`)
    else if (prev !== (this.#last?.hash ?? '')) this.#fault(n, `seal ${expected - 1} was changed`)
  }

  #apply(seal: Seal): void {
    const { n, runtimeId, place, streams, retired, reset, base } = seal
    if (base === true) this.#rewrittenTo = n
    if (reset === true) this.#runtimes.delete(runtimeId)
    const sealed = this.#runtimes.get(runtimeId) ?? new SealedRuntime()
    this.#runtimes.set(runtimeId, sealed)
    this.#places.set(place, runtimeId)
    sealed.n = n
    for (const [id, seq, head, positions] of streams) sealed.streams.set(id, { seq, head, positions })
    for (const table of SEALED_TABLES)
      for (const entry of seal[table]) sealed[table].set(entry[0], { entry, n })
    for (const [id, seq, head] of retired) {
      sealed.streams.delete(id)
      sealed.retired.set(id, { seq, head })
    }
  }

  #fault(seq: number, why: string): void {
    this.faults.push({ id: SEALS, seq, why })
  }
}

/** The id under which a fault of the seals themselves is reported. */
export const SEALS = 'seals'
