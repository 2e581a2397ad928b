import { z } from '@hono/zod-openapi'
import { AGENT_KINDS, LEVELS } from '@esa/protocol'
import { instant, timelineEventSchema } from './documents.ts'

const ids = z.array(z.string())

const awaitedSchema = z
  .object({
    messageId: z.string(),
    to: z.string(),
    type: z.string(),
    subject: z.string(),
    thread: z.string(),
    sinceAt: instant,
    dueAt: instant,
  })
  .openapi('Awaited')

/** An agent and what it has to do with at one instant. */
export const agentStateSchema = z
  .object({
    id: z.string(),
    kind: z.enum(AGENT_KINDS),
    number: z.number().int().nullable(),
    name: z.string(),
    division: z.string().nullable(),
    reportsTo: ids,
    manages: ids,
    chief: z.string().nullable(),
    domain: z.string().nullable(),
    peers: ids,
    hasCard: z.boolean(),
    status: z.enum(['untold', 'resting', 'watching', 'stopped']),
    seat: z.enum(['built-in', 'human']),
    workload: z.enum(['normal', 'busy', 'overloaded', 'critical']),
    lastActiveAt: instant.nullable(),
    openItems: z.number().int(),
    oldestItemAt: instant.nullable(),
    awaits: z.array(awaitedSchema),
    incidents: z.object({ held: ids, addressed: ids, own: ids }),
    incidentCounts: z.object({
      held: z.number().int(),
      addressed: z.number().int(),
      own: z.number().int(),
    }),
  })
  .openapi('AgentState')

/** An agent as its card, or the chart, has it. */
const agentCardSchema = z
  .object({
    id: z.string(),
    kind: z.enum(AGENT_KINDS),
    number: z.number().int().nullable(),
    name: z.string(),
    division: z.string().nullable(),
    reportsTo: ids,
    responsibilities: z.array(z.string()),
    technologies: z.array(z.string()),
    escalation: z.array(
      z.object({
        level: z.enum(LEVELS),
        agents: ids,
        waitMs: z.number().int().nullable(),
        reasons: z.array(z.string()),
        line: z.number().int(),
      }),
    ),
    collaboration: z.array(z.object({ with: ids, purpose: z.string() })),
    manages: ids,
    metrics: z.array(
      z.object({
        key: z.string(),
        text: z.string(),
        comparator: z.enum(['<', '<=', '>', '>=', '=']),
        value: z.number(),
        unit: z.string(),
        percentile: z.number().optional(),
        line: z.number().int(),
      }),
    ),
    cardHash: z.string().nullable(),
    hasCard: z.boolean(),
  })
  .openapi('AgentCard')

const ratios = {
  tasksCompleted: z.number().int(),
  tasksFailed: z.number().int(),
  averageMs: z.number().nullable(),
  errorRate: z.number().nullable(),
}

const windowSchema = z.object({ ...ratios, sinceAt: instant, untilAt: instant })

const standing = {
  ...ratios,
  lastActiveAt: instant.nullable(),
  openItems: z.number().int(),
  awaited: z.number().int(),
}

/** What an agent exposes of its work, and of those below it together. */
const agentFiguresSchema = z
  .object({
    agent: z.string(),
    ...standing,
    workload: z.object({
      load: z.number(),
      level: z.enum(['normal', 'busy', 'overloaded', 'critical']),
    }),
    team: z
      .object({
        ...standing,
        agents: z.number().int(),
        overloaded: ids,
        trend: z.object({ last: windowSchema, before: windowSchema }),
      })
      .nullable(),
  })
  .openapi('AgentFigures')

/** Something that waits in an agent's inbox; of a statement to be approved `statement` has the text and the hash that an approval binds. */
export const inboxItemSchema = z
  .object({
    id: z.string(),
    agent: z.string(),
    kind: z.enum(['incident', 'message']),
    from: z.string(),
    type: z.string(),
    about: z.string(),
    body: z.record(z.string(), z.any()),
    at: instant,
    statement: z
      .object({
        approval: z.string().nullable(),
        target: z.string(),
        text: z.string(),
        hash: z.string(),
        change: z.string().nullable(),
      })
      .nullable(),
  })
  .openapi('InboxItem')

/** Everything about one agent. */
export const agentPageSchema = z
  .object({
    card: agentCardSchema,
    state: agentStateSchema,
    figures: agentFiguresSchema,
    inbox: z.array(inboxItemSchema),
    events: z.array(timelineEventSchema.omit({ sinceMs: true })),
  })
  .openapi('AgentPage')
