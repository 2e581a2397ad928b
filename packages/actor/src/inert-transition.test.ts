import { assign, initialTransition, setup, transition } from 'xstate'
import { describe, expect, it } from 'vitest'
import { effects } from './actor-definition.ts'
import { inertStart, inertTransition } from './inert-transition.ts'
import { type Change, toActions } from './to-actions.ts'

type Context = { steps: number }

const note = ({ steps }: Context): Change<Context> => ({
  set: { steps: steps + 1 },
  record: [{ type: 'noted', data: { steps } }],
})
const fail = (): Change<Context> => {
  throw new Error('broken')
}

/** Has what our machines have: delays, eventless and wildcard transitions, nested states, queued actions. */
const machine = setup({
  types: { context: {} as Context, input: {} as Context, events: {} as { type: string } },
  actions: { ...effects, ...toActions({ note, fail }) },
  guards: { far: ({ context }) => context.steps > 3 },
  delays: { wait: ({ context }) => 1_000 * context.steps },
}).createMachine({
  id: 'walker',
  context: ({ input }) => ({ steps: input.steps }),
  initial: 'off',
  states: {
    off: { on: { start: 'on' } },
    on: {
      initial: 'fast',
      on: { back: { target: 'off', actions: assign({ steps: 0 }) } },
      states: {
        fast: {
          always: { guard: 'far', target: 'slow' },
          on: { go: { target: 'fast', reenter: true, actions: 'note' } },
        },
        slow: { after: { wait: 'fast' }, on: { break: { actions: 'fail' }, '*': { actions: 'note' } } },
      },
    },
  },
})

const EVENTS = ['start', 'go', 'go', 'go', 'go', 'go', 'break', 'back', 'xstate.after.wait.walker.on.slow']

describe('one scope for many transitions', () => {
  it('decides what XState itself decides, on every way through a machine', () => {
    const plain = ([{ value, context, status }, actions]: ReturnType<typeof inertTransition>) => ({
      value,
      context,
      status,
      actions: actions.map(({ type, params }) => ({ type, params })),
    })
    const taken = (take: () => unknown): unknown => {
      try {
        return take()
      } catch (error) {
        return String(error)
      }
    }
    const begun = inertStart(machine, { steps: 1 })
    expect(plain(begun)).toEqual(plain(initialTransition(machine, { steps: 1 }) as typeof begun))
    let [snapshot] = begun
    let walk = 7
    const seen = new Set<string>()
    for (let n = 0; n < 500; n++) {
      walk = (walk * 16_807) % 2_147_483_647
      const event = { type: EVENTS[walk % EVENTS.length]! }
      const own = taken(() => plain(inertTransition(machine, snapshot, event)))
      const theirs = taken(() => plain(transition(machine, snapshot as never, event) as typeof begun))
      expect(own).toEqual(theirs)
      if (typeof own !== 'string') [snapshot] = inertTransition(machine, snapshot, event)
      seen.add(`${JSON.stringify(snapshot.value)} ${typeof own}`)
    }
    expect(seen.size).toBeGreaterThan(3)
  })
})
