import { canonicalJson, EsaError, type JsonObject } from '@esa/protocol'
import type { AnyMachineSnapshot, StateValue } from 'xstate'
import {
  type ActorDefinition,
  type ActorEvent,
  type ActorState,
  CLOSED_TAG,
  type Effect,
  type RecordParams,
  type StepEnv,
  type StepInput,
} from './actor-definition.ts'
import { readEvent } from './event-rows.ts'
import { inertStart, inertTransition } from './inert-transition.ts'
import { assertPlainJson } from './plain-json.ts'
import { readTimer } from './read-timer.ts'

/** What a step did. `unchanged` means that nothing at all is to be written. */
export interface Step {
  outcome: 'applied' | 'unchanged'
  state: ActorState
  events: ActorEvent[]
  effects: Effect[]
}

type ExecutableAction = { type: string; params?: unknown }

/** Most effects of one step: more is a loop, not a decision. */
const EFFECTS_MAX = 1_000

/**
 * One pure step: the same definition, state, input and env always give the same result.
 * A timer that is early (`at <= dueAt`), stale (another epoch) or gone changes nothing.
 * @throws EsaError `actor.event-unreadable` (terminal) when the definition's `events` do not take the event.
 * @throws EsaError `actor.step-failed` and other `actor.*` (bug) when the machine throws or breaks a rule of this package.
 */
export function step(
  definition: ActorDefinition,
  state: ActorState | null,
  input: StepInput,
  env: StepEnv,
): Step {
  const before = state ?? blankState(definition, input)
  if (input.kind === 'timer' && !isDue(before, input.epoch, env.at)) return unchanged(before)
  const dueAt = before.timer?.dueAt ?? null
  const lateMs = input.kind === 'timer' && dueAt !== null ? env.at - dueAt : null
  const { unreachable } = env
  const facts = { actorId: before.id, inputId: input.id, epoch: before.epoch, dueAt, lateMs, unreachable }
  const [snapshot, actions] = run(definition, state, input, { at: env.at, facts })
  return settleStep(definition, before, snapshot, actions, { at: env.at, lateMs })
}

/** True when the timer of this epoch is armed and its deadline lies behind `at`: the one predicate of the clock. */
export function isDue(state: ActorState, epoch: number, at: number): boolean {
  return state.timer !== null && state.epoch === epoch && at > state.timer.dueAt
}

function unchanged(state: ActorState): Step {
  return { outcome: 'unchanged', state, events: [], effects: [] }
}

function blankState(definition: ActorDefinition, input: StepInput): ActorState {
  if (input.kind !== 'start') {
    throw new EsaError(
      'actor.not-started',
      'bug',
      `an actor of type ${definition.type} got a ${input.kind} before its start`,
    )
  }
  const { type, version } = definition
  const snapshot = { value: '', context: {} }
  return {
    id: input.id,
    type,
    version,
    status: '',
    live: true,
    seq: 0,
    at: 0,
    epoch: 0,
    timer: null,
    snapshot,
  }
}

function run(
  definition: ActorDefinition,
  state: ActorState | null,
  input: StepInput,
  stamp: JsonObject,
): [AnyMachineSnapshot, ExecutableAction[]] {
  const { machine } = definition
  const given = input.kind === 'event' ? readEvent(definition, input.event) : null
  try {
    if (input.kind === 'start') {
      const [fresh, early] = inertStart(machine, input.input)
      if (early.length > 0) throw new Error('a machine acts on its start event, not before it')
      return inertTransition(machine, fresh, { ...input.event, ...stamp, type: 'start' })
    }
    if (state === null) throw new Error('an actor must be started first')
    const event = given ?? { type: state.timer?.event ?? '' }
    return inertTransition(machine, machine.resolveState({ ...state.snapshot }), { ...event, ...stamp })
  } catch (cause) {
    const details = { type: definition.type, version: definition.version, input: input.id }
    throw new EsaError(
      'actor.step-failed',
      'bug',
      `the ${definition.type} machine failed on input ${input.id}`,
      { cause, details },
    )
  }
}

function settleStep(
  definition: ActorDefinition,
  before: ActorState,
  snapshot: AnyMachineSnapshot,
  actions: ExecutableAction[],
  stamp: { at: number; lateMs: number | null },
): Step {
  const { timer, moved } = readTimer(actions, before.timer, stamp.at)
  const epoch = before.epoch + (moved ? 1 : 0)
  const events = readEvents(actions, before, epoch, stamp)
  const seq = before.seq + events.length
  const effects = readEffects(actions, before.id, seq)
  const { value, context } = snapshot
  assertPlainJson(context, definition.type)
  const live = !snapshot.hasTag(CLOSED_TAG)
  const state: ActorState = {
    ...before,
    status: leafOf(value),
    live,
    seq,
    at: stamp.at,
    epoch,
    timer,
    snapshot: { value, context },
  }
  if (!live && timer !== null) throw broken(definition, 'a closed actor armed a timer')
  if (events.length > 0) return { outcome: 'applied', state, events, effects }
  if (effects.length > 0 || moved || canonicalJson(state.snapshot) !== canonicalJson(before.snapshot)) {
    throw broken(definition, 'a step changed the actor without recording an event')
  }
  return unchanged(before)
}

/** The name of the innermost active state: an actor's status (`open.triggered` is `triggered`). */
function leafOf(value: StateValue): string {
  if (typeof value === 'string') return value
  const [name, inner] = Object.entries(value)[0] ?? ['', '']
  return inner === undefined || inner === '' ? name : leafOf(inner)
}

function readEvents(
  actions: ExecutableAction[],
  before: ActorState,
  epoch: number,
  stamp: { at: number; lateMs: number | null },
): ActorEvent[] {
  const records = actions
    .filter((action) => action.type === 'record')
    .map((action) => action.params as RecordParams)
  return records.map(({ type, level, actor, data }, index) => ({
    seq: before.seq + index + 1,
    at: stamp.at,
    type,
    epoch,
    ...(level === undefined ? {} : { level }),
    ...(actor === undefined ? {} : { actor }),
    ...(index === 0 && stamp.lateMs !== null ? { lateMs: stamp.lateMs } : {}),
    data: data ?? {},
  }))
}

function readEffects(actions: ExecutableAction[], actorId: string, seq: number): Effect[] {
  const found: Effect[] = []
  for (const { type, params } of actions) {
    if (type === 'send' || type === 'open' || type === 'perform') {
      found.push({ kind: type, id: `${actorId}.${seq}.${found.length}`, ...(params as object) } as Effect)
    } else if (type !== 'record' && !type.startsWith('xstate.')) {
      throw new EsaError('actor.unknown-action', 'bug', `action "${type}" has no handler`)
    }
  }
  if (found.length > EFFECTS_MAX)
    throw new EsaError('actor.too-many-effects', 'bug', `${found.length} effects in one step`)
  return found
}

function broken(definition: ActorDefinition, why: string): EsaError {
  return new EsaError('actor.rule-broken', 'bug', `${definition.type} version ${definition.version}: ${why}`)
}
