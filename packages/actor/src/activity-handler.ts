import type { EsaError, JsonObject } from '@esa/protocol'

/** What an activity gets besides its input: its actor, an idempotency key, its attempt (from 1), an abort at its time-out. */
export interface ActivityContext {
  actorId: string
  key: string
  attempt: number
  signal: AbortSignalLike
}

/** The part of AbortSignal that handlers use; declared here because this package knows no platform. */
interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
}

/** A message that goes out with an activity's end: to its own actor, or to another. */
export interface ActivityMessage {
  to: string
  type: string
  body: JsonObject
}

/** An actor of a type that begins with an activity's end, or, when one lives under the key already, an event for that one. */
export interface ActivityOpening {
  opens: { type: string; key: string | null }
  body: JsonObject
}

/**
 * Touches the world for an actor, and answers with messages that are sent in the transaction that ends it. Runs at least
 * once: `context.key` is the same at every attempt. Throws EsaError: `transient` is tried again with backoff, no sooner than
 * its `details.retryAfterMs` says where it has one. Of a final failure the actor learns what `onFailure` says; where there is
 * none, or it fails itself, the actor gets `activity.failed {activity, code, message}`.
 */
export interface ActivityHandler {
  activity: string
  run(input: JsonObject, context: ActivityContext): Promise<(ActivityMessage | ActivityOpening)[]>
  onFailure?(input: JsonObject, failure: EsaError, actorId: string): ActivityMessage[]
}
