import { commandSchema, incidentCommands } from '@esa/escalation'
import { agentIdSchema, categorySchema, EsaError } from '@esa/protocol'
import * as z from 'zod'

/** Longest horizon, 366 days of virtual time: beyond it a typo is likelier than an intent. */
const HORIZON_MAX_MS = 366 * 86_400_000

/** Most commands of one scenario: a story, not a load test. */
const COMMANDS_MAX = 1_000

/** A second open with the same key; its category is the scenario's when it names none. */
const openSchema = z.strictObject({
  type: z.literal('open'),
  as: z.union([agentIdSchema, z.literal('operator')]),
  by: z.string().max(200).optional(),
  category: categorySchema.optional(),
})

const actSchema = commandSchema(incidentCommands, openSchema)
const instantSchema = z.int().nonnegative().max(HORIZON_MAX_MS)

/** A command and when it comes, in virtual ms since the opening. */
const timedSchema = z.looseObject({ atMs: instantSchema }).transform(({ atMs, ...rest }, context) => {
  const parsed = actSchema.safeParse(rest)
  if (parsed.success) return { atMs, command: parsed.data }
  for (const issue of parsed.error.issues)
    context.addIssue({ code: 'custom', message: issue.message, path: issue.path })
  return z.NEVER
})

/**
 * What goes wrong, in virtual ms since the opening: deadlines are not served for a while, an agent is stopped, or the
 * last notice to an agent is not delivered.
 */
const faultSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('outage'), atMs: instantSchema, forMs: instantSchema.min(1) }),
  z.strictObject({ type: z.literal('stop'), atMs: instantSchema, agent: agentIdSchema }),
  z.strictObject({ type: z.literal('notice-fails'), atMs: instantSchema, agent: agentIdSchema }),
])

/** What is simulated: an incident, and who does what when. Without a horizon the ladder runs to its end. */
export const scenarioSchema = z.strictObject({
  agent: agentIdSchema,
  category: categorySchema,
  commands: z.array(timedSchema).max(COMMANDS_MAX).default([]),
  horizonMs: instantSchema.min(1).optional(),
  seed: z.int().nonnegative().max(0xffff_ffff).default(1),
  faults: z.array(faultSchema).max(COMMANDS_MAX).default([]),
})

/** A scenario as it was checked. */
export type Scenario = z.output<typeof scenarioSchema>

/** Something that goes wrong in a scenario, as it was checked. */
export type ScenarioFault = Scenario['faults'][number]

/** Checks a scenario. @throws EsaError `scenario.invalid` (terminal). */
export function parseScenario(input: unknown): Scenario {
  const parsed = scenarioSchema.safeParse(input)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { faults, horizonMs = Infinity, commands } = parsed.data
  const command = commands.find(({ atMs }) => atMs > horizonMs)
  if (command !== undefined) throw beyond(`command ${command.command.type}`, command.atMs, horizonMs)
  const fault = faults.find(({ atMs }) => atMs > horizonMs)
  if (fault !== undefined) throw beyond(`fault ${fault.type}`, fault.atMs, horizonMs)
  return parsed.data
}

function beyond(what: string, atMs: number, horizonMs: number): EsaError {
  return invalid(`the ${what} at ${atMs} ms lies past the horizon of ${horizonMs} ms`)
}

function invalid(why: string): EsaError {
  return new EsaError('scenario.invalid', 'terminal', `this is not a scenario: ${why}`, {
    hint: 'a scenario looks like {"agent":"layer-1","category":"integration","commands":[{"atMs":60000,"type":"acknowledge","as":"layer-2"}]}',
  })
}
