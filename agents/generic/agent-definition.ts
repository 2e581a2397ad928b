import type { ActorDefinition } from '@esa/actor'
import type { Directory } from '@esa/org'
import type { JsonObject } from '@esa/protocol'
import { teamOf } from './agent-figures.ts'
import { agentMachine } from './agent.machine.ts'
import type { Mind } from './mind.ts'

/** The type of the mailbox of every agent that has no code of its own. */
export const AGENT_TYPE = 'agent'

/** An agent's mailbox as a durable actor; what its card says enters once, when it opens. */
export function agentDefinition(type: string, mind: Mind): ActorDefinition<Directory> {
  return {
    type,
    version: 1,
    machine: agentMachine(mind),
    inputFrom: ({ actorId }, directory) => ({
      agentId: actorId,
      chief: directory.chiefOf(actorId) ?? null,
      peers: directory.peersOf(actorId),
      team: teamOf(directory, actorId),
      headcount: directory.all().length,
      metrics: (directory.get(actorId)?.card?.metrics ?? []).map(
        ({ key, comparator, value, unit, percentile }): JsonObject => ({
          key,
          comparator,
          value,
          unit,
          ...(percentile === undefined ? {} : { percentile }),
        }),
      ),
    }),
  }
}
