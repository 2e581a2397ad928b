import type { StepInput } from '@esa/actor'
import type { JsonObject, Scopes } from '@esa/protocol'
import type { MessageRow } from '@esa/store'

/** What a step answers: the message that caused it, when one did. */
export interface Cause {
  messageId: string
  correlationId: string
  hops: number
  /** What it may act with, and so what it causes. */
  scopes: Scopes
  /** The span that sent it. */
  trace?: string
}

/** True when it needs no further work: it was consumed, or given up. */
export function isOver(message: MessageRow): boolean {
  return message.doneAt !== null || message.deadCode !== null
}

/** A message as the cause of what its recipient sends. */
export function causeOf({ id, correlationId, hops, scopes, trace }: MessageRow): Cause {
  return {
    messageId: id,
    correlationId,
    hops,
    scopes: scopes ?? null,
    ...(trace === undefined ? {} : { trace }),
  }
}

/** A message as the input of its recipient's step. */
export function inputOf(message: MessageRow): StepInput {
  return { kind: 'event', id: message.id, event: eventOf(message) }
}

/** The order in which messages of one recipient were written, as far as there is one. */
export function byId(a: MessageRow, b: MessageRow): number {
  return a.id < b.id ? -1 : 1
}

/** What a machine sees of a message. It speaks for its sender: `as` is who sent it and `scopes` what it may act with, whatever the body says. */
export function eventOf({ id, type, from, body, scopes }: MessageRow): JsonObject & { type: string } {
  const limit =
    scopes === undefined && !('scopes' in body) ? {} : { scopes: scopes === undefined ? null : [...scopes] }
  return { ...body, type, from, as: from, messageId: id, ...limit }
}
