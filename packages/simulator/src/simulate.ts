import {
  type Incident,
  incidentContext,
  type PathStep,
  type Policy,
  timeline,
  type TimelineEvent,
} from '@esa/escalation'
import type { Directory } from '@esa/org'
import { EsaError, HOLD_MAX_MS, type OpenIncident } from '@esa/protocol'
import type { Scenario, ScenarioFault } from './scenario.ts'
import { World } from './world.ts'

/** One entry of a simulated timeline; `atMs` is virtual ms since the opening. */
export type SimulatedEvent = Omit<TimelineEvent, 'sinceMs'> & { atMs: number }

/**
 * What came of a scenario's incident. `deadlineMs` is virtual ms since the opening; `later` names the incidents that an
 * `open` started after this one was resolved.
 */
export interface SimulationResult {
  path: PathStep[]
  events: SimulatedEvent[]
  outcome: string
  end: Incident & { deadlineMs: number | null }
  later: string[]
}

/**
 * Runs a scenario through the real machine, policy and store rules on a virtual clock. Only its commands and faults act; notices
 * and alarms are requested and go nowhere. The same scenario always gives the same result, byte for byte.
 * @throws EsaError `agent.unknown`, or `scenario.too-long` (terminal).
 */
export async function simulate(
  scenario: Scenario,
  { directory, timeScale = 1 }: { directory: Directory; timeScale?: number },
): Promise<SimulationResult> {
  assertKnown(scenario, directory)
  const { agent, category, commands, seed } = scenario
  const world = new World({ directory, timeScale, seed })
  // Without a second open nothing needs the key, and the incident is as it would be without one.
  const dedupKey = commands.some(({ command }) => command.type === 'open') ? { dedupKey: 'simulated' } : {}
  const opening: OpenIncident = { agent, category, title: `simulated: ${category}`, ...dedupKey }
  const { state: opened } = await world.open(opening)
  const later: string[] = []
  const horizonMs = scenario.horizonMs ?? defaultHorizonMs(scenario, incidentContext(opened).policy)
  let down = 0
  const pass = async (atMs: number): Promise<void> =>
    down > 0 ? world.freeze(atMs - world.nowMs) : world.moveTo(atMs)
  for (const moment of momentsOf(scenario).filter(({ atMs }) => atMs <= horizonMs)) {
    await pass(moment.atMs)
    if (moment.is === 'fault') {
      if (moment.fault.type === 'outage') down++
      else await goWrong(world, opened.id, moment.fault)
    } else if (moment.is === 'recovery') {
      down--
      if (down === 0) await world.advance(0)
    } else if (moment.command.type === 'open') {
      const { category: raised = category, as } = moment.command
      const second = await world.open({ ...opening, category: raised }, as)
      if (second.created) later.push(second.state.id)
    } else await world.command(opened.id, moment.command)
  }
  const { row } = await world.history(opened.id)
  const restMs = Math.max(0, horizonMs - world.nowMs)
  if (row.state.live) await (down > 0 ? world.freeze(restMs) : world.advance(restMs))
  return { ...(await resultOf(world, opened.id)), later }
}

type Moment = { atMs: number } & (
  | { is: 'fault'; fault: ScenarioFault }
  | { is: 'command'; command: Scenario['commands'][number]['command'] }
  | { is: 'recovery' }
)

/** All that happens, in order. At one instant what breaks comes first, then the commands, then what is whole again. */
function momentsOf({ faults, commands }: Scenario): Moment[] {
  const broken = faults.map((fault) => ({ is: 'fault' as const, atMs: fault.atMs, fault }))
  const given = commands.map((timed) => ({ is: 'command' as const, ...timed }))
  const whole = faults.flatMap((fault) =>
    fault.type === 'outage' ? [{ is: 'recovery' as const, atMs: fault.atMs + fault.forMs }] : [],
  )
  return [...broken, ...given, ...whole].toSorted((a, b) => a.atMs - b.atMs)
}

async function goWrong(world: World, id: string, fault: Exclude<ScenarioFault, { type: 'outage' }>) {
  const { row } = await world.history(id)
  const { agent } = fault
  if (fault.type === 'stop') await world.stop(agent)
  if (!row.state.live) return
  const { notificationRound: visit } = incidentContext(row.state)
  if (fault.type === 'stop') await world.tell(id, { type: 'agent.stopped', agent })
  else await world.tell(id, { type: 'notice.failed', target: agent, visit, why: 'simulated' })
}

async function resultOf(world: World, id: string): Promise<Omit<SimulationResult, 'later'>> {
  const incident = await world.incident(id)
  const { events: stream, row } = await world.history(id)
  const { timer, status } = row.state
  const { openedAt } = incidentContext(row.state)
  const events = timeline(stream).map(({ sinceMs, ...event }) => ({ atMs: sinceMs, ...event }))
  const deadlineMs = timer === null ? null : timer.dueAt - openedAt
  return { path: incident.path, events, outcome: status, end: { ...incident, deadlineMs } }
}

/** Far enough for a silent ladder to end and its alarm to repeat once, counted from the last command's longest hold. */
function defaultHorizonMs(scenario: Scenario, { path, alarmEveryMs }: Policy): number {
  const waits = path.map(({ waitMs }) => waitMs)
  const ladderMs = waits.reduce((sum, ms) => sum + ms, 0) + (waits.at(-1) ?? 0)
  const moments = momentsOf(scenario).map(({ atMs }) => atMs)
  const lastMs = moments.length === 0 ? 0 : Math.max(...moments) + HOLD_MAX_MS
  return lastMs + ladderMs + 2 * alarmEveryMs
}

function assertKnown({ agent, commands, faults }: Scenario, directory: Directory): void {
  const named = [
    ...commands.flatMap(({ command }) => (command.type === 'reassign' ? [command.to] : [])),
    ...faults.flatMap((fault) => (fault.type === 'outage' ? [] : [fault.agent])),
  ]
  const unknown = [agent, ...named].find((id) => directory.get(id) === undefined)
  if (unknown === undefined) return
  throw new EsaError('agent.unknown', 'terminal', `there is no agent "${unknown}"`, {
    hint: 'list them with: esa agents ls',
  })
}
