import type { ActorState } from '@esa/actor'
import type { AgentContext } from '@esa/agents'
import { INCIDENT_TYPE, incidentContext } from '@esa/escalation'
import { EsaError, type JsonObject } from '@esa/protocol'
import { callerOf } from '../caller.ts'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { inWorld, type World } from '../world.ts'
import { requireAgent } from './incidents.ts'

/** Which of the three the caller asked for. */
export interface SeatFlags {
  human?: boolean
  builtIn?: boolean
  show?: boolean
}

/** The status of an agent that takes nothing until it is resumed. */
const STOPPED = 'stopped'

/** Gives an agent's seat to a person or back to its playbook, or shows who sits there. @throws EsaError `usage.seat`, `agent.unknown`, `agent.stopped` (terminal). */
export async function seatAgent(config: Config, agent: string, flags: SeatFlags): Promise<void> {
  const { human = false, builtIn = false, show = false } = flags
  if ([human, builtIn, show].filter(Boolean).length !== 1) {
    throw new EsaError('usage.seat', 'terminal', 'say one of --human, --built-in and --show', {
      hint: `esa agents seat ${agent} --human`,
    })
  }
  await inWorld(config, async (world) => {
    requireAgent(world, agent)
    const before = (await world.store.readActor(agent))?.state
    const wanted = human ? 'human' : 'built-in'
    const state = show ? before : await tell(world, agent, { type: 'seat', seat: wanted }, 'agent.seated')
    const seat = seatOf(state)
    answer(config, { agent, seat }, () =>
      seat === 'human' ? `${agent}: a person sits here` : `${agent}: the built-in playbook sits here`,
    )
  })
}

/**
 * Stops an agent: it takes nothing more, and every open incident that waits for it or is held by it learns so at once. Stopping a
 * stopped one tells them again.
 */
export async function stopAgent(config: Config, agent: string): Promise<void> {
  await inWorld(config, async (world) => {
    requireAgent(world, agent)
    const before = await world.store.readActor(agent)
    if (before?.state.status !== STOPPED) await tell(world, agent, { type: 'stop' }, 'agent.stopped')
    const live = await world.store.listActors({ type: INCIDENT_TYPE, live: true })
    const waiting = live.filter(({ state }) => {
      const { addressees, heldBy } = incidentContext(state)
      return heldBy === agent || addressees.includes(agent)
    })
    const incidents = waiting.map(({ state }) => state.id)
    for (const id of incidents) await world.host.command(id, { type: 'agent.stopped', agent })
    answer(config, { agent, status: STOPPED, incidents }, () => {
      const told = incidents.length === 0 ? 'no open incident waits for it' : `told: ${incidents.join(', ')}`
      return `${agent} is stopped; ${told}`
    })
  })
}

/** Lets a stopped agent work again; a working one just goes on. */
export async function resumeAgent(config: Config, agent: string): Promise<void> {
  await inWorld(config, async (world) => {
    requireAgent(world, agent)
    const before = await world.store.readActor(agent)
    if (before?.state.status === STOPPED) await tell(world, agent, { type: 'resume' }, 'agent.resumed')
    answer(config, { agent, status: 'working' }, () => `${agent} works`)
  })
}

/**
 * Gives an agent an operator's event and makes sure that it was taken: `fact` is what its log then says.
 * @throws EsaError `agent.stopped` (terminal) when it is stopped.
 */
export async function tell(
  world: World,
  agent: string,
  event: JsonObject & { type: string },
  fact: string,
): Promise<ActorState> {
  const by = await callerOf(world, 'operator', 'admin')
  const { state, events } = await world.host.command(agent, { ...event, as: 'operator', by })
  if (events.some(({ type }) => type === fact)) return state
  throw new EsaError('agent.stopped', 'terminal', `${agent} is stopped and takes nothing`, {
    hint: `esa agents resume ${agent}`,
  })
}

/** An agent without a mailbox yet has what every new one begins with. */
function seatOf(state: ActorState | undefined): AgentContext['seat'] {
  if (state === undefined) return 'built-in'
  const { context }: { context: unknown } = state.snapshot
  return (context as AgentContext).seat
}
