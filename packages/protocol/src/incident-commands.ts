import * as z from 'zod'
import { agentIdSchema } from './ids.ts'
import { categorySchema } from './ladder-words.ts'

const who = z.union([agentIdSchema, z.literal('operator')])
const base = { as: who, by: z.string().max(200).optional() }
const durationMs = z.number().int().positive()

/**
 * The commands of an open incident. `as` is the agent id or `operator` (all rights); `by` names the OS user.
 * Limits on durations are the incident's to refuse, so that a refusal is recorded. Source: docs/escalation.md, "States, commands".
 */
export const incidentCommandSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('acknowledge'), ...base, forMs: durationMs.optional() }),
  z.strictObject({ type: z.literal('decline'), ...base, reason: z.string().trim().min(1).max(1_000) }),
  z.strictObject({ type: z.literal('resolve'), ...base, cause: z.string().trim().min(1).max(1_000) }),
  z.strictObject({ type: z.literal('withdraw'), ...base, because: z.string().max(1_000).optional() }),
  z.strictObject({ type: z.literal('snooze'), ...base, forMs: durationMs }),
  z.strictObject({ type: z.literal('suppress'), ...base, forMs: durationMs }),
  z.strictObject({ type: z.literal('unsuppress'), ...base }),
  z.strictObject({ type: z.literal('escalate'), ...base, epoch: z.number().int().nonnegative().optional() }),
  z.strictObject({ type: z.literal('reassign'), ...base, to: agentIdSchema }),
  z.strictObject({ type: z.literal('raise'), ...base }),
])
export type IncidentCommand = z.infer<typeof incidentCommandSchema>
export type IncidentCommandType = IncidentCommand['type']

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
