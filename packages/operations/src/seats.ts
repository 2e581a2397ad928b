import type { ActorState } from '@esa/actor'
import type { AgentContext } from '@esa/behavior'
import { INCIDENT_TYPE, incidentContext } from '@esa/escalation'
import { EsaError, type JsonObject } from '@esa/protocol'
import { requireAgent, type World } from './world.ts'

/** Who sits in an agent's seat. */
export type Seat = AgentContext['seat']

/** The status of an agent that takes nothing until it is resumed. */
export const STOPPED = 'stopped'

/** Who sits there. @throws EsaError `agent.unknown` (terminal). */
export async function seatOf(world: World, agent: string): Promise<Seat> {
  requireAgent(world, agent)
  return seatIn((await world.store.readActor(agent))?.state)
}

/** Gives an agent's seat to a person or back to its playbook. @throws EsaError `agent.unknown`, `agent.stopped`, `auth.*` (terminal). */
export async function seatAgent(world: World, agent: string, seat: Seat): Promise<Seat> {
  requireAgent(world, agent)
  return seatIn(await tellAgent(world, agent, { type: 'seat', seat }, 'agent.seated'))
}

/**
 * Stops an agent: it takes nothing more, and every open incident that waits for it or is held by it learns so at once. Stopping a
 * stopped one are notified again. Returns the incidents that were notified. @throws EsaError `agent.unknown`, `auth.*` (terminal).
 */
export async function stopAgent(world: World, agent: string): Promise<string[]> {
  requireAgent(world, agent)
  // Done also where the agent itself needs no message: its incidents do.
  await world.caller.actAs('operator', 'admin')
  const before = await world.store.readActor(agent)
  if (before?.state.status !== STOPPED) await tellAgent(world, agent, { type: 'stop' }, 'agent.stopped')
  const live = await world.store.listActors({ type: INCIDENT_TYPE, live: true })
  const waiting = live.filter(({ state }) => {
    const { addressees, acknowledgedBy } = incidentContext(state)
    return acknowledgedBy === agent || addressees.includes(agent)
  })
  const incidents = waiting.map(({ state }) => state.id)
  for (const id of incidents) await world.host.command(id, { type: 'agent.stopped', agent })
  return incidents
}

/** Lets a stopped agent work again; a working one just goes on. @throws EsaError `agent.unknown`, `auth.*` (terminal). */
export async function resumeAgent(world: World, agent: string): Promise<void> {
  requireAgent(world, agent)
  await world.caller.actAs('operator', 'admin')
  const before = await world.store.readActor(agent)
  if (before?.state.status === STOPPED) await tellAgent(world, agent, { type: 'resume' }, 'agent.resumed')
}

/**
 * Gives an agent an operator's event and makes sure that it was taken: `fact` is what its log then says.
 * @throws EsaError `agent.stopped` (terminal) when it is stopped.
 */
export async function tellAgent(
  world: World,
  agent: string,
  event: JsonObject & { type: string },
  fact: string,
): Promise<ActorState> {
  const by = await world.caller.actAs('operator', 'admin')
  const { state, events } = await world.host.command(agent, { ...event, as: 'operator', by })
  if (events.some(({ type }) => type === fact)) return state
  throw new EsaError('agent.stopped', 'terminal', `${agent} is stopped and takes nothing`, {
    hint: `esa agents resume ${agent}`,
  })
}

/** An agent without a mailbox yet has what every new one begins with. */
export function seatIn(state: ActorState | undefined): Seat {
  if (state === undefined) return 'built-in'
  const { context }: { context: unknown } = state.snapshot
  return (context as AgentContext).seat
}
