import type { ActorDefinition } from '@esa/actor'
import type { Directory } from '@esa/org'
import { ceo } from './ceo/agent-0/mind.ts'
import { chief1 } from './chiefs/chief-1/mind.ts'
import { chief } from './chiefs/chief.ts'
import { domain1 } from './domains/domain-1/mind.ts'
import type { DoneBy } from './generic/agent-actions.ts'
import { AGENT_TYPE, agentDefinition } from './generic/agent-definition.ts'
import type { Mind } from './generic/mind.ts'
import { layer1 } from './layers/layer-1/mind.ts'
import { layer2 } from './layers/layer-2/mind.ts'
import { layer3 } from './layers/layer-3/mind.ts'

/** Agents that have code, by id. */
const MINDS: Record<string, Mind> = {
  'agent-0': ceo,
  'chief-1': chief1,
  'chief-2': chief,
  'chief-3': chief,
  'chief-4': chief,
  'chief-5': chief,
  'chief-6': chief,
  'domain-1': domain1,
  'layer-1': layer1,
  'layer-2': layer2,
  'layer-3': layer3,
}

/** Who does what by themselves. */
const DONE_BY: DoneBy = Object.entries(MINDS)
  .flatMap(([id, { tasks = {} }]) => Object.keys(tasks).map((task): [string, string] => [task, id]))
  .reduce<DoneBy>((all, [task, id]) => Object.assign(all, { [task]: [...(all[task] ?? []), id] }), {})

/** The actor type of an agent's mailbox: its own where it has code, else the one that serves every card. */
export function agentType(agentId: string): string {
  return Object.hasOwn(MINDS, agentId) ? agentId : AGENT_TYPE
}

/** What an agent does by itself; nothing for one without code. */
export function mindOf(agentId: string): Mind {
  return (Object.hasOwn(MINDS, agentId) ? MINDS[agentId] : undefined) ?? {}
}

/** The definitions of all agents. */
export function agentDefinitions(): ActorDefinition<Directory>[] {
  const own = Object.entries(MINDS).map(([id, mind]) => agentDefinition(id, mind, DONE_BY))
  return [agentDefinition(AGENT_TYPE, {}), ...own]
}
