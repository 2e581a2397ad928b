import type { Change } from '@esa/actor'
import { type JsonObject, textOf } from '@esa/protocol'
import { followedBy } from './in-turn.ts'
import { receive } from './inbox.ts'
import type { AgentContext, Skill } from './mind.ts'
import { objectOf, without } from './records.ts'

/** Agents that are overloaded by their own reports, in order. */
export function overloadedIn({ memory }: AgentContext): string[] {
  return Object.keys(objectOf(memory['overloaded'])).sort()
}

/**
 * Keeps the workload that others report of themselves in memory; any other status, also one about a third party, is
 * received like every message.
 */
export const watchWorkload: Skill = (context, event) => {
  const { kind, agent, level } = objectOf(event['data'])
  if (kind !== 'workload' || agent !== event.from) return receive(context, event)
  const others = without(objectOf(context.memory['overloaded']), textOf(agent))
  const over = level === 'overloaded' || level === 'critical'
  const overloaded: JsonObject = over ? { ...others, [textOf(agent)]: level } : others
  const data = { agent, level, overloaded: Object.keys(overloaded).length }
  return {
    set: { memory: { ...context.memory, overloaded } },
    record: [{ type: 'workload.reported', actor: event.from, data }],
  }
}

/** The CEO's: more than half of the organization overloaded is an incident of its own. Source: docs/protocol.md, "Load". */
export const watchOrganisation: Skill = (context, event) => {
  const watched = watchWorkload(context, event)
  const many = (of: AgentContext): boolean => overloadedIn(of).length * 2 > of.headcount
  const after = { ...context, ...watched.set }
  if (many(context) || !many(after)) return watched
  return followedBy(watched, alarming(after))
}

function alarming(context: AgentContext): Change<AgentContext> {
  const agents = overloadedIn(context)
  const { agentId, headcount } = context
  const dedupKey = 'organisation overloaded'
  const evidence = { kind: 'organisation-overloaded', overloaded: agents.length, of: headcount, agents }
  const title = `${agents.length} of ${headcount} agents are overloaded`
  return {
    record: [{ type: 'organisation.overloaded', data: { overloaded: agents.length, of: headcount } }],
    open: [
      {
        actorType: 'incident',
        key: `${agentId} ${dedupKey}`,
        body: { agent: agentId, category: 'overload', title, dedupKey, evidence },
      },
    ],
  }
}
