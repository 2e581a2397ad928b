import { z } from '@hono/zod-openapi'
import { instant } from './documents.ts'
import { TARGET_WORKS } from '@esa/operations/plugin'

/** A named database, without its password. */
export const targetSchema = z
  .object({
    name: z.string(),
    at: z.string(),
    workload: z.boolean(),
    timeoutMs: z.number().int().nullable(),
    connections: z.number().int().nullable(),
    quiet: z.string().nullable(),
  })
  .openapi('Target')

const tileSchema = z
  .object({
    key: z.string(),
    text: z.string(),
    unit: z.string(),
    comparator: z.string(),
    threshold: z.number(),
    cardLine: z.number().int(),
    value: z.number().nullable(),
    ok: z.boolean().nullable(),
    at: instant.nullable(),
    why: z.string().nullable(),
    method: z.string().nullable(),
    samples: z.number().nullable(),
    windowMs: z.number().nullable(),
    history: z.array(z.object({ at: instant, value: z.number().nullable(), ok: z.boolean().nullable() })),
  })
  .openapi('MetricTile')

/** What is known of a target's metrics. */
export const targetBoardSchema = z
  .object({
    target: z.string(),
    nowAt: instant,
    sinceAt: instant,
    nextLookAt: instant.nullable(),
    everyMs: z.number().nullable(),
    frozen: z.string().nullable(),
    tiles: z.array(tileSchema),
  })
  .openapi('TargetBoard')

/** Something that is done on a target, or was. */
export const runSchema = z
  .object({
    id: z.string(),
    work: z.enum(TARGET_WORKS),
    target: z.string(),
    state: z.enum(['running', 'done', 'failed']),
    startedAt: instant,
    tookMs: z.number().nullable(),
    result: z.any(),
    problem: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
  })
  .openapi('TargetRun')

/** A target that nothing is applied to, or may be again. */
export const frozenSchema = z
  .object({
    target: z.string(),
    frozen: z.boolean(),
    by: z.string(),
    reason: z.string().nullable(),
    at: instant.nullable(),
  })
  .openapi('FrozenTarget')
