import type { ActorHost, Delivery } from './actor-host.ts'

/** Messages of one transaction: enough to share its round trips and its wait for the disk, few enough that a command never waits long for a lock. */
const BATCH_MAX = 64

/** Batches under way at a time: while one waits for the disk the next one thinks. More would only split the batches. */
const LANES = 2

/** What the batches use of a host. */
export type BatchHost = Pick<ActorHost, 'deliver' | 'deliverTogether'>

type Waiter = PromiseWithResolvers<Delivery>

/**
 * Delivers messages a batch a transaction: what arrives while transactions are under way goes into the next one, so that
 * an idle worker delivers at once and a busy one shares the cost. A batch takes free actors only and never waits for a
 * lock; what cannot go along is delivered alone, so that no message takes others with it.
 */
export class DeliveryBatches {
  readonly #host: BatchHost
  readonly #waiting = new Map<string, Waiter>()
  #underWay = 0

  constructor(host: BatchHost) {
    this.#host = host
  }

  /** Delivers one message. @throws EsaError of the store, like `ActorHost.deliver`. */
  deliver(id: string): Promise<Delivery> {
    let waiter = this.#waiting.get(id)
    if (waiter === undefined) {
      waiter = Promise.withResolvers<Delivery>()
      this.#waiting.set(id, waiter)
      // In the next microtask: the messages of one ring arrive together.
      queueMicrotask(() => void this.#drain())
    }
    return waiter.promise
  }

  async #drain(): Promise<void> {
    if (this.#underWay >= LANES) return
    this.#underWay++
    while (this.#waiting.size > 0) await this.#deliverBatch()
    this.#underWay--
  }

  async #deliverBatch(): Promise<void> {
    const batch = new Map([...this.#waiting].slice(0, BATCH_MAX))
    for (const id of batch.keys()) this.#waiting.delete(id)
    const { again, alone } = await this.#tryTogether([...batch.keys()])
    for (const id of alone) this.#deliverAlone(id, batch)
    for (const id of again) this.#waiting.set(id, batch.get(id)!)
    const left = new Set([...again, ...alone])
    for (const [id, { resolve }] of batch) if (!left.has(id)) resolve({ outcome: 'delivered' })
  }

  async #tryTogether(ids: string[]): Promise<{ again: string[]; alone: string[] }> {
    try {
      return await this.#host.deliverTogether(ids)
    } catch {
      // Each one learns for itself whether it was the one, or whether the store is in trouble.
      return { again: [], alone: ids }
    }
  }

  #deliverAlone(id: string, batch: Map<string, Waiter>): void {
    const { resolve, reject } = batch.get(id)!
    this.#host.deliver(id).then(resolve, reject)
  }
}
