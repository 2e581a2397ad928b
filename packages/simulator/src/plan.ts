import { type IncidentCommandType, incidentCommands } from '@esa/escalation'
import { agentIdSchema, CATEGORIES, categorySchema, EsaError } from '@esa/protocol'
import * as z from 'zod'

/** Points at which a step may be interrupted: crashes, pauses and store trouble happen here and nowhere else. */
export const STEP_POINTS = [
  'begin',
  'lock',
  'clock',
  'write',
  'before-commit',
  'after-commit',
  'claim',
  'release',
  'bury',
  'due',
  'sweep',
  'read',
] as const
export type StepPoint = (typeof STEP_POINTS)[number]

const ms = z.int().nonnegative()
const share = z.number().min(0).max(1)
const atMs = { atMs: ms }
const window = { ...atMs, forMs: ms.min(1) }
const worker = { worker: z.int().nonnegative().max(7) }

/** An instant of an incident's life: from the deadline that an epoch armed, from its arming, or of the world. */
const whenSchema = z.union([
  z.strictObject({ epoch: z.int().positive(), plusMs: z.int() }),
  z.strictObject({ epoch: z.int().positive(), afterMs: ms }),
  z.strictObject(atMs),
])
export type When = z.output<typeof whenSchema>

/** Who acts: a role in the incident at that instant, or an agent by name. */
const asSchema = z.union([z.enum(['operator', 'addressee', 'opener', 'ceo']), agentIdSchema])

/** A command to an incident; an epoch is given as a distance from the current one. */
const askedSchema = z.strictObject({
  type: z.enum(Object.keys(incidentCommands) as [IncidentCommandType]),
  as: asSchema,
  forMs: ms.optional(),
  to: agentIdSchema.optional(),
  epochPlus: z.int().optional(),
})
export type Asked = z.output<typeof askedSchema>

/** What people and agents do. */
const deedSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('open'),
    ...atMs,
    incident: z.int().nonnegative(),
    agent: agentIdSchema,
    category: categorySchema,
    key: z.string().min(1).max(200).optional(),
  }),
  z.strictObject({
    do: z.literal('command'),
    incident: z.int().nonnegative(),
    when: whenSchema,
    asked: askedSchema,
    by: z.enum(['cli', 'message']),
  }),
  z.strictObject({ do: z.literal('stop'), ...atMs, agent: agentIdSchema }),
  z.strictObject({ do: z.literal('card'), ...atMs, agent: agentIdSchema, times: z.number().positive() }),
])

/** What goes wrong. */
const faultSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('ring'), incident: z.int().nonnegative(), when: whenSchema }),
  z.strictObject({
    do: z.literal('crash'),
    ...atMs,
    ...worker,
    point: z.enum(STEP_POINTS),
    backInMs: ms,
  }),
  z.strictObject({ do: z.literal('freeze'), ...window, ...worker }),
  z.strictObject({ do: z.literal('workers-down'), ...window }),
  z.strictObject({ do: z.literal('store-down'), ...window }),
  z.strictObject({ do: z.literal('lost-answer'), ...atMs }),
  z.strictObject({ do: z.literal('bus-wiped'), ...atMs }),
  z.strictObject({ do: z.literal('bus-down'), ...window }),
  z.strictObject({ do: z.literal('bus-bad'), ...window, lose: share, double: share, late: share }),
  z.strictObject({ do: z.literal('deaf'), ...window }),
  z.strictObject({ do: z.literal('activities-bad'), ...window, fail: share, hang: share }),
  z.strictObject({ do: z.literal('interleaved'), ...window, pause: share }),
  z.strictObject({ do: z.literal('clock-jump'), ...atMs, ...worker, byMs: z.int() }),
])

const momentSchema = z.union([deedSchema, faultSchema])
export type Moment = z.output<typeof momentSchema>
export type MomentOf<T extends Moment['do']> = Extract<Moment, { do: T }>

/** One run from end to end, spelled out: what happens when, and the seed of all that is left to chance. */
const planSchema = z.strictObject({
  seed: z.string().regex(/^\d{1,20}$/),
  lastsMs: ms.min(1),
  workers: z.int().positive().max(8),
  /** True when notices reach the agents' own mailboxes, and built-in seats answer. */
  mailboxes: z.boolean(),
  moments: z.array(momentSchema),
})
export type Plan = z.output<typeof planSchema>

/** A run that broke an invariant, kept so that it runs again from then on. */
export const historySchema = z.strictObject({ invariant: z.string(), plan: planSchema })

/** Reads a kept run. @throws EsaError `history.invalid` (terminal). */
export function parseHistory(input: unknown): z.output<typeof historySchema> {
  const parsed = historySchema.safeParse(input)
  if (parsed.success) return parsed.data
  throw new EsaError(
    'history.invalid',
    'terminal',
    `this is not a kept run: ${z.prettifyError(parsed.error)}`,
  )
}

/** Categories that runs draw from. */
export const PLAN_CATEGORIES = CATEGORIES
