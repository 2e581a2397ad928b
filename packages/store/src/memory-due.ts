interface Deadline {
  dueAt: number
  id: string
}

/**
 * Deadlines in order of time, then id: a binary heap. Entries are not removed when a deadline moves; `isArmed` tells
 * which of them still count, and the others are dropped when they reach the top.
 */
export class MemoryDue {
  readonly #heap: Deadline[] = []
  readonly #isArmed: (id: string, dueAt: number) => boolean

  constructor(isArmed: (id: string, dueAt: number) => boolean) {
    this.#isArmed = isArmed
  }

  /** Adds a deadline. */
  add(id: string, dueAt: number): void {
    const heap = this.#heap
    let at = heap.push({ dueAt, id }) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(heap[at]!, heap[parent]!)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  /** At most `limit` ids whose deadline lies before `nowMs`, in order, and the first deadline after those. */
  before(nowMs: number, limit: number): { ids: string[]; nextDueAt: number | null } {
    const due: Deadline[] = []
    let top = this.#top()
    while (top !== null && top.dueAt < nowMs && due.length < limit) {
      // A timer that moved away and back again has two entries side by side.
      if (due.at(-1)?.id !== top.id) due.push(top)
      this.#drop()
      top = this.#top()
    }
    for (const { id, dueAt } of due) this.add(id, dueAt)
    return { ids: due.map(({ id }) => id), nextDueAt: top?.dueAt ?? null }
  }

  /** The first deadline of all. */
  next(): number | null {
    return this.#top()?.dueAt ?? null
  }

  #top(): Deadline | null {
    for (;;) {
      const top = this.#heap[0]
      if (top === undefined) return null
      if (this.#isArmed(top.id, top.dueAt)) return top
      this.#drop()
    }
  }

  #drop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    heap[0] = last
    let at = 0
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let first = at
      if (left < heap.length && isBefore(heap[left]!, heap[first]!)) first = left
      if (right < heap.length && isBefore(heap[right]!, heap[first]!)) first = right
      if (first === at) return
      this.#swap(at, first)
      at = first
    }
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap
    const kept = heap[one]!
    heap[one] = heap[other]!
    heap[other] = kept
  }
}

function isBefore(one: Deadline, other: Deadline): boolean {
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.id < other.id)
}
