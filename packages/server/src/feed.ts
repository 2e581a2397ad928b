import type { FeedEvent, Store } from '@esa/store'
import type { Logger } from 'pino'

/** Between two looks at the log while nobody rings, ms: pages promise to follow within a second. */
const LOOK_EVERY_MS = 250

/** Events that one look fetches. */
const BATCH = 500

/** How far back a new server begins, in positions: a step that was under way then is younger than that. */
const LOOK_BACK = 1_000

/** Whoever follows the feed. */
export type Follower = (events: FeedEvent[]) => void

/**
 * The log of all streams as it grows, read once for everybody who follows. Whoever begins at a position reads up to here by
 * `since`, and misses nothing: positions are handed on in order, and none is passed before it can no longer be filled.
 */
export class Feed {
  readonly #store: Store
  readonly #log: Logger
  readonly #followers = new Set<Follower>()
  #at = 0
  #stopped = false
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null
  #unlisten: (() => Promise<void>) | null = null

  private constructor(store: Store, log: Logger) {
    this.#store = store
    this.#log = log
  }

  static async start(store: Store, log: Logger): Promise<Feed> {
    const feed = new Feed(store, log)
    feed.#at = Math.max(0, (await store.feedTail()) - LOOK_BACK)
    await feed.#look()
    feed.#unlisten = await store.listen(() => void feed.#wake())
    feed.#rest()
    return feed
  }

  /** The position up to which everything has been handed on. */
  get position(): number {
    return this.#at
  }

  /** How many follow. */
  get followers(): number {
    return this.#followers.size
  }

  /** Events after a position, up to what has been handed on. */
  async since(after: number, limit: number): Promise<FeedEvent[]> {
    const events = await this.#store.feed(after, limit)
    return events.filter(({ pos }) => pos <= this.#at)
  }

  /** Hears of every event after `position` from now on; returns what ends that. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#unlisten?.()
    await this.#looking
  }

  #rest(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.#wake(), LOOK_EVERY_MS)
  }

  async #wake(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#log.warn({ err: error }, 'the feed cannot be read'))
      .finally(() => {
        this.#looking = null
        this.#rest()
      })
    await this.#looking
  }

  async #look(): Promise<void> {
    for (;;) {
      const events = await this.#store.feed(this.#at, BATCH)
      const last = events.at(-1)
      if (last === undefined) return
      this.#at = last.pos
      for (const follower of this.#followers) follower(events)
      if (events.length < BATCH) return
    }
  }
}
