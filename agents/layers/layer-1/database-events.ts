import type { EventOf } from '@esa/actor'
import * as z from 'zod'

/** A role that orders through Layer 1's mailbox, and the person behind it, where there is one. */
export const orderedBySchema = z.object({ as: z.string(), by: z.string().optional() })

/** One reading of a metric, as a measurement brings it. `ok` null: it could not be measured. */
const readingSchema = z.object({
  key: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  comparator: z.string(),
  threshold: z.number(),
  ok: z.boolean().nullable(),
})
export type Reading = z.output<typeof readingSchema>

/**
 * What a database's actor takes. Orders come from Layer 1's mailbox, which checks who may give them; `orderedAt` is when they
 * were given there, ms, so that of a freeze and its removal the later one counts, whichever arrives last.
 */
export const DATABASE_EVENTS = {
  open: {},
  watch: { everyMs: z.int().positive().nullable(), orderedBy: orderedBySchema },
  measure: { orderedBy: orderedBySchema },
  'measurement.done': { readings: z.array(readingSchema), evidence: z.record(z.string(), z.json()) },
  'activity.failed': { activity: z.string(), code: z.string(), message: z.string() },
  freeze: { reason: z.string(), orderedBy: orderedBySchema, orderedAt: z.int() },
  unfreeze: { orderedBy: orderedBySchema, orderedAt: z.int() },
  'flag.written': {},
  'flag.failed': { code: z.string(), message: z.string() },
  'change.opened': { change: z.string() },
  'change.ended': { change: z.string() },
  'card.changed': { thresholds: z.array(z.record(z.string(), z.json())), domain: z.string().nullable() },
  forget: {},
} as const

/** An event as the machine's actions see it. */
export type DatabaseEvent = EventOf<typeof DATABASE_EVENTS>

/** The event of one type. */
export type DatabaseEventOf<Type extends DatabaseEvent['type']> = Extract<DatabaseEvent, { type: Type }>
