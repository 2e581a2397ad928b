import type { Json } from '@esa/protocol'

/** A request that came with an idempotency key. `answer` is null until it is answered. */
export interface KeptRequest {
  digest: string
  ageMs: number
  answer: Json
}

/** A browser's session: the SHA-256 of its secret, and the id of its token. */
interface NewSession {
  hash: string
  token: string
  lifeMs: number
}

/** What the HTTP edge keeps, so that any server on this database knows it. */
export interface EdgeStore {
  /** Begins a session; `findToken` finds its token by this hash until it ends. Expired ones go. */
  addSession(session: NewSession): Promise<void>
  /** Which of these hashes of secrets, of tokens or of sessions, may be used now: all in one question. */
  validSecrets(hashes: readonly string[]): Promise<string[]>
  /** Ends a session; a second time changes nothing. */
  endSession(hash: string): Promise<void>
  /**
   * Claims a key of a caller's for one request, for `keepMs`: null when it is claimed now, otherwise what came with it
   * before. Of two that claim at once one gets null. Expired ones go, and a caller's oldest when it has more than `most`.
   */
  claimRequest(request: {
    caller: string
    key: string
    digest: string
    keepMs: number
    most: number
  }): Promise<KeptRequest | null>
  /** Keeps what a claimed request was answered with. */
  answerRequest(caller: string, key: string, answer: Json): Promise<void>
  /** Gives a claim back: nothing has happened. One that is answered stays. */
  releaseRequest(caller: string, key: string): Promise<void>
}
