import { z } from '@hono/zod-openapi'
import { LEVELS } from '@esa/protocol'
import { instant } from './documents.ts'

const count = z.number().int()
const ms = z.number()
const counts = z.record(z.string(), count)
const window = { windowMs: ms, sinceAt: instant, complete: z.boolean() }
const placeSchema = z.object({ address: z.string(), database: z.string(), system: z.string().nullable() })

/** A worker as it was heard of last. */
const workerSchema = z
  .object({
    id: z.string(),
    pid: count,
    host: z.string(),
    startedAt: instant,
    beatAgeMs: ms,
    skewMs: ms,
  })
  .openapi('Worker')

const backlogSchema = z.object({ messages: count, activities: count, dead: count, oldestMs: ms.nullable() })

const standing = {
  open: z.object({
    total: count,
    byLevel: counts,
    byStatus: counts,
    levels: z.array(
      z.object({
        level: z.enum(LEVELS),
        open: count,
        byStatus: counts,
        overdue: count,
        nextDeadlineAt: instant.nullable(),
        toDeadlineMs: ms.nullable(),
      }),
    ),
  }),
  overdue: count,
  exhausted: z.array(z.string()),
  exhaustedCount: count,
  suppressed: z.object({ count, silenced: count, nextEndAt: instant.nullable() }),
  unanswered: z.object({ count, oldestMs: ms.nullable() }),
  acks: z.object({
    count,
    oldestMs: ms.nullable(),
    running: z.array(
      z.object({ id: z.string(), level: z.string(), heldBy: z.string().nullable(), ageMs: ms, leftMs: ms }),
    ),
  }),
}

const counted = {
  lateness: z.object({
    ...window,
    promiseMs: ms,
    samples: count,
    p50Ms: ms.nullable(),
    p99Ms: ms.nullable(),
    maxMs: ms.nullable(),
  }),
  passed: z.object({ ...window, total: count, byLevel: counts }),
  notices: z.object({ ...window, failed: count, dropped: count }),
  resolved: z.object({
    ...window,
    n: count,
    tooFew: z.boolean(),
    levels: z.array(
      z.object({ level: z.enum(LEVELS), n: count, share: z.number().nullable(), healthy: z.number() }),
    ),
  }),
  emergencies: z.object({
    ...window,
    opened: count,
    tooFew: z.boolean(),
    n: count,
    share: z.number().nullable(),
    healthyBelow: z.number(),
  }),
  response: z.object({
    ...window,
    levels: z.array(
      z.object({
        level: z.enum(LEVELS),
        told: count,
        answered: count,
        p50Ms: ms.nullable(),
        p95Ms: ms.nullable(),
        targetMs: ms,
        withinTarget: z.number().nullable(),
      }),
    ),
  }),
  sweep: z.object({ ageMs: ms.nullable() }),
  clock: z.object({ skewMs: ms.nullable() }),
}

/** What runs, what is open by level, and how late the ladder has been. */
export const statusSchema = z
  .object({
    runtimeId: z.string(),
    running: z.boolean(),
    database: z.string(),
    muted: z.boolean(),
    here: placeSchema,
    places: z.array(placeSchema),
    queues: z.enum(['postgresql', 'redis']),
    log: z.object({ role: z.string(), owner: z.string(), guarded: z.boolean() }),
    wake: z.object({ listen: z.boolean(), pollMs: ms }),
    timeScale: z.number(),
    oneOperator: z.string().nullable().openapi({ description: 'Who approves alone; null: two persons do' }),
    nowAt: instant,
    agents: count,
    workers: z.array(workerSchema),
    ...standing,
    ...counted,
    backlog: backlogSchema,
  })
  .openapi('Status')

/** What waits by tier, what was given up, and who works it off. */
export const queuesSchema = z
  .object({
    nowAt: instant,
    queues: z.array(
      z.object({ queue: z.string(), messages: count, activities: count, oldestMs: ms.nullable() }),
    ),
    messages: count,
    activities: count,
    dead: count,
    oldestMs: ms.nullable(),
    deadMessages: z.array(
      z.object({
        id: z.string(),
        at: instant,
        queue: z.string(),
        from: z.string(),
        to: z.string().nullable(),
        type: z.string(),
        code: z.string(),
        thread: z.string(),
      }),
    ),
    workers: z.array(workerSchema),
  })
  .openapi('Queues')
