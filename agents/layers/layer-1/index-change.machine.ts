import { CLOSED_TAG, effects, toActions } from '@esa/actor'
import { CEO_ID } from '@esa/protocol'
import { setup } from 'xstate'
import {
  contextOf,
  type IndexChangeContext,
  type IndexChangeInput,
  indexChangeActions,
} from './index-change-actions.ts'
import type { IndexChangeEvent, IndexChangeEventOf } from './index-change-events.ts'

/** An approval ends by itself after 7 days: one that has not answered by then has lost its answer, ms. */
const APPROVAL_LOST_MS = 8 * 24 * 3_600_000

/**
 * One change of an index, from the order to the measurement after it was built. While it is prepared, a freeze of its database
 * ends it, whichever state it is in; the build activity asks the flag in the database itself once more.
 */
export const indexChangeMachine = setup({
  types: {
    context: {} as IndexChangeContext,
    events: {} as IndexChangeEvent,
    input: {} as IndexChangeInput,
  },
  actions: { ...effects, ...toActions(indexChangeActions) },
  guards: {
    isFrozen: ({ context }) => context.frozen !== null,
    mayBuildAlone: ({ context }) => context.mayBuildAlone,
    isOfThisStatement: ({ context }, { hash }: IndexChangeEventOf<'approval.granted' | 'approval.used'>) =>
      hash === context.hash,
    mayWithdraw: ({ context }, { orderedBy: { as } }: IndexChangeEventOf<'withdraw'>) =>
      [context.requester.from, CEO_ID, 'operator'].includes(as),
  },
  delays: { 'approval-lost': APPROVAL_LOST_MS },
}).createMachine({
  id: 'index-change',
  context: ({ input }) => contextOf(input),
  initial: 'new',
  on: {
    open: { actions: { type: 'declineOrder', params: ({ event }) => event } },
    'database.frozen': { actions: { type: 'noteFreeze', params: ({ event }) => event } },
    authority: { actions: { type: 'setAuthority', params: ({ event }) => event } },
    withdraw: { actions: { type: 'refuseWithdrawal', params: ({ event }) => event } },
    'index.rehearsed': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'approval.granted': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'approval.used': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'approval.rejected': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'approval.withdrawn': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'approval.lapsed': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'approval.expired': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'approval.refused': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'index.built': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'index.rechecked': { actions: { type: 'noteLate', params: ({ event }) => event } },
    'activity.failed': { actions: { type: 'noteLate', params: ({ event }) => event } },
  },
  states: {
    new: { on: { start: { target: 'preparing', actions: 'begin' } } },
    preparing: {
      initial: 'rehearsing',
      always: { guard: 'isFrozen', target: 'failed', actions: 'failFrozen' },
      on: {
        withdraw: [
          {
            guard: { type: 'mayWithdraw', params: ({ event }) => event },
            target: 'withdrawn',
            actions: { type: 'withdraw', params: ({ event }) => event },
          },
          { actions: { type: 'refuseWithdrawal', params: ({ event }) => event } },
        ],
        'activity.failed': {
          target: 'failed',
          actions: { type: 'failActivity', params: ({ event }) => event },
        },
        'approval.rejected': {
          target: 'failed',
          actions: { type: 'failApproval', params: ({ event }) => event },
        },
        'approval.withdrawn': {
          target: 'failed',
          actions: { type: 'failApproval', params: ({ event }) => event },
        },
        'approval.lapsed': {
          target: 'failed',
          actions: { type: 'failApproval', params: ({ event }) => event },
        },
        'approval.expired': {
          target: 'failed',
          actions: { type: 'failApproval', params: ({ event }) => event },
        },
        'approval.refused': {
          target: 'failed',
          actions: { type: 'failApproval', params: ({ event }) => event },
        },
      },
      states: {
        rehearsing: {
          entry: 'rehearse',
          on: {
            'index.rehearsed': [
              {
                guard: 'mayBuildAlone',
                target: '#index-change.building',
                actions: { type: 'takeEvidence', params: ({ event }) => event },
              },
              { target: 'awaitingApproval', actions: { type: 'takeEvidence', params: ({ event }) => event } },
            ],
          },
        },
        awaitingApproval: {
          entry: 'requestApproval',
          after: { 'approval-lost': { target: '#index-change.failed', actions: 'failUnanswered' } },
          on: {
            'approval.granted': {
              guard: { type: 'isOfThisStatement', params: ({ event }) => event },
              target: 'usingApproval',
              actions: { type: 'useApproval', params: ({ event }) => event },
            },
          },
        },
        usingApproval: {
          after: { 'approval-lost': { target: '#index-change.failed', actions: 'failUnanswered' } },
          on: {
            'approval.used': {
              guard: { type: 'isOfThisStatement', params: ({ event }) => event },
              target: '#index-change.building',
            },
          },
        },
      },
    },
    building: {
      entry: 'build',
      on: {
        'index.built': { target: 'rechecking', actions: { type: 'takeIndex', params: ({ event }) => event } },
        'activity.failed': {
          target: 'failed',
          actions: { type: 'failActivity', params: ({ event }) => event },
        },
      },
    },
    rechecking: {
      entry: 'recheck',
      on: {
        'index.rechecked': { target: 'done', actions: { type: 'finish', params: ({ event }) => event } },
        'activity.failed': {
          target: 'failed',
          actions: { type: 'failActivity', params: ({ event }) => event },
        },
      },
    },
    done: { tags: [CLOSED_TAG] },
    failed: { tags: [CLOSED_TAG] },
    withdrawn: { tags: [CLOSED_TAG] },
  },
})
