import {
  type ActorDefinition,
  type Change,
  effects,
  type PerformParams,
  type StepFacts,
  toActions,
} from '@esa/actor'
import type { Directory } from '@esa/org'
import { setup } from 'xstate'

type Context = { waitMs: number; fired: number }
type ScriptEvent = {
  type: string
  from?: string
  left?: number
  n?: number
  waitMs?: number
  perform?: PerformParams
} & StepFacts

/** An agent that does what a message says: see the types of its events in `act`. */
export const SCRIPTED = 'scripted'

function act(_: Context, event: ScriptEvent): Change<Context> {
  if (event.type === 'explode') throw new Error('this message breaks its recipient')
  const { type, from = '', left = 0, n = null, perform } = event
  return {
    record: [{ type: `got.${type}`, data: { n } }],
    // `ping` goes back and forth until nothing is left of it.
    send: left > 0 ? [{ to: from, type: 'ping', body: { left: left - 1, n } }] : [],
    perform: perform === undefined ? [] : [perform],
  }
}

function arm(_: Context, { waitMs = 0 }: ScriptEvent): Change<Context> {
  return { set: { waitMs }, record: [{ type: 'armed' }] }
}

function fire({ fired }: Context): Change<Context> {
  return { set: { fired: fired + 1 }, record: [{ type: 'fired' }] }
}

const machine = setup({
  types: { context: {} as Context, events: {} as ScriptEvent },
  actions: {
    ...effects,
    ...toActions({ act, arm, fire }),
  },
  delays: { wait: ({ context }) => context.waitMs },
}).createMachine({
  id: 'scripted',
  context: { waitMs: 0, fired: 0 },
  initial: 'new',
  states: {
    new: { on: { start: { target: 'working', actions: 'act' } } },
    working: {
      initial: 'resting',
      on: { arm: { target: '.armed', actions: 'arm', reenter: false }, '*': { actions: 'act' } },
      states: {
        resting: {},
        armed: { after: { wait: { target: 'resting', actions: 'fire' } } },
      },
    },
  },
})

/** The definition of the scripted agent. */
export const scriptedAgent: ActorDefinition<Directory> = {
  type: SCRIPTED,
  version: 1,
  machine,
  inputFrom: () => ({}),
}
