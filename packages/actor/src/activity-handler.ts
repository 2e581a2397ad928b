import type { JsonObject } from '@esa/protocol'

/** What an activity gets besides its input: an idempotency key, its attempt (from 1), and an abort at its time-out. */
export interface ActivityContext {
  key: string
  attempt: number
  signal: AbortSignalLike
}

/** The part of AbortSignal that handlers use; declared here because this package knows no platform. */
export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
}

/** What an activity brings back: the event its actor receives. */
export interface ActivityResult {
  type: string
  body: JsonObject
  /** Messages that are sent in the same transaction as the result. */
  messages?: { to: string; type: string; body: JsonObject }[]
}

/**
 * Touches the world for an actor. Runs at least once: `context.key` is the same at every attempt.
 * Null: nothing to tell the actor.
 * Throws EsaError; `transient` is retried with backoff, anything else comes back as `<activity>.failed`.
 */
export interface ActivityHandler {
  activity: string
  timeoutMs: number
  run(input: JsonObject, context: ActivityContext): Promise<ActivityResult | null>
}
