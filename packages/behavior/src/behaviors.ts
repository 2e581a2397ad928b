import type { ActorDefinition } from '@esa/actor'
import type { Directory } from '@esa/org'
import { type AgentId, EsaError } from '@esa/protocol'
import type { DoneBy } from './agent-actions.ts'
import { AGENT_TYPE, agentDefinition } from './agent-definition.ts'
import type { Mind } from './mind.ts'

/** What the agents of an organization do by themselves, and the mailboxes that do it. */
export interface Behaviors {
  /** The actor type of an agent's mailbox: its own where it has a behavior, else the one that serves every card. */
  agentType(agentId: AgentId): string
  /** What an agent does by itself; nothing for one without a behavior. */
  mindOf(agentId: AgentId): Mind
  /** Every actor type that is a mailbox. */
  readonly types: readonly string[]
  /** Every behavior once. */
  readonly minds: readonly Mind[]
  /** The machines of all mailboxes, and of the actors that work for them. */
  definitions(): ActorDefinition<Directory>[]
}

/**
 * Checks a behavior. @throws EsaError `behavior.loses-outcome` (bug): it names the message by which it learns that what it
 * needs is not installed, and takes no such message.
 */
export function defineBehavior(mind: Mind): Mind {
  const { needs, skills = {} } = mind
  const lost = Object.values(needs?.activities ?? {}).find((outcome) => !Object.hasOwn(skills, outcome))
  if (lost === undefined) return mind
  throw new EsaError('behavior.loses-outcome', 'bug', `no skill takes ${lost}`, {
    hint: 'add a skill of that name, or name a message that it has one for',
  })
}

/** The behaviors of an organization, by the id of the agent that has each. */
export function behaviorsOf(byAgent: Record<AgentId, Mind>): Behaviors {
  const agentType = (id: AgentId): string => (Object.hasOwn(byAgent, id) ? id : AGENT_TYPE)
  return {
    agentType,
    mindOf: (id) => (Object.hasOwn(byAgent, id) ? byAgent[id] : undefined) ?? {},
    types: [AGENT_TYPE, ...Object.keys(byAgent)],
    minds: [...new Set(Object.values(byAgent))],
    definitions() {
      const doneBy = doneByOf(byAgent)
      const own = Object.entries(byAgent).map(([id, mind]) => agentDefinition(id, mind, doneBy))
      const actors = Object.values(byAgent).flatMap((mind) => mind.actors ?? [])
      return [agentDefinition(AGENT_TYPE, {}), ...own, ...actors]
    },
  }
}

/** Who does what by themselves. */
function doneByOf(byAgent: Record<AgentId, Mind>): DoneBy {
  const done: DoneBy = {}
  for (const [id, { tasks = {} }] of Object.entries(byAgent))
    for (const task of Object.keys(tasks)) done[task] = [...(done[task] ?? []), id]
  return done
}
