import * as z from 'zod'
import { agentIdSchema } from './ids.ts'
import { categorySchema } from './ladder-words.ts'

/** What opens an incident, or counts up an open one of the same agent and dedup key. */
export const openIncidentSchema = z.strictObject({
  agent: agentIdSchema,
  category: categorySchema,
  title: z.string().trim().min(1).max(200),
  dedupKey: z.string().min(1).max(200).optional(),
  evidence: z.json().optional(),
  by: z.string().max(200).optional(),
})
export type OpenIncident = z.infer<typeof openIncidentSchema>
