import { activeStates, type ChartState, statechartOf } from '@esa/actor'
import { isoTime } from '@esa/protocol'
import { requireAgent, type World } from './world.ts'

/** An agent's machine, and the agent's current state. */
export interface AgentStatechart {
  agent: string
  machine: string
  version: number
  states: ChartState[]
  /** The states it is in, outermost first; none for an agent that never had a message. */
  active: string[]
  /** The deadline that is armed, or null. */
  timer: { kind: string; dueAt: string } | null
  seq: number
  nowAt: string
}

/** Reads an agent's machine. @throws EsaError `agent.unknown` (terminal). */
export async function agentStatechart(
  world: Pick<World, 'store' | 'registry' | 'directory'>,
  agent: string,
): Promise<AgentStatechart> {
  requireAgent(world, agent)
  const [actor, { nowMs }] = await Promise.all([world.store.readActor(agent), world.store.runtime()])
  // An agent keeps the version that it began with: the newest is that of agents yet to begin.
  const definition = actor === null ? world.registry.agent(agent) : world.registry.definitionOf(actor.state)
  const timer = actor?.state.timer ?? null
  return {
    agent,
    machine: definition.type,
    version: definition.version,
    states: statechartOf(definition.machine),
    active: actor === null ? [] : activeStates(actor.state.snapshot.value),
    timer: timer === null ? null : { kind: timer.kind, dueAt: isoTime(timer.dueAt) },
    seq: actor?.state.seq ?? 0,
    nowAt: isoTime(nowMs),
  }
}
