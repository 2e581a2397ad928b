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
import type { Scenario } from './scenario.ts'
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
 * Runs a scenario through the real machine, policy and store rules on a virtual clock. Only its commands act; notices
 * and alarms are asked for and go nowhere. The same scenario always gives the same result, byte for byte.
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
  for (const { atMs, command } of commands.toSorted((a, b) => a.atMs - b.atMs)) {
    await world.moveTo(atMs)
    if (command.type === 'open') {
      const second = await world.open({ ...opening, category: command.category ?? category }, command.as)
      if (second.created) later.push(second.state.id)
    } else await world.command(opened.id, command)
  }
  const { row } = await world.history(opened.id)
  if (row.state.live) {
    const horizonMs = scenario.horizonMs ?? defaultHorizonMs(scenario, incidentContext(opened).policy)
    await world.advance(Math.max(0, horizonMs - world.nowMs))
  }
  return { ...(await resultOf(world, opened.id)), later }
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
function defaultHorizonMs({ commands }: Scenario, { path, alarmEveryMs }: Policy): number {
  const waits = path.map(({ waitMs }) => waitMs)
  const ladderMs = waits.reduce((sum, ms) => sum + ms, 0) + (waits.at(-1) ?? 0)
  const lastMs = commands.length === 0 ? 0 : Math.max(...commands.map(({ atMs }) => atMs)) + HOLD_MAX_MS
  return lastMs + ladderMs + 2 * alarmEveryMs
}

function assertKnown({ agent, commands }: Scenario, directory: Directory): void {
  const named = commands.flatMap(({ command }) => (command.type === 'reassign' ? [command.to] : []))
  const unknown = [agent, ...named].find((id) => directory.get(id) === undefined)
  if (unknown === undefined) return
  throw new EsaError('agent.unknown', 'terminal', `there is no agent "${unknown}"`, {
    hint: 'list them with: esa agents ls',
  })
}
