import { assign, setup } from 'xstate'
import { describe, expect, it } from 'vitest'
import {
  type ActorDefinition,
  type ActorState,
  effects,
  type StepFacts,
  type StepInput,
} from './actor-definition.ts'
import { checkDefinition } from './check-definition.ts'
import { replay } from './replay.ts'
import { step } from './step.ts'

type Context = { waitMs: number; rounds: number; items: string[] }
type Events = (
  | { type: 'start' }
  | { type: 'again' }
  | { type: 'stop' }
  | { type: 'peek' }
  | { type: 'leak' }
) &
  StepFacts

const machine = setup({
  types: { context: {} as Context, input: {} as { waitMs: number }, events: {} as Events },
  actions: { ...effects },
  delays: { pause: ({ context }) => context.waitMs },
}).createMachine({
  id: 'bell',
  context: ({ input }) => ({ waitMs: input.waitMs, rounds: 0, items: [] }),
  initial: 'new',
  on: { leak: { actions: assign({ rounds: 99 }) }, peek: { actions: [] } },
  states: {
    new: {
      on: { start: { target: 'waiting', actions: { type: 'record', params: { type: 'bell.started' } } } },
    },
    waiting: {
      after: {
        pause: {
          target: 'waiting',
          reenter: true,
          actions: [
            assign({ rounds: ({ context }) => context.rounds + 1 }),
            {
              type: 'record',
              params: ({ context }) => ({ type: 'bell.rang', data: { rounds: context.rounds } }),
            },
            { type: 'send', params: { to: 'layer-2', type: 'status_update', body: { status: 'rang' } } },
          ],
        },
      },
      on: {
        again: {
          target: 'waiting',
          reenter: true,
          actions: [assign({ waitMs: 5 }), { type: 'record', params: { type: 'bell.again' } }],
        },
        stop: { target: 'stopped', actions: { type: 'record', params: { type: 'bell.stopped' } } },
      },
    },
    stopped: { tags: ['closed'] },
  },
})

const bell: ActorDefinition = { type: 'bell', version: 1, machine, inputFrom: ({ body }) => body }
const start: StepInput = { kind: 'start', id: 'bell-1', input: { waitMs: 100 }, event: {} }
const env = (at: number) => ({ at, unreachable: [] })
const timer = (epoch: number): StepInput => ({ kind: 'timer', id: `timer:bell-1:${epoch}`, epoch })
const event = (type: string): StepInput => ({ kind: 'event', id: `e-${type}`, event: { type } })

function started(): ActorState {
  return step(bell, null, start, env(1_000)).state
}

describe('step', () => {
  it('starts an actor and arms its timer at the store time plus the delay', () => {
    const { state, events } = step(bell, null, start, env(1_000))
    expect(events).toEqual([{ seq: 1, at: 1_000, type: 'bell.started', epoch: 1, data: {} }])
    expect(state).toMatchObject({
      status: 'waiting',
      live: true,
      seq: 1,
      epoch: 1,
      timer: { kind: 'pause', dueAt: 1_100 },
    })
  })

  it('leaves everything as it is for a timer at its due instant, of another epoch, or when none is armed', () => {
    const state = started()
    expect(step(bell, state, timer(1), env(1_100))).toMatchObject({ outcome: 'unchanged', state })
    expect(step(bell, state, timer(0), env(9_000))).toMatchObject({ outcome: 'unchanged', state })
    const stopped = step(bell, state, event('stop'), env(1_001)).state
    expect(step(bell, stopped, timer(2), env(9_000)).outcome).toBe('unchanged')
  })

  it('serves a timer one millisecond later, says how late, and re-arms from the instant it was served', () => {
    const { state, events, effects: sent } = step(bell, started(), timer(1), env(1_107))
    expect(events).toEqual([
      { seq: 2, at: 1_107, type: 'bell.rang', epoch: 2, lateMs: 7, data: { rounds: 1 } },
    ])
    expect(sent).toMatchObject([{ kind: 'send', id: 'bell-1.2.0', to: 'layer-2' }])
    expect(state.timer?.dueAt).toBe(1_207)
  })

  it('counts one epoch for a re-arm and one for a cancel', () => {
    const again = step(bell, started(), event('again'), env(1_050)).state
    expect(again).toMatchObject({ epoch: 2, timer: { dueAt: 1_055 } })
    expect(step(bell, again, event('stop'), env(1_051)).state).toMatchObject({
      epoch: 3,
      timer: null,
      live: false,
    })
  })

  it('refuses a step that changes the actor without an event, and lets one pass that changes nothing', () => {
    expect(step(bell, started(), event('peek'), env(1_001)).outcome).toBe('unchanged')
    expect(() => step(bell, started(), event('leak'), env(1_001))).toThrow(/without recording an event/)
  })

  it('turns what a guard or assign throws into one bug with its cause', () => {
    const broken = setup({ actions: { ...effects } }).createMachine({
      context: {},
      initial: 'new',
      states: { new: { on: { start: { actions: assign(() => JSON.parse('{')) } } } },
    })
    const definition = { ...bell, machine: broken }
    expect(() => step(definition, null, start, env(1))).toThrow(
      expect.objectContaining({ code: 'actor.step-failed', kind: 'bug', cause: expect.any(SyntaxError) }),
    )
  })

  it('refuses a context that would not survive JSON', () => {
    const dated = setup({ actions: { ...effects } }).createMachine({
      context: { at: new Map() },
      initial: 'new',
      states: { new: { on: { start: { actions: { type: 'record', params: { type: 'x' } } } } } },
    })
    expect(() => step({ ...bell, machine: dated }, null, start, env(1))).toThrow(/does not survive JSON/)
  })
})

describe('replay', () => {
  const inputs: [StepInput, number][] = [
    [start, 1_000],
    [timer(1), 1_101],
    [event('again'), 1_150],
    [event('stop'), 1_151],
  ]
  function recorded() {
    let state: ActorState | null = null
    return inputs.map(([input, at]) => {
      const taken = step(bell, state, input, env(at))
      state = taken.state
      return { input, env: env(at), events: taken.events }
    })
  }

  it('reaches the same events and state from the recorded inputs', () => {
    expect(replay(bell, recorded())).toMatchObject({ identical: true, state: { status: 'stopped', seq: 4 } })
  })

  it('names the first event that differs', () => {
    const steps = recorded()
    steps[2]!.events[0]!.data = { forged: true }
    expect(replay(bell, steps)).toMatchObject({ identical: false, seq: 3 })
    const moved = recorded()
    moved[1]!.env = env(1_100)
    expect(replay(bell, moved)).toMatchObject({
      identical: false,
      seq: 2,
      why: 'logged bell.rang, replayed nothing',
    })
  })
})

describe('checkDefinition', () => {
  const refused = (config: object) => () =>
    checkDefinition({
      ...bell,
      machine: setup({ actions: { ...effects, run: () => {} } }).createMachine(config as never) as never,
    })

  it('accepts a machine of named delays and known actions', () => {
    expect(() => checkDefinition(bell)).not.toThrow()
  })

  it('refuses an action that takes the name of an effect, as it would run in its place', () => {
    const hiding = setup({ actions: { ...effects, send: assign({}) } }).createMachine({}) as never
    expect(() => checkDefinition({ ...bell, machine: hiding })).toThrow(/effect "send" is hidden/)
  })

  it.each([
    [
      'a delay that does not exist',
      { initial: 'a', states: { a: { after: { puase: 'a' } } } },
      /"puase", which does not exist/,
    ],
    ['an action without handler', { entry: 'ring' }, /"ring", which has no handler/],
    ['an action that runs code', { entry: 'run' }, /"run" runs code/],
    ['an inline action', { entry: () => {} }, /inline action/],
    ['a missing guard', { on: { x: { guard: 'open', actions: [] } } }, /guard "open"/],
    ['a history state', { initial: 'a', states: { a: {}, h: { type: 'history' } } }, /history/],
    ['a final state', { initial: 'a', states: { a: { type: 'final' } } }, /final/],
    ['an invoked actor', { invoke: { src: 'x' } }, /invokes/],
  ])('refuses %s', (_, config, message) => {
    expect(refused(config)).toThrow(message)
  })
})
