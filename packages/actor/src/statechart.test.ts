import { describe, expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { activeStates, statechartOf } from './statechart.ts'

const machine = createMachine({
  id: 'lamp',
  initial: 'off',
  states: {
    off: { on: { press: { target: 'on', guard: 'powered' } } },
    on: {
      initial: 'dim',
      on: { '*': 'off' },
      states: {
        dim: { after: { warmUp: 'bright' }, always: { guard: 'warm', target: 'bright' } },
        bright: { on: { tap: { actions: 'blink' } } },
      },
    },
  },
})

describe('a statechart', () => {
  it('has every state under its parent, with the ways out of it', () => {
    expect(statechartOf(machine)).toEqual([
      {
        id: 'off',
        parent: null,
        name: 'off',
        initial: true,
        transitions: [{ on: 'press', guard: 'powered', target: 'on' }],
      },
      {
        id: 'on',
        parent: null,
        name: 'on',
        initial: false,
        transitions: [{ on: '*', guard: null, target: 'off' }],
      },
      {
        id: 'on.dim',
        parent: 'on',
        name: 'dim',
        initial: true,
        transitions: [
          { on: 'after warmUp', guard: null, target: 'on.bright' },
          { on: 'always', guard: 'warm', target: 'on.bright' },
        ],
      },
      {
        id: 'on.bright',
        parent: 'on',
        name: 'bright',
        initial: false,
        transitions: [{ on: 'tap', guard: null, target: null }],
      },
    ])
  })

  it('says which states a snapshot is in', () => {
    expect(activeStates('off')).toEqual(['off'])
    expect(activeStates({ on: 'dim' })).toEqual(['on', 'on.dim'])
    expect(activeStates({ a: { b: 'c' }, d: 'e' })).toEqual(['a', 'a.b', 'a.b.c', 'd', 'd.e'])
  })
})
