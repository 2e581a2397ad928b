import { CLOSED_TAG, effects, toActions } from '@esa/actor'
import { CEO_ID } from '@esa/protocol'
import { setup } from 'xstate'
import {
  type DatabaseContext,
  type DatabaseInput,
  databaseActions,
  READ_METRICS,
} from './database-actions.ts'
import type { DatabaseEvent, DatabaseEventOf } from './database-events.ts'

/** Roles that may freeze a database and lift the freeze. Source: docs/layer-1/authority.md. */
const MAY_FREEZE: ReadonlySet<string> = new Set(['operator', CEO_ID])

/**
 * One database that Layer 1 looks after: it is measured by the clock when it is watched, and it is the only one that freezes.
 * `idle` is not watched, `waiting` is until its next measurement.
 */
export const databaseMachine = setup({
  types: {
    context: {} as DatabaseContext,
    events: {} as DatabaseEvent,
    input: {} as DatabaseInput,
  },
  actions: { ...effects, ...toActions(databaseActions) },
  guards: {
    isWatched: ({ context }) => context.everyMs !== null,
    hasNoChange: ({ context }) => context.openChanges.length === 0,
    starts: (_, { everyMs }: DatabaseEventOf<'watch'>) => everyMs !== null,
    endsMeasurement: (_, { activity }: DatabaseEventOf<'activity.failed'>) => activity === READ_METRICS,
    endsWatchedMeasurement: ({ context }, { activity }: DatabaseEventOf<'activity.failed'>) =>
      activity === READ_METRICS && context.everyMs !== null,
    isInForce: ({ context }, { orderedBy, orderedAt }: DatabaseEventOf<'freeze' | 'unfreeze'>) =>
      MAY_FREEZE.has(orderedBy.as) && orderedAt >= context.freezeOrderedAt,
  },
  delays: { 'measure-due': ({ context }) => context.everyMs ?? 0 },
}).createMachine({
  id: 'database',
  context: ({ input }) => ({
    ...input,
    everyMs: null,
    recovering: {},
    openChanges: [],
    frozen: null,
    freezeOrderedAt: 0,
  }),
  initial: 'new',
  states: {
    new: { on: { start: { target: 'live', actions: 'begin' } } },
    live: {
      initial: 'idle',
      on: {
        open: {},
        'measurement.done': { actions: { type: 'takeReadings', params: ({ event }) => event } },
        'activity.failed': { actions: { type: 'noteFailure', params: ({ event }) => event } },
        freeze: [
          {
            guard: { type: 'isInForce', params: ({ event }) => event },
            actions: { type: 'freeze', params: ({ event }) => event },
          },
          { actions: { type: 'refuseOrder', params: ({ event }) => event } },
        ],
        unfreeze: [
          {
            guard: { type: 'isInForce', params: ({ event }) => event },
            actions: { type: 'unfreeze', params: ({ event }) => event },
          },
          { actions: { type: 'refuseOrder', params: ({ event }) => event } },
        ],
        'flag.written': { actions: 'noteFlag' },
        'flag.failed': { actions: { type: 'noteNoFlag', params: ({ event }) => event } },
        'change.opened': { actions: { type: 'registerChange', params: ({ event }) => event } },
        'change.ended': { actions: { type: 'deregisterChange', params: ({ event }) => event } },
        'card.changed': { actions: { type: 'takeCard', params: ({ event }) => event } },
        forget: { actions: 'refuseForget' },
      },
      states: {
        idle: {
          on: {
            watch: [
              {
                guard: { type: 'starts', params: ({ event }) => event },
                target: 'waiting',
                actions: { type: 'setWatch', params: ({ event }) => event },
              },
              { actions: { type: 'setWatch', params: ({ event }) => event } },
            ],
            measure: { target: 'measuring', actions: { type: 'measureNow', params: ({ event }) => event } },
            forget: { guard: 'hasNoChange', target: '#database.forgotten', actions: 'forget' },
          },
        },
        waiting: {
          after: { 'measure-due': { target: 'measuring', actions: 'measure' } },
          on: {
            watch: [
              {
                guard: { type: 'starts', params: ({ event }) => event },
                target: 'waiting',
                reenter: true,
                actions: { type: 'setWatch', params: ({ event }) => event },
              },
              { target: 'idle', actions: { type: 'setWatch', params: ({ event }) => event } },
            ],
            measure: { target: 'measuring', actions: { type: 'measureNow', params: ({ event }) => event } },
          },
        },
        measuring: {
          on: {
            watch: { actions: { type: 'setWatch', params: ({ event }) => event } },
            measure: { actions: { type: 'joinMeasurement', params: ({ event }) => event } },
            'measurement.done': [
              {
                guard: 'isWatched',
                target: 'waiting',
                actions: { type: 'takeReadings', params: ({ event }) => event },
              },
              { target: 'idle', actions: { type: 'takeReadings', params: ({ event }) => event } },
            ],
            'activity.failed': [
              {
                guard: { type: 'endsWatchedMeasurement', params: ({ event }) => event },
                target: 'waiting',
                actions: { type: 'noteFailure', params: ({ event }) => event },
              },
              {
                guard: { type: 'endsMeasurement', params: ({ event }) => event },
                target: 'idle',
                actions: { type: 'noteFailure', params: ({ event }) => event },
              },
              { actions: { type: 'noteFailure', params: ({ event }) => event } },
            ],
          },
        },
      },
    },
    forgotten: { tags: [CLOSED_TAG] },
  },
})
