import type { Json } from '@esa/protocol'

const HOUR_MS = 3_600_000

/** How far back lateness, passed levels and notices are counted: what an operator on duty can still do something about. */
export const DAY_MS = 24 * HOUR_MS

/** How far back shares and response times are counted: the organization's pattern is one of weeks, not of a bad day. */
export const MONTH_MS = 30 * DAY_MS

/** Most facts of one window that are read, the newest: above it a figure says from when on it counts. 10,000 incidents make about 50,000. */
export const FACTS_MAX = 100_000

/** A live incident in brief, as a store gives it. Times are ms. */
export interface IncidentOutline {
  id: string
  status: string
  dueAt: number | null
  fields: Json[]
}

/** What `IncidentOutline.fields` has to hold, in this order: paths into the incident's context; the last two are of version 1. */
const OUTLINE_FIELDS = [
  ['policy', 'path'],
  ['index'],
  ['holdMs'],
  ['acknowledgedBy'],
  ['silence', 'id'],
  ['openedAt'],
  ['armMs'],
  ['heldBy'],
]

/** An event that names a level, as a store gives it, the newest first. */
export interface IncidentFact {
  stream: string
  seq: number
  at: number
  type: string
  level: string
  lateMs: number | null
  fields: Json[]
}

/** What `IncidentFact.fields` has to hold in the facts of a month: paths into the event's data. */
const OPENED_FIELDS = [
  ['policy', 'category'],
  ['policy', 'timeScale'],
]

/** What a timer's step begins with: these events carry its lateness. */
const SERVED_TYPES = [
  'incident.escalated',
  'incident.notified',
  'incident.exhausted',
  'incident.alarmed',
  'incident.ack_expired',
  'incident.snooze_ended',
  'incident.unsuppressed',
]

/** Facts of the last day that are counted. */
const DAY_TYPES = [...SERVED_TYPES, 'incident.level_passed', 'notice.failed', 'notice.dropped']

/** Facts of the last month that are counted. */
const MONTH_TYPES = [
  'incident.opened',
  'incident.notified',
  'incident.acknowledged',
  'incident.raised',
  'incident.resolved',
  'incident.withdrawn',
]

/** What is read of a store for the figures, and how far back. */
export const figureSources = {
  DAY_MS,
  DAY_TYPES,
  FACTS_MAX,
  MONTH_MS,
  MONTH_TYPES,
  OPENED_FIELDS,
  OUTLINE_FIELDS,
}
