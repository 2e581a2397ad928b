import { setImmediate as drained } from 'node:timers/promises'
interface Entry {
  at: number
  turn: number
  name: string
  seq: number
  run: (() => void) | null
}

/** Something on the agenda that may still be struck off. */
export type Appointment = { at: number; cancel(): void }

/**
 * What is going to happen, in the order of virtual time, then of planning: the only clock of a simulation. Between two
 * entries everything that the first one set going comes to rest, and what was planned meanwhile for one instant goes by
 * its name, so that nothing depends on how many ticks a promise takes. Times are ms since the world began.
 */
export class Agenda {
  readonly #heap: Entry[] = []
  #planned = 0
  /** Virtual time, ms. */
  now = 0
  /** Counts the entries that have run: two moments of one turn saw nothing in between. */
  turn = 0

  /** Plans something for an instant, under a name that nothing else has at once; what lies behind happens now. */
  at(instant: number, name: string, run: () => void): Appointment {
    const entry: Entry = {
      at: Math.max(this.now, Math.ceil(instant)),
      turn: this.turn,
      name,
      seq: this.#planned++,
      run,
    }
    this.#push(entry)
    return {
      at: entry.at,
      cancel: () => {
        entry.run = null
      },
    }
  }

  /** Plans something in `ms`. */
  in(ms: number, name: string, run: () => void): Appointment {
    return this.at(this.now + ms, name, run)
  }

  /** Rests for `ms`: its caller continues as an entry of its own. */
  rest(ms: number, name: string): Promise<void> {
    return new Promise((resolve) => void this.in(ms, name, resolve))
  }

  /** Runs entries until `isOver`, checked before each, or until none is left; then time is `until` at least, when one is given. */
  async run({ until = Number.POSITIVE_INFINITY, isOver = () => false }): Promise<void> {
    while (!isOver()) {
      const first = this.#heap[0]
      if (first === undefined || first.at > until) break
      this.#pop()
      if (first.run === null) continue
      this.turn++
      this.now = first.at
      first.run()
      await drained()
    }
    if (Number.isFinite(until) && !isOver()) this.now = Math.max(this.now, until)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  if (one.at !== other.at) return one.at < other.at
  if (one.turn !== other.turn) return one.turn < other.turn
  return one.name === other.name ? one.seq < other.seq : one.name < other.name
}
