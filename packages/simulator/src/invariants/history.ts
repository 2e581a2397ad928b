import {
  type ActorDefinition,
  type ActorEvent,
  type ActorState,
  type Effect,
  step,
  type StepEnv,
  type StepInput,
} from '@esa/actor'
import { incidentContext, type IncidentContext, incidentDefinition } from '@esa/escalation'
import type { Directory } from '@esa/org'
import { EsaError } from '@esa/protocol'
import { recordedSteps, type StoredEvent } from '@esa/store'

/** What invariants are checked on: an incident's log, and its row. */
export interface History {
  events: StoredEvent[]
  row: { state: ActorState; head: string }
}

/** One recorded step, and the incident before and after it. `before` is null for the opening. */
export interface Turn {
  input: StepInput
  env: StepEnv
  events: ActorEvent[]
  effects: Effect[]
  before: Standing | null
  after: Standing
}

/** The incident between two steps. */
export type Standing = ActorState & IncidentContext

/** The machine as replay needs it; the scale matters only when a policy is pinned, which a log already has. */
export const definition: ActorDefinition<Directory> = incidentDefinition({ timeScale: 1 })

/** The turns of a log, each taken again by the machine from the recorded inputs. */
export function turnsOf({ events }: History): Turn[] {
  let state: ActorState | null = null
  return recordedSteps(events).map(({ input, env, events: recorded }) => {
    const before = state === null ? null : standing(state)
    const taken = step(definition, state, input, env)
    state = taken.state
    return { input, env, events: recorded, effects: taken.effects, before, after: standing(state) }
  })
}

/** The event that a turn was given. */
export type Given = { type: string; [field: string]: unknown }

/** The event a turn was given, or null for a start or a timer. */
export function givenOf({ input }: Turn): Given | null {
  return input.kind === 'event' ? input.event : null
}

/** The first event of a type in a turn. */
export function found({ events }: Turn, type: string): ActorEvent | undefined {
  return events.find((event) => event.type === type)
}

/** The level of an incident. @throws EsaError `invariant.no-rung` (bug) off the path. */
export function rungOf({ policy, index }: Standing): Standing['policy']['path'][number] {
  const rung = policy.path[index]
  if (rung !== undefined) return rung
  throw new EsaError('invariant.no-rung', 'bug', `index ${index} is off a path of ${policy.path.length}`)
}

/** The targets of the notices of a kind that a turn asks for. */
export function noticesOf({ effects }: Turn, notice: string): string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'perform' && effect.activity === 'notice.deliver' && effect.input['notice'] === notice
      ? [nameOf(effect.input['target'])]
      : [],
  )
}

/** True when a turn asks for an alarm that leaves the bus. */
export function alarms({ effects }: Turn): boolean {
  return effects.some((effect) => effect.kind === 'perform' && effect.activity === 'alarm')
}

/** Events by which an agent is notified, or the level changes. */
const MOVES = new Set([
  'incident.notified',
  'incident.escalated',
  'incident.level_passed',
  'incident.exhausted',
  'incident.alarmed',
])

/** The faults that a check finds, turn by turn, each with the input it comes from. */
export function eachTurn(turns: Turn[], check: (turn: Turn) => string[]): string[] {
  return turns.flatMap((turn) => check(turn).map((fault) => `${turn.input.id}: ${fault}`))
}

/** One fault, or none. */
export function faultIf(broken: boolean, fault: string): string[] {
  return broken ? [fault] : []
}

/** The events of a turn by which an agent is notified, or the level changes. */
export function moved(turn: Turn): ActorEvent[] {
  return turn.events.filter(({ type }) => MOVES.has(type))
}

/** How many events of a type a turn wrote. */
export function count({ events }: Turn, type: string): number {
  return events.filter((event) => event.type === type).length
}

/** Whom an event names as its targets. */
export function targetsOf({ data }: ActorEvent): string[] {
  return [data['targets'] ?? []].flat().map(nameOf)
}

/** An agent's id out of JSON; anything else as its JSON, so that it matches no agent. */
export function nameOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

/** A fault for each key that is there twice. */
export function repeated(keys: string[]): string[] {
  return keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `twice: ${key}`)
}

function standing(state: ActorState): Standing {
  return { ...state, ...incidentContext(state) }
}
