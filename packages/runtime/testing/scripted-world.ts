import {
  type ActivityHandler,
  type ActorDefinition,
  type Change,
  effects,
  type PerformParams,
  type StepFacts,
  toActions,
} from '@esa/actor'
import { buildDirectory, type Directory } from '@esa/org'
import { createMemoryStore, type MemoryStoreOptions, type Store, type StoredEvent } from '@esa/store'
import { type Logger, pino } from 'pino'
import { setup } from 'xstate'
import { ActorHost } from '../src/actor-host.ts'
import type { OpeningLimit } from '../src/flood-guard.ts'
import { Registry } from '../src/registry.ts'

type Context = { waitMs: number; performWhenFired: PerformParams[] }
type ScriptEvent = {
  type: string
  waitMs?: number
  n?: number
  /** Whom to pass it to, who passes it back. */
  pass?: string
  perform?: PerformParams
  performWhenFired?: PerformParams
} & StepFacts

/** Records what it got; passes it on; asks for the activity of a `perform`; breaks on `explode`. */
function act(_: Context, event: ScriptEvent): Change<Context> {
  if (event.type === 'explode') throw new Error('this event breaks its recipient')
  const { type, n = null, perform, pass, facts } = event
  return {
    record: [{ type: `got.${type}`, data: { n } }],
    send: pass === undefined ? [] : [{ to: pass, type, body: { pass: facts.actorId } }],
    perform: perform === undefined ? [] : [perform],
  }
}

const machine = setup({
  types: { context: {} as Context, events: {} as ScriptEvent },
  actions: {
    ...effects,
    ...toActions({
      act,
      arm: (_: Context, { waitMs = 0, performWhenFired: perform }: ScriptEvent): Change<Context> => ({
        set: { waitMs, performWhenFired: perform === undefined ? [] : [perform] },
        record: [{ type: 'armed' }],
      }),
      fire: ({ waitMs, performWhenFired }: Context): Change<Context> => {
        if (waitMs === WEDGED_MS) throw new Error('this deadline breaks its actor')
        return { record: [{ type: 'fired' }], perform: performWhenFired }
      },
    }),
  },
  delays: { wait: ({ context }) => context.waitMs },
}).createMachine({
  id: 'scripted',
  context: { waitMs: 0, performWhenFired: [] },
  initial: 'new',
  states: {
    new: { on: { start: { target: 'resting', actions: 'act' } } },
    resting: { on: { arm: { target: 'armed', actions: 'arm' }, '*': { actions: 'act' } } },
    armed: { after: { wait: { target: 'resting', actions: 'fire' } }, on: { '*': { actions: 'act' } } },
  },
})

const scripted: ActorDefinition<Directory> = {
  type: 'scripted',
  version: 1,
  machine,
  inputFrom: ({ actorId }) => {
    if (actorId === BROKEN_AGENT) throw new TypeError('this agent cannot be opened')
    return {}
  },
}

/** An agent whose opening fails outside of its machine. */
export const BROKEN_AGENT = 'chief-6'

/** A wait whose end breaks its actor. */
export const WEDGED_MS = 13

/** A log that says nothing. */
export const silent: Logger = pino({ level: 'silent' })

/** A host and a store in memory on a clock that the test turns; every agent is a scripted one. */
export interface ScriptedWorld {
  clock: { now: () => number; turn: (ms: number) => void }
  store: Store
  host: ActorHost
  registry: Registry
  events: (agentId: string, type: string) => Promise<StoredEvent[]>
}

/** Opens a world in memory. */
export function scriptedWorld(
  options: {
    faults?: MemoryStoreOptions['faults']
    activities?: ActivityHandler[]
    openingLimit?: OpeningLimit
  } = {},
): ScriptedWorld {
  let at = 1_700_000_000_000
  let drawn = 0
  const clock = { now: () => at, turn: (ms: number) => void (at += ms) }
  const random = (): number => (drawn = (drawn * 16_807 + 7) % 2_147_483_647) / 2_147_483_647
  const { faults, activities = [], openingLimit } = options
  const store = createMemoryStore({ clock, random, ...(faults === undefined ? {} : { faults }) })
  const directory = buildDirectory([])
  const registry = new Registry({
    definitions: [scripted],
    agentType: () => 'scripted',
    activities,
    directory: () => directory,
  })
  return {
    clock,
    store,
    registry,
    host: new ActorHost({
      store,
      registry,
      random,
      rings: true,
      ...(openingLimit === undefined ? {} : { openingLimit }),
    }),
    events: async (agentId, type) => (await store.readStream(agentId)).filter((event) => event.type === type),
  }
}
