import { type Change, CLOSED_TAG, effects, type StepFacts, toActions } from '@esa/actor'
import type { AgentId, Category } from '@esa/protocol'
import { setup } from 'xstate'

/**
 * Incidents that one silence holds back. More than that within one silence is a storm, not maintenance, and
 * has to be heard: what comes later is notified at once. Its end also writes to each of them, in one step.
 */
const HELD_MAX = 500

/** What a silence starts from: whose incidents it suppresses, in what category (null: all), and until when, ms. */
export type SilenceInput = {
  agent: AgentId
  category: Category | null
  until: number
  reason: string
  by: string | null
}

/** What a silence carries. `held` are the incidents that opened under it. */
export type SilenceContext = SilenceInput & { addedAt: number; armMs: number; held: string[] }

type SilenceEvent = (
  | { type: 'start' }
  | { type: 'silence.hold'; incidentId: string }
  | { type: 'end'; as: string; by?: string }
) &
  StepFacts
type Held = Extract<SilenceEvent, { type: 'silence.hold' }>
type End = Extract<SilenceEvent, { type: 'end' }>

function begin(context: SilenceContext, { at }: StepFacts): Change<SilenceContext> {
  const { agent, category, until, reason, by } = context
  const data = { agent, category, until, reason, by }
  return {
    set: { addedAt: at, armMs: Math.max(0, until - at) },
    record: [{ type: 'silence.added', actor: 'operator', data }],
  }
}

function hold(context: SilenceContext, _: StepFacts, { incidentId }: Held): Change<SilenceContext> {
  return {
    set: { held: [...context.held, incidentId] },
    record: [{ type: 'silence.held', data: { incidentId } }],
  }
}

/** An incident that this silence does not hold back, or no longer: it is notified now. */
function release(_: SilenceContext, __: StepFacts, { incidentId }: Held): Change<SilenceContext> {
  return {
    record: [{ type: 'silence.let_go', data: { incidentId } }],
    send: [{ to: incidentId, type: 'silence.ended', body: {} }],
  }
}

function end({ held }: SilenceContext, _: StepFacts, { as, by }: End): Change<SilenceContext> {
  return {
    record: [{ type: 'silence.ended', actor: as, data: { by, held: held.length } }],
    send: held.map((to) => ({ to, type: 'silence.ended', body: {} })),
  }
}

/** Every incident that it holds has the same deadline, and releases itself. */
function expire({ held }: SilenceContext): Change<SilenceContext> {
  return { record: [{ type: 'silence.expired', data: { held: held.length } }] }
}

/**
 * The life of a silence: it holds back the first notice of matching incidents until its `until`, or until a caller ends
 * it. An incident decides by itself, at its opening, which silence applies. Source: docs/escalation.md, "Silences".
 */
export const silenceMachine = setup({
  types: { context: {} as SilenceContext, events: {} as SilenceEvent, input: {} as SilenceInput },
  actions: {
    ...effects,
    ...toActions({ begin, hold, release, end, expire }),
  },
  guards: { hasRoom: ({ context }) => context.held.length < HELD_MAX },
  delays: { until: ({ context }) => context.armMs },
}).createMachine({
  id: 'silence',
  context: ({ input }) => ({ ...input, addedAt: 0, armMs: 0, held: [] }),
  initial: 'new',
  states: {
    new: { on: { start: { target: 'active', actions: 'begin' } } },
    active: {
      after: { until: { target: 'ended', actions: 'expire' } },
      on: {
        'silence.hold': [
          { guard: 'hasRoom', actions: { type: 'hold', params: ({ event }) => event } },
          { actions: { type: 'release', params: ({ event }) => event } },
        ],
        end: { target: 'ended', actions: { type: 'end', params: ({ event }) => event } },
      },
    },
    ended: {
      tags: [CLOSED_TAG],
      on: { 'silence.hold': { actions: { type: 'release', params: ({ event }) => event } } },
    },
  },
})
