import { EsaError } from '@esa/protocol'

/** Who holds locks: one transaction, or one statement outside of them. */
export interface LockOwner {
  readonly held: Lock[]
  waitsFor: Lock | null
}

interface Lock {
  readonly name: string
  holder: LockOwner
  readonly queue: { owner: LockOwner; grant: () => void }[]
}

/** A new owner that holds nothing. */
export function lockOwner(): LockOwner {
  return { held: [], waitsFor: null }
}

/** Exclusive locks by name, granted in the order of requests and held until their owner lets all go. */
export class MemoryLocks {
  readonly #locks = new Map<string, Lock>()

  /** Takes a lock that is free or held by the same owner; false when another one holds it. */
  tryTake(owner: LockOwner, name: string): boolean {
    const lock = this.#locks.get(name)
    if (lock !== undefined) return lock.holder === owner
    const fresh = { name, holder: owner, queue: [] }
    this.#locks.set(name, fresh)
    owner.held.push(fresh)
    return true
  }

  /** Takes a lock, waiting for it. @throws EsaError `database.serialization` (transient) when the wait would close a circle. */
  async take(owner: LockOwner, name: string): Promise<void> {
    if (this.tryTake(owner, name)) return
    const lock = this.#locks.get(name)!
    assertNoCircle(owner, lock)
    owner.waitsFor = lock
    await new Promise<void>((grant) => lock.queue.push({ owner, grant }))
  }

  /** True when the lock is held. */
  isTaken(name: string): boolean {
    return this.#locks.has(name)
  }

  /** Releases all locks of an owner; each passes to the longest waiter. */
  releaseAll(owner: LockOwner): void {
    for (const lock of owner.held) {
      const next = lock.queue.shift()
      if (next === undefined) {
        this.#locks.delete(lock.name)
        continue
      }
      lock.holder = next.owner
      next.owner.waitsFor = null
      next.owner.held.push(lock)
      next.grant()
    }
    owner.held.length = 0
  }
}

/** PostgreSQL breaks a circle of waits after a second; here it is known at once. */
function assertNoCircle(owner: LockOwner, wanted: Lock): void {
  for (let lock: Lock | null = wanted; lock !== null; lock = lock.holder.waitsFor) {
    if (lock.holder === owner) {
      throw new EsaError('database.serialization', 'transient', `waiting for ${wanted.name} would never end`)
    }
  }
}
