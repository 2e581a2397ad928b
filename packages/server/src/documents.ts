import { z } from '@hono/zod-openapi'
import { CATEGORIES, LEVELS } from '@esa/protocol'

/** Instants are ISO 8601 UTC with ms; durations are integer ms. */
export const instant = z.string().openapi({ format: 'date-time' })

const pathStepSchema = z.object({
  level: z.enum(LEVELS),
  agents: z.array(z.string()),
  waitMs: z.number().int(),
})

/** An incident as every edge shows it. Source: docs/cli.md. */
export const incidentSchema = z
  .object({
    id: z.string(),
    agent: z.string(),
    category: z.enum(CATEGORIES),
    title: z.string(),
    status: z.string(),
    level: z.enum(LEVELS),
    epoch: z.number().int(),
    deadlineAt: instant.nullable(),
    timerKind: z.string().nullable(),
    path: z.array(pathStepSchema),
    policyHash: z.string(),
    duplicates: z.number().int(),
    dataLoss: z.boolean(),
    addressees: z.array(z.string()),
    heldBy: z.string().nullable(),
    evidence: z.any(),
    openedAt: instant,
    nowAt: instant,
    timeScale: z.number(),
    seq: z.number().int(),
  })
  .openapi('Incident')

/** One entry of a timeline. */
export const timelineEventSchema = z
  .object({
    seq: z.number().int(),
    at: instant,
    sinceMs: z.number().int(),
    type: z.string(),
    level: z.string().optional(),
    actor: z.string().optional(),
    epoch: z.number().int(),
    lateMs: z.number().int().optional(),
    data: z.record(z.string(), z.any()),
  })
  .openapi('TimelineEvent')

/** An armed deadline. */
export const timerSchema = z
  .object({ incidentId: z.string(), kind: z.string(), dueAt: instant, overdueMs: z.number().int() })
  .openapi('Timer')
