/** What a copy may still use, and has used. */
export class RowBudget {
  rows = 0
  bytes = 0
  readonly #bytesMax: number
  readonly #endsAt: number

  constructor(bytesMax: number, maxMs: number) {
    this.#bytesMax = bytesMax
    this.#endsAt = performance.now() + maxMs
  }

  /** Counts a batch. */
  take(rows: number, bytes: number): void {
    this.rows += rows
    this.bytes += bytes
  }

  /** True when the bytes or the time are used up. */
  get exhausted(): boolean {
    return this.bytes >= this.#bytesMax || performance.now() >= this.#endsAt
  }
}
