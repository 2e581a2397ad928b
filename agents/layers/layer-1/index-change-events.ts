import type { EventOf } from '@esa/actor'
import { indexNamesSchema } from '@esa/protocol'
import * as z from 'zod'
import { orderedBySchema } from './database-events.ts'

/** The task that ordered a change: its requester, and where the answer goes. */
const requesterSchema = z.object({
  from: z.string(),
  task: z.string(),
  messageId: z.string(),
  thread: z.string(),
})
export type Requester = z.output<typeof requesterSchema>

/** What opens a change of an index. `before` is the response time that gave cause to it, ms. */
export const indexOrderSchema = z.object({
  agentId: z.string(),
  target: z.string().min(1),
  index: indexNamesSchema,
  incidentId: z.string().nullable().default(null),
  before: z.number().nullable().default(null),
  mayBuildAlone: z.boolean().default(false),
  requester: requesterSchema,
})
export type IndexOrder = z.output<typeof indexOrderSchema>

const bound = { approvalId: z.string(), hash: z.string() }
const ended = {
  because: z.string().optional(),
  decidedBy: z.string().optional(),
  code: z.string().optional(),
}

/** What a change of an index takes. */
export const INDEX_CHANGE_EVENTS = {
  open: { requester: requesterSchema },
  'database.frozen': { reason: z.string(), frozenBy: z.string() },
  authority: { mayBuildAlone: z.boolean() },
  withdraw: { orderedBy: orderedBySchema, reason: z.string() },
  'index.rehearsed': { evidence: z.record(z.string(), z.json()) },
  'approval.granted': bound,
  'approval.used': bound,
  'approval.rejected': ended,
  'approval.withdrawn': ended,
  'approval.lapsed': ended,
  'approval.expired': ended,
  'approval.refused': ended,
  'index.built': { index: z.string(), ms: z.number(), sizeBytes: z.number() },
  'index.rechecked': { ok: z.boolean(), p95Ms: z.number().nullable() },
  'activity.failed': { activity: z.string(), code: z.string(), message: z.string() },
} as const

/** An event as the machine's actions see it. */
export type IndexChangeEvent = EventOf<typeof INDEX_CHANGE_EVENTS>

/** The event of one type. */
export type IndexChangeEventOf<Type extends IndexChangeEvent['type']> = Extract<
  IndexChangeEvent,
  { type: Type }
>

/** How an approval ends that builds nothing. */
export type ApprovalEnd = IndexChangeEventOf<
  'approval.rejected' | 'approval.withdrawn' | 'approval.lapsed' | 'approval.expired' | 'approval.refused'
>
