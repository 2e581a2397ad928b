import type { ActorDefinition } from '@esa/actor'
import type { Directory } from '@esa/org'
import type { DoneBy } from './agent-actions.ts'
import { agentMachine } from './agent.machine.ts'
import { cardFacts } from './card-facts.ts'
import type { Mind } from './mind.ts'

/** The type of the mailbox of every agent that has no code of its own. */
export const AGENT_TYPE = 'agent'

/** An agent's mailbox as a durable actor; what its card says enters when it opens, and with `card.changed`. */
export function agentDefinition(type: string, mind: Mind, doneBy: DoneBy = {}): ActorDefinition<Directory> {
  return {
    type,
    version: 1,
    machine: agentMachine(mind, doneBy),
    inputFrom: ({ actorId }, directory) => ({ agentId: actorId, ...cardFacts(directory, actorId) }),
  }
}
