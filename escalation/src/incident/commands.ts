import type { StepEnv } from '@esa/actor'
import { agentIdSchema, type CommandSpec, HOLD_MAX_MS, SNOOZE_MAX_MS } from '@esa/protocol'
import * as z from 'zod'
import type { IncidentContext } from './incident-context.ts'

type Spec<Fields extends z.ZodRawShape> = CommandSpec<IncidentContext, StepEnv, Fields>

/** Keeps the literal types of a row. */
const command = <const Http extends string, Fields extends z.ZodRawShape>(
  spec: Spec<Fields> & { http: Http },
) => spec

const durationMs = z.number().int().positive()
const why = z.string().trim().min(1).max(1_000)

/**
 * The commands of an open incident, once: the edges derive theirs from this table. A new command is a row
 * here, a transition in the machine, an action, and a rule for who may. Source: docs/escalation.md, "States and commands".
 */
export const incidentCommands = {
  acknowledge: command({
    http: 'ack',
    cli: 'ack',
    scope: 'incidents:ack',
    help: 'Takes the incident: the wait stops, and an acknowledgement time-out runs.',
    example: '--as layer-2 --for 2h',
    fields: { forMs: durationMs.optional().describe('how long it holds, at most 24h (default 2h)') },
    max: HOLD_MAX_MS,
    least: () => ({}),
  }),
  escalate: command({
    http: 'escalate',
    cli: 'escalate',
    scope: 'incidents:write',
    help: 'Counts as a missed wait: the next level is notified now.',
    example: '--as layer-2 --epoch 3',
    fields: {
      epoch: z.number().int().nonnegative().optional().describe('refuse when it moved on since this epoch'),
    },
    least: () => ({}),
  }),
  resolve: command({
    http: 'resolve',
    cli: 'resolve',
    scope: 'incidents:write',
    help: 'Ends it, with its cause: all timers stop, and every notified agent learns it.',
    example: '--as chief-1 --reason "missing index"',
    fields: { cause: why.describe('what it was') },
    words: { cause: 'reason' },
    ends: true,
    least: () => ({ cause: 'done' }),
  }),
  snooze: command({
    http: 'snooze',
    cli: 'snooze',
    scope: 'incidents:write',
    help: 'Quiet for a while; then the same level is notified again.',
    example: '--as domain-1 --for 1h',
    fields: { forMs: durationMs.describe('at most 4h') },
    max: SNOOZE_MAX_MS,
    least: () => ({ forMs: 1 }),
  }),
  suppress: command({
    http: 'suppress',
    cli: 'suppress',
    scope: 'incidents:write',
    help: 'Freezes what is left of the wait.',
    example: '--as operator --for 1h',
    fields: { forMs: durationMs.describe('at most 24h') },
    max: HOLD_MAX_MS,
    least: () => ({ forMs: 1 }),
  }),
  unsuppress: command({
    http: 'unsuppress',
    cli: 'unsuppress',
    scope: 'incidents:write',
    help: 'Ends a suppression: the rest of the wait runs.',
    example: '',
    fields: {},
    asOptional: true,
    least: () => ({}),
  }),
  reassign: command({
    http: 'reassign',
    cli: 'reassign',
    scope: 'incidents:write',
    help: 'Hands it to another agent at the same level.',
    example: '--as operator --to layer-14',
    fields: { to: agentIdSchema.describe('the agent that takes it') },
    ends: true,
    least: ({ policy }, { unreachable }) => ({
      to:
        policy.path
          .flatMap(({ agents }) => agents)
          .find((agent) => agent !== policy.agent && !unreachable.includes(agent)) ?? policy.agent,
    }),
  }),
  decline: command({
    http: 'decline',
    cli: 'decline',
    scope: 'incidents:ack',
    help: 'Says that an addressee cannot take it: after the last one, the next level is notified.',
    example: '--as layer-3 --reason "not my pool"',
    fields: { reason: why.describe('why') },
    least: () => ({ reason: 'not mine' }),
  }),
  raise: command({
    http: 'raise',
    cli: 'raise',
    scope: 'incidents:write',
    help: 'Raises it to data loss: the CEO is notified at once. This cannot be taken back.',
    example: '--as layer-1',
    fields: {},
    least: () => ({}),
  }),
  withdraw: command({
    http: 'withdraw',
    cli: 'withdraw',
    scope: 'incidents:write',
    help: 'Ends it as opened by mistake; for the agent that opened it.',
    example: '--as layer-1',
    fields: { because: z.string().max(1_000).optional().describe('why') },
    words: { because: 'reason' },
    ends: true,
    least: () => ({}),
  }),
}

/** A table of commands: this one, or this one with more. */
export type IncidentCommands = { readonly [Type in string]: Spec<z.ZodRawShape> }

type Table = typeof incidentCommands
export type IncidentCommandType = keyof Table

const who = z.union([agentIdSchema, z.literal('operator')])
const by = z.string().max(200).optional()

/** A command as the incident takes it: `as` is an agent or `operator` (all rights), `by` names the person or process. */
export type IncidentCommand = {
  [Type in IncidentCommandType]: {
    type: Type
    as: z.output<typeof who>
    by?: string | undefined
  } & (keyof Table[Type]['fields'] extends never ? unknown : z.output<z.ZodObject<Table[Type]['fields']>>)
}[IncidentCommandType]

/**
 * The commands of an open incident, as an edge may give them. Limits on durations are the incident's to refuse, so that a
 * refusal is recorded. `more` are other things that may come in their place.
 */
export function commandSchema<More extends z.ZodObject = never>(
  table: IncidentCommands = incidentCommands,
  ...more: More[]
): z.ZodType<IncidentCommand | z.output<More>> {
  const schemas = Object.entries(table).map(([type, { fields }]) =>
    z.strictObject({ type: z.literal(type), as: who, by, ...fields }),
  )
  const [first, ...others]: z.ZodObject[] = [...schemas, ...more]
  const union = z.discriminatedUnion('type', [first!, ...others])
  return z.preprocess((given) => inMessageWords(given, table), union) as unknown as z.ZodType<
    IncidentCommand | z.output<More>
  >
}

/** A command with the word of an edge (`reason`) in the place that its messages have for it. */
function inMessageWords(given: unknown, table: IncidentCommands): unknown {
  if (given === null || typeof given !== 'object' || !('type' in given)) return given
  const { words = {} } = (Object.hasOwn(table, String(given.type)) ? table[String(given.type)] : null) ?? {}
  const named = Object.entries(given).map(([key, value]): [string, unknown] => {
    const [field] = Object.entries(words).find(([, word]) => word === key) ?? []
    return [field === undefined || Object.hasOwn(given, field) ? key : field, value]
  })
  return Object.fromEntries(named)
}
