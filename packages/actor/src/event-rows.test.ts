import { setup } from 'xstate'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type ActorDefinition, effects } from './actor-definition.ts'
import { type EventOf, eventSchema } from './event-rows.ts'
import { replay } from './replay.ts'
import { step } from './step.ts'

const EVENTS = { measure: { everyMs: z.number() } }

const machine = setup({
  types: { events: {} as EventOf<typeof EVENTS> },
  actions: effects,
}).createMachine({
  initial: 'new',
  states: {
    new: { on: { start: { target: 'live', actions: { type: 'record', params: { type: 'opened' } } } } },
    live: {
      on: {
        measure: {
          actions: {
            type: 'record',
            params: ({ event: { type: _, facts: __, at: ___, ...data } }) => ({ type: 'measured', data }),
          },
        },
      },
    },
  },
})

const definition: ActorDefinition = {
  type: 'gauge',
  version: 3,
  machine,
  events: eventSchema(EVENTS),
  inputFrom: () => ({}),
}

const ENV = { at: 1_000, unreachable: [] }
const START = { kind: 'start', id: 'g', input: {}, event: {} } as const

function give(event: { type: string; [field: string]: unknown }) {
  const { state } = step(definition, null, START, ENV)
  return step(definition, state, { kind: 'event', id: 'e', event: event as never }, ENV)
}

describe('the events of a machine', () => {
  it('reach it with the fields of their row and what the runtime carries, and with no others', () => {
    const { events } = give({ type: 'measure', everyMs: 5, as: 'operator', from: 'x', extra: 1 })
    expect(events[0]?.data).toEqual({ everyMs: 5, as: 'operator', from: 'x' })
  })

  it.each([
    ['a field that is misspelt', { type: 'measure', everMs: 5 }, /measure.*everyMs/],
    ['a field of another type', { type: 'measure', everyMs: '5' }, /everyMs/],
    ['a type that no row names', { type: 'measured', everyMs: 5 }, /measured/],
    ['a scope that does not exist', { type: 'measure', everyMs: 5, scopes: ['db:all'] }, /scopes/],
  ])('are refused with %s', (_, event, why) => {
    expect(() => give(event)).toThrow(
      expect.objectContaining({
        code: 'actor.event-unreadable',
        kind: 'terminal',
        message: expect.stringMatching(why),
      }),
    )
  })

  it('are read the same way in a replay, from the log of the raw event', () => {
    const started = step(definition, null, START, ENV)
    const input = { kind: 'event', id: 'e', event: { type: 'measure', everyMs: 5, extra: 1 } } as const
    const { events } = step(definition, started.state, input, ENV)
    const log = [
      { input: START, env: ENV, events: started.events },
      { input, env: ENV, events },
    ]
    expect(replay(definition, log)).toMatchObject({ identical: true, state: { seq: 2 } })
  })
})
