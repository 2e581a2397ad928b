import { z } from '@hono/zod-openapi'
import { agentPage, agentStates, isServed, readFigures, seatOf } from '@esa/operations'
import { onCall } from '@esa/operations/notifications'
import { isoTime, levelSchema } from '@esa/protocol'
import { agentPageSchema, agentStateSchema } from '../documents-agents.ts'
import { type McpTool, tool } from './tool.ts'

const agents = tool({
  name: 'agents_list',
  title: 'List agents',
  description: 'Every agent of the organization: its place, who sits there, and what it has to do with now.',
  scope: 'agents:read',
  effect: { kind: 'reads' },
  input: z.object({
    division: z.string().optional(),
    busy: z.boolean().default(false).describe('Only those with open items or incidents'),
  }),
  output: z.object({ agents: z.array(agentStateSchema) }),
  run: async ({ world }, { division, busy }) => {
    const all = await agentStates(world)
    return {
      agents: all.filter(
        (agent) =>
          (division === undefined || agent.division === division) &&
          (!busy || agent.openItems > 0 || Object.values(agent.incidents).some((ids) => ids.length > 0)),
      ),
    }
  },
})

const agent = tool({
  name: 'agents_show',
  title: 'Show an agent',
  description: 'One agent: the facts of its card, its figures, its inbox, and what it did last.',
  scope: 'agents:read',
  effect: { kind: 'reads' },
  input: z.object({ id: z.string() }),
  output: agentPageSchema,
  run: ({ world }, { id }) => agentPage(world, id),
})

const duty = tool({
  name: 'seats_show',
  title: 'Who sits in a seat',
  description: 'Whether a person (or an outside model) sits in an agent’s seat, or its built-in playbook.',
  scope: 'agents:read',
  effect: { kind: 'reads' },
  input: z.object({ agent: z.string() }),
  output: z.object({ agent: z.string(), seat: z.enum(['built-in', 'human']) }),
  run: async ({ world }, { agent: id }) => ({ agent: id, seat: await seatOf(world, id) }),
})

const onDuty = tool({
  name: 'seats_on_call',
  title: 'Who is on call',
  description:
    'Which people are on call for an agent’s seat at a level now: those who hold it, or their override.',
  scope: 'incidents:read',
  effect: { kind: 'reads' },
  input: z.object({ agent: z.string(), level: levelSchema }),
  output: z.object({
    agent: z.string(),
    level: levelSchema,
    at: z.string(),
    people: z.array(z.object({ person: z.string(), standsIn: z.string().nullable() })),
  }),
  run: async ({ world }, { agent: id, level }) => {
    const { people, ...about } = await onCall(world, id, level)
    // A model does not need a person's addresses.
    return { ...about, people: people.map(({ person, standsIn }) => ({ person, standsIn })) }
  },
})

const status = tool({
  name: 'status',
  title: 'Status of the runtime',
  description: 'What is open, by level and category, how late the ladder is, and which workers live.',
  scope: 'incidents:read',
  effect: { kind: 'reads' },
  input: z.object({}),
  output: z.object({ served: z.boolean(), nowAt: z.string(), figures: z.looseObject({}) }),
  run: async ({ world }) => {
    const { nowMs } = await world.store.runtime()
    const [{ figures }, served] = await Promise.all([readFigures(world.store, nowMs), isServed(world.store)])
    return { served, nowAt: isoTime(nowMs), figures }
  },
})

/** Tools that read the organization. */
export const organizationTools: readonly McpTool[] = [agents, agent, duty, onDuty, status]
