import { hashOf, type Store } from '@esa/store'

/** Between two looks at the tokens of answers that last, ms: a stream ends within a second after its token. */
const LOOK_EVERY_MS = 300

/** An answer that lasts, and the secret of its request. */
interface Followed {
  /** Aborted when the secret may no longer be used. */
  over: AbortSignal
  end(): void
}

/** Looks whether the secrets of streams may still be used, those of all streams of a server in one question to the store. */
export class TokenWatch {
  readonly #store: Store
  readonly #followed = new Map<AbortController, string>()
  #timer: NodeJS.Timeout | null = null
  #under: Promise<unknown> = Promise.resolve()
  #next: { hashes: Set<string>; valid: Promise<Set<string>> } | null = null

  constructor(store: Store) {
    this.#store = store
  }

  /** Whether a secret may be used, by a look that begins after this call; null is this machine's user. */
  async isValid(secret: string | null): Promise<boolean> {
    if (secret === null) return true
    const hash = hashOf(secret)
    const look = (this.#next ??= this.#look())
    look.hashes.add(hash)
    try {
      return (await look.valid).has(hash)
    } catch {
      // A database that is away says nothing about the token, and has no news either.
      return true
    }
  }

  /** Looks again and again, until `end`. */
  follow(secret: string | null): Followed {
    const over = new AbortController()
    if (secret !== null) {
      this.#followed.set(over, secret)
      this.#timer ??= setInterval(() => this.#lookAtAll(), LOOK_EVERY_MS)
    }
    return { over: over.signal, end: () => this.#unfollow(over) }
  }

  #unfollow(over: AbortController): void {
    this.#followed.delete(over)
    if (this.#followed.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #lookAtAll(): void {
    for (const [over, secret] of this.#followed) void this.#endUnlessValid(over, secret)
  }

  async #endUnlessValid(over: AbortController, secret: string): Promise<void> {
    if (!(await this.isValid(secret))) over.abort()
  }

  /** One look, for all who ask before it begins; it begins when the one before it has ended. */
  #look(): { hashes: Set<string>; valid: Promise<Set<string>> } {
    const hashes = new Set<string>()
    const valid = this.#under.then(async () => {
      this.#next = null
      return new Set(await this.#store.edge.validSecrets([...hashes]))
    })
    this.#under = valid.catch(() => {})
    return { hashes, valid }
  }
}
