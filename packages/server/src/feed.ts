import { isoTime } from '@esa/protocol'
import type { FeedEvent, Store } from '@esa/store'
import type { Logger } from 'pino'
import { TokenWatch } from './token-watch.ts'

/** Between two reads of the log without a notification, ms: pages promise to follow within a second. */
const LOOK_EVERY_MS = 250

/** The same without followers: what is kept must not fall far behind, and a new follower makes it read at once, ms. */
const LOOK_ALONE_MS = 2_000

/** Events that one look fetches. */
const BATCH = 500

/** Events that are read for one reader that is far behind: it holds them until its line has taken them. */
const BEHIND_BATCH = 100

/** How far back a new server begins, in positions: a step that was under way then is younger than that. */
const LOOK_BACK = 1_000

/** What is kept for readers that are a little behind, events and characters; one that is farther back reads the log itself. */
const KEPT_MAX = 5_000
const KEPT_LENGTH_MAX = 16 * 1024 * 1024

/** An event as it is sent: its text is made once for all. */
export interface FeedLine {
  pos: number
  stream: string
  type: string
  text: string
}

/**
 * The log of all streams as it grows, read once for all followers. One that continues from a position misses nothing:
 * positions are handed on in order, and none is passed before it can no longer be filled.
 */
export class Feed {
  /** Whether those who follow may still hear of it. */
  readonly tokens: TokenWatch
  readonly #store: Store
  readonly #log: Logger
  readonly #followers = new Set<() => void>()
  readonly #ending = new AbortController()
  /** The newest lines: every one after `#floor`. */
  #kept: FeedLine[] = []
  #keptLength = 0
  #floor = 0
  #at = 0
  #failing = false
  #again = false
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null
  #unlisten: (() => Promise<void>) | null = null

  private constructor(store: Store, log: Logger) {
    this.tokens = new TokenWatch(store)
    this.#store = store
    this.#log = log
  }

  static async start(store: Store, log: Logger): Promise<Feed> {
    const feed = new Feed(store, log)
    feed.#at = Math.max(0, (await store.feedTail()) - LOOK_BACK)
    feed.#floor = feed.#at
    await feed.#look()
    feed.#unlisten = await store.listen(() => feed.poke())
    feed.#rest()
    return feed
  }

  /** The position up to which everything has been handed on. */
  get position(): number {
    return this.#at
  }

  /** How many follow now. */
  get followers(): number {
    return this.#followers.size
  }

  /** Aborted when the server stops: nothing comes after it. */
  get ending(): AbortSignal {
    return this.#ending.signal
  }

  /** What comes after a position, at most a batch of it: from memory, or from the log for a reader far behind. */
  after(position: number): FeedLine[] | Promise<FeedLine[]> {
    if (position >= this.#at) return []
    if (position < this.#floor) return this.#fromLog(position)
    let first = 0
    for (let end = this.#kept.length; first < end;) {
      const middle = (first + end) >> 1
      if (this.#kept[middle]!.pos > position) end = middle
      else first = middle + 1
    }
    return this.#kept.slice(first, first + BATCH)
  }

  /** True when a reader with everything up to a position can continue from it; else it must begin again. */
  async holds(position: number): Promise<boolean> {
    return await this.#store.feedHolds(position)
  }

  /** Notifies a follower of more events, or of the end; returns what ends that. */
  follow(follower: () => void): () => void {
    this.#followers.add(follower)
    if (this.#followers.size === 1) this.poke()
    return () => void this.#followers.delete(follower)
  }

  /** Looks at the log now: something was just committed. */
  poke(): void {
    if (this.#looking === null) void this.#wake()
    else this.#again = true
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    for (const follower of this.#followers) follower()
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#unlisten?.()
    await this.#looking
  }

  async #fromLog(position: number): Promise<FeedLine[]> {
    const events = await this.#store.feed(position, BEHIND_BATCH)
    return events.filter(({ pos }) => pos <= this.#at).map(lineOf)
  }

  #rest(): void {
    if (this.ending.aborted) return
    this.#timer = setTimeout(
      () => void this.#wake(),
      this.#followers.size === 0 ? LOOK_ALONE_MS : LOOK_EVERY_MS,
    )
  }

  async #wake(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#looking ??= this.#lookSafely().finally(() => {
      this.#looking = null
      this.#rest()
    })
    await this.#looking
  }

  /** A database that is down is logged once, and tried again and again. */
  async #lookSafely(): Promise<void> {
    try {
      do {
        this.#again = false
        await this.#look()
      } while (this.#again)
      this.#failing = false
    } catch (error) {
      if (!this.#failing) this.#log.warn({ err: error }, 'the feed cannot be read')
      this.#failing = true
    }
  }

  async #look(): Promise<void> {
    for (;;) {
      const events = await this.#store.feed(this.#at, BATCH)
      const last = events.at(-1)
      if (last === undefined) return
      this.#keep(events.map(lineOf))
      this.#at = last.pos
      for (const follower of this.#followers) follower()
      if (events.length < BATCH) return
    }
  }

  #keep(lines: FeedLine[]): void {
    this.#kept.push(...lines)
    for (const { text } of lines) this.#keptLength += text.length
    let dropped = 0
    while (this.#kept.length - dropped > KEPT_MAX || this.#keptLength > KEPT_LENGTH_MAX) {
      const line = this.#kept[dropped]!
      this.#keptLength -= line.text.length
      this.#floor = line.pos
      dropped += 1
    }
    if (dropped > 0) this.#kept = this.#kept.slice(dropped)
  }
}

function lineOf({ at, ...event }: FeedEvent): FeedLine {
  const { pos, stream, type } = event
  return { pos, stream, type, text: `id: ${pos}\ndata: ${JSON.stringify({ at: isoTime(at), ...event })}\n\n` }
}
