import type { ActorEvent } from '@esa/actor'
import { isoTime, type JsonObject } from '@esa/protocol'

/** One entry of an incident's timeline. `level`, `actor`, `epoch` and `lateMs` stand where the event has them. */
export interface TimelineEvent {
  seq: number
  at: string
  /** Milliseconds since the incident opened. */
  sinceMs: number
  type: string
  level?: string
  actor?: string
  epoch: number
  lateMs?: number
  data: JsonObject
}

/** The timeline of a stream: a fold over its events without side effects. */
export function timeline(events: Iterable<ActorEvent>): TimelineEvent[] {
  const entries: TimelineEvent[] = []
  let openedAt: number | null = null
  for (const { seq, at, type, level, actor, epoch, lateMs, data } of events) {
    openedAt ??= at
    entries.push({
      seq,
      at: isoTime(at),
      sinceMs: at - openedAt,
      type,
      ...(level === undefined ? {} : { level }),
      ...(actor === undefined ? {} : { actor }),
      epoch,
      ...(lateMs === undefined ? {} : { lateMs }),
      data,
    })
  }
  return entries
}
