import { setTimeout } from 'node:timers/promises'
import type { Pool } from 'pg'

/** How the load writes at the moment. */
export interface LoadWrites {
  insert: (id: number, v: number) => string
  update: (id: number, v: number) => string
}

/** What a load has seen. */
export interface LoadSeen {
  writes: number
  /** Writes a second between its begin and its end. */
  perSecond: number
  failed: string[]
  longestMs: number
  p99Ms: number
}

/** Transactions a second: above the 200 that are promised. */
const PER_SECOND = 240

/** Numbers of a checksum stay exact in a double. */
const PRIME = 1_000_000_007

/** What a row adds to the checksum; `checksumSql` computes the same. */
const rowSum = (id: number, v: number): number => (id * 1_000_003 + v * 10_007) % PRIME

/** Rows and checksum of what a query gives as id and v. */
export function checksumSql(content: string): string {
  return `select count(*)::float8 as rows, coalesce(sum((id::bigint * 1000003 + v::bigint * 10007) % ${PRIME}), 0)::float8 as sum from (${content}) x`
}

/**
 * Writes at a steady rate, whether or not earlier writes have ended: what waits for a lock does not slow the others, and its
 * time counts from when it was due. Every row's content is known.
 */
export class WriteLoad {
  /** Changed when new code takes over. */
  writes: LoadWrites
  readonly #pool: Pool
  readonly #values: number[]
  readonly #latencies: number[] = []
  readonly #failed: string[] = []
  readonly #open = new Set<Promise<void>>()
  readonly #busy = new Set<number>()
  #began = 0
  #ended = 0
  #stopped = false
  #ticking: Promise<void> | undefined

  /** `rows` rows are there, numbered from 1; `seedOf` gives their content. */
  constructor(pool: Pool, writes: LoadWrites, rows: number, seedOf: (id: number) => number) {
    this.#pool = pool
    this.writes = writes
    this.#values = Array.from({ length: rows + 1 }, (_, id) => seedOf(id))
  }

  start(): void {
    this.#began = performance.now()
    this.#ticking = this.#tick()
  }

  async stop(): Promise<LoadSeen> {
    this.#stopped = true
    await this.#ticking
    await Promise.all(this.#open)
    this.#ended = performance.now()
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    return {
      writes: sorted.length,
      perSecond: sorted.length / ((this.#ended - this.#began) / 1_000),
      failed: this.#failed,
      longestMs: sorted.at(-1) ?? 0,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    }
  }

  /** Rows and checksum that the table must have. */
  expected(): { rows: number; sum: number } {
    let sum = 0
    for (let id = 1; id < this.#values.length; id += 1) sum += rowSum(id, this.#values[id]!)
    return { rows: this.#values.length - 1, sum }
  }

  async #tick(): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const due = this.#began + (n * 1_000) / PER_SECOND
      const wait = due - performance.now()
      if (wait > 0) await setTimeout(wait)
      const write = this.#write(n, due).finally(() => this.#open.delete(write))
      this.#open.add(write)
    }
  }

  /** Every other write is a new row; the others change one that is there, the same row never twice at a time. */
  async #write(n: number, due: number): Promise<void> {
    const value = (n * 7_919) % 1_000
    const isNew = n % 2 === 0
    let id = isNew ? this.#values.push(value) - 1 : 1 + ((n * 104_729) % (this.#values.length - 1))
    if (!isNew) while (this.#busy.has(id)) id = 1 + (id % (this.#values.length - 1))
    this.#busy.add(id)
    try {
      await this.#pool.query(isNew ? this.writes.insert(id, value) : this.writes.update(id, value))
      this.#values[id] = value
    } catch (error) {
      this.#failed.push(`${isNew ? 'insert' : 'update'} ${id}: ${(error as Error).message}`)
    } finally {
      this.#busy.delete(id)
      this.#latencies.push(performance.now() - due)
    }
  }
}
