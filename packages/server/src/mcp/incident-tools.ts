import { z } from '@hono/zod-openapi'
import { timeline, type IncidentCommands, incidentCommands } from '@esa/escalation'
import {
  commandIncident,
  listIncidents,
  listTimers,
  openIncident,
  parseIncidentCommand,
  requireIncident,
  requireStream,
} from '@esa/operations'
import { CATEGORIES, isoTime, levelSchema, LEVELS } from '@esa/protocol'
import { incidentSchema, timelineEventSchema, timerSchema } from '../documents.ts'
import { asSchema, type McpTool, tool } from './tool.ts'

/** What every answer to a command has of the incident; all else comes as well. The whole of it is declared once, by what reads it: a model pays for each word of a list of tools. */
const after = z.looseObject({
  id: z.string(),
  status: z.string(),
  level: z.enum(LEVELS),
  heldBy: z.string().nullable(),
  addressees: z.array(z.string()),
  deadlineAt: z.string().nullable(),
  nowAt: z.string(),
})

/** Incidents that one listing shows; a model reads no more of them with profit. */
const LISTED_MAX = 100

const idSchema = z.string().describe('Id of the incident')

const list = tool({
  name: 'incidents_list',
  title: 'List incidents',
  description: 'Incidents, the newest first, with their level, who is notified, and the next deadline.',
  scope: 'incidents:read',
  effect: { kind: 'reads' },
  input: z.object({
    open: z.boolean().default(true).describe('Only those that are open'),
    level: levelSchema.optional(),
    limit: z.number().int().min(1).max(LISTED_MAX).default(LISTED_MAX),
  }),
  output: z.object({ incidents: z.array(incidentSchema), more: z.number().int() }),
  run: async ({ world }, { open, level, limit }) => {
    const found = await listIncidents(world.store, { open, ...(level === undefined ? {} : { level }) })
    return { incidents: found.slice(0, limit), more: Math.max(0, found.length - limit) }
  },
})

const show = tool({
  name: 'incidents_show',
  title: 'Show an incident',
  description: 'One incident: its status, its levels, who must answer until when, and the evidence.',
  scope: 'incidents:read',
  effect: { kind: 'reads' },
  input: z.object({ id: idSchema }),
  output: incidentSchema,
  run: ({ world }, { id }) => requireIncident(world.store, id),
})

const story = tool({
  name: 'incidents_timeline',
  title: 'Read a timeline',
  description:
    'What happened to an incident (or what an agent did), in order. Reads only, and sends nothing.',
  scope: 'incidents:read',
  effect: { kind: 'reads' },
  input: z.object({ id: z.string().describe('Id of an incident or an agent') }),
  output: z.object({ id: z.string(), events: z.array(timelineEventSchema) }),
  run: async ({ world }, { id }) => {
    const { events } = await requireStream(world.store, world.databaseUrl, id)
    return { id, events: timeline(events) }
  },
})

const timers = tool({
  name: 'timers_list',
  title: 'List deadlines',
  description: 'Every armed deadline of the ladder, the next first, and the time by which it counts.',
  scope: 'incidents:read',
  effect: { kind: 'reads' },
  input: z.object({}),
  output: z.object({ timers: z.array(timerSchema), nowAt: z.string() }),
  run: async ({ world }) => {
    const { timers: armed, nowMs } = await listTimers(world.store)
    return { timers: armed, nowAt: isoTime(nowMs) }
  },
})

const open = tool({
  name: 'incidents_open',
  title: 'Open an incident',
  description:
    'Opens an incident of an agent, which climbs the ladder of its card from now on. With a dedup key, a second one of the same agent and key is counted on the first.',
  scope: 'incidents:write',
  effect: { kind: 'acts' },
  input: z.object({
    agent: z.string().describe('Whose incident it is, such as layer-1'),
    category: z.enum(CATEGORIES),
    title: z.string(),
    dedupKey: z.string().optional(),
    evidence: z.json().optional(),
  }),
  output: after.extend({ created: z.boolean() }),
  run: async ({ world }, body) => {
    const { incident: opened, created } = await openIncident(world, body)
    return { ...opened, created }
  },
})

/** A tool for each command to an incident. */
export function commandTools(table: IncidentCommands = incidentCommands): McpTool[] {
  return Object.entries(table).map(([type, spec]) => commandTool(type, spec))
}

function commandTool(
  type: string,
  { http, help, scope, ends, fields, words = {} }: IncidentCommands[string],
): McpTool {
  const word = (field: string): string => words[field] ?? field
  const shape = Object.entries(fields).map(([field, schema]) => [
    word(field),
    inMs(field, schema as z.ZodType),
  ])
  return {
    ...tool({
      name: `incidents_${http}`,
      title: `${type.charAt(0).toUpperCase()}${type.slice(1)} an incident`,
      description: help,
      scope,
      effect: { kind: ends === true ? 'ends' : 'acts' },
      input: z.strictObject({ id: idSchema, as: asSchema, ...(Object.fromEntries(shape) as z.ZodRawShape) }),
      output: after,
      run: async (desk, { id, as, ...rest }) => {
        const given = parseIncidentCommand({
          ...rest,
          type,
          as: await desk.actor(as, scope),
        })
        return commandIncident(desk.world, id, given)
      },
    }),
    renamed: Object.fromEntries(Object.entries(words).map(([field, now]) => [field, now ?? field])),
  }
}

/** A model reads the unit where it reads the limit. */
function inMs(field: string, schema: z.ZodType): z.ZodType {
  return field.endsWith('Ms') ? schema.describe(`${schema.description ?? ''}; in milliseconds`) : schema
}

/** Tools that read and command incidents. */
export const incidentTools: readonly McpTool[] = [list, show, story, timers, open, ...commandTools()]
