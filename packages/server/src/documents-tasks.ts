import { z } from '@hono/zod-openapi'
import { instant, timelineEventSchema } from './documents.ts'

/** A message of the organization. */
export const taskSchema = z
  .object({
    id: z.string(),
    at: instant,
    from: z.string(),
    to: z.string(),
    type: z.string(),
    subject: z.string(),
    priority: z.string().nullable(),
    thread: z.string(),
    state: z.enum(['sent', 'open', 'done', 'undeliverable']),
    holder: z.string().nullable(),
    body: z.record(z.string(), z.any()),
  })
  .openapi('Task')

/** A message and what was answered. */
export const answeredTaskSchema = taskSchema
  .extend({
    answers: z.array(z.object({ at: instant, from: z.string(), type: z.string(), said: z.any() })),
  })
  .openapi('AnsweredTask')

/** A conversation: its messages, and one timeline across all participants. */
export const threadSchema = z
  .object({
    thread: z.string(),
    messages: z.array(taskSchema),
    events: z.array(timelineEventSchema.extend({ stream: z.string() })),
  })
  .openapi('Thread')
