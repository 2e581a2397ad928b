import * as z from 'zod'
import { categorySchema } from './ladder-words.ts'
import { situationSchema } from './when-to-escalate.ts'

const text = z.string().trim().min(1).max(4_000)
const json = z.json()

/**
 * The body of each message type of the organization's protocol. Source: docs/protocol.md, "Message types".
 * Incident commands are not messages of the organization: see the table of commands in escalation.
 */
export const bodySchemas = {
  task_request: z.strictObject({ task: text, data: json.optional() }),
  task_complete: z.strictObject({ task: text, result: json.optional() }),
  status_update: z.strictObject({ status: text, data: json.optional() }),
  best_practice: z.strictObject({ practice: text }),
  lesson_learned: z.strictObject({ lesson: text }),
  insight_share: z.strictObject({ insight: text, data: json.optional() }),
  sync_request: z.strictObject({ about: text }),
  dependency_update: z.strictObject({ dependency: text, change: text }),
  resource_request: z.strictObject({ resource: text, reason: text }),
  conflict: z.strictObject({
    about: text,
    positions: z.array(text).max(16).default([]),
    evidence: json.optional(),
  }),
  blocker: z.strictObject({ blockedBy: text }),
  incident: z.strictObject({
    what: text,
    situation: situationSchema.optional(),
    category: categorySchema.optional(),
    evidence: json.optional(),
  }),
  proposal: z.strictObject({ proposal: text, data: json.optional() }),
  decision: z.strictObject({ decision: text, because: text }),
  directive: z.strictObject({ directive: text }),
} as const

export type MessageType = keyof typeof bodySchemas

/** Types that need an answer; the others need none unless they say so. */
export const ANSWERABLE: ReadonlySet<string> = new Set<MessageType>([
  'task_request',
  'sync_request',
  'resource_request',
  'conflict',
  'blocker',
  'incident',
  'proposal',
  'directive',
])
