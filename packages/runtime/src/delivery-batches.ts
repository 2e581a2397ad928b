import type { ActorHost, Delivery } from './actor-host.ts'
import { type Asked, Gathering } from './gathering.ts'

/** Messages of one transaction: enough to share its round trips and its wait for the disk, few enough that a command never waits long for a lock. */
const BATCH_MAX = 64

/** Batches under way at a time: while one waits for the disk the next one thinks. More would only split the batches. */
const LANES = 2

/** What the batches use of a host. */
export type BatchHost = Pick<ActorHost, 'deliver' | 'deliverTogether'>

type Waiting = Asked<string, Delivery>

/**
 * Delivers messages a batch a transaction, so that an idle worker delivers at once and a busy one shares the cost. A
 * batch takes free actors only and never waits for a lock; what cannot go along is delivered alone, so that no message
 * takes others with it.
 */
export class DeliveryBatches {
  readonly #host: BatchHost
  readonly #gathering: Gathering<string, Delivery>

  constructor(host: BatchHost) {
    this.#host = host
    const serve = (waiting: Waiting[]): Promise<void> => this.#serve(waiting)
    this.#gathering = new Gathering({ most: BATCH_MAX, lanes: LANES, serve })
  }

  /** Delivers one message. @throws EsaError of the store, like `ActorHost.deliver`. */
  deliver(id: string): Promise<Delivery> {
    return this.#gathering.add(id)
  }

  async #serve(waiting: Waiting[]): Promise<void> {
    const ids = waiting.map(({ ask }) => ask)
    // A batch that fails: each one learns for itself whether it was the one, or whether the store is in trouble.
    const { again, alone } = await this.#host
      .deliverTogether(ids)
      .catch(() => ({ again: [] as string[], alone: ids }))
    for (const asked of waiting) {
      if (again.includes(asked.ask)) this.#gathering.put(asked)
      else if (alone.includes(asked.ask)) this.#host.deliver(asked.ask).then(asked.resolve, asked.reject)
      else asked.resolve({ outcome: 'delivered' })
    }
  }
}
