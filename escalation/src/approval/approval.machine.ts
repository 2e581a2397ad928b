import { CLOSED_TAG, effects, type StepFacts, toActions } from '@esa/actor'
import { setup } from 'xstate'
import * as act from './approval-actions.ts'
import type { ApprovalAgain, ApprovalCommand, ApprovalContext, ApprovalInput } from './approval-context.ts'
import { againRefusal, approvalRefusal, isComplete } from './approval-rules.ts'

/** A request without an approval for so long is no longer wanted, ms. */
const STALE_MS = 7 * 24 * 3_600_000

type Command = ApprovalCommand & StepFacts
type Again = ApprovalAgain & StepFacts
type ApprovalEvent = ({ type: 'start' } & StepFacts) | Again | Command

/**
 * The life of a request to run one statement on one database: requested, approved by as many as its kind takes, and used up
 * once, before the oldest approval is 15 minutes old. What a transition sets, records and sends is in approval-actions.ts.
 * Source: docs/layer-1/authority.md.
 */
export const approvalMachine = setup({
  types: { context: {} as ApprovalContext, events: {} as ApprovalEvent, input: {} as ApprovalInput },
  actions: {
    ...effects,
    ...toActions({
      begin: act.begin,
      askAgain: act.askAgain,
      grantAgain: act.grantAgain,
      refuseAgain: act.refuseAgain,
      give: act.give,
      lapse: act.lapse,
      use: act.use,
      reject: act.reject,
      withdraw: act.withdraw,
      expire: act.expire,
      refuse: act.refusing(({ lapses }) => (lapses > 0 ? 'approval.expired' : 'approval.missing')),
      refuseOver: act.refusing(() => 'approval.over'),
    }),
  },
  guards: {
    allowed: ({ context, event }) => approvalRefusal(context, event as Command) === null,
    isAnother: ({ context, event }) => againRefusal(context, event as Again) !== null,
    hasOtherEvidence: ({ context, event }) => act.hasOtherEvidence(context, event as Again),
    completes: ({ context, event }) => {
      const given = [...context.given, act.givenBy(context, event as Command)]
      return approvalRefusal(context, event as Command) === null && isComplete({ ...context, given })
    },
  },
  delays: { stale: STALE_MS, lapse: ({ context }) => context.armMs },
}).createMachine({
  id: 'approval',
  context: ({ input }) => ({ ...input, given: [], lapses: 0, armMs: 0 }),
  initial: 'new',
  states: {
    new: { on: { start: { target: 'asked', actions: 'begin' } } },
    asked: {
      after: { stale: { target: 'expired', actions: 'expire' } },
      on: {
        approve: [
          { guard: 'completes', target: 'granted', actions: { type: 'give', params: ({ event }) => event } },
          { guard: 'allowed', target: 'partly', actions: { type: 'give', params: ({ event }) => event } },
          { actions: { type: 'refuse', params: ({ event }) => event } },
        ],
        reject: [
          { guard: 'allowed', target: 'rejected', actions: { type: 'reject', params: ({ event }) => event } },
          { actions: { type: 'refuse', params: ({ event }) => event } },
        ],
        withdraw: [
          {
            guard: 'allowed',
            target: 'withdrawn',
            actions: { type: 'withdraw', params: ({ event }) => event },
          },
          { actions: { type: 'refuse', params: ({ event }) => event } },
        ],
        open: [
          { guard: 'isAnother', actions: { type: 'refuseAgain', params: ({ event }) => event } },
          { target: 'asked', reenter: true, actions: { type: 'askAgain', params: ({ event }) => event } },
        ],
        use: { actions: { type: 'refuse', params: ({ event }) => event } },
      },
    },
    partly: {
      after: { lapse: { target: 'asked', actions: 'lapse' } },
      on: {
        approve: [
          { guard: 'completes', target: 'granted', actions: { type: 'give', params: ({ event }) => event } },
          { guard: 'allowed', target: 'partly', actions: { type: 'give', params: ({ event }) => event } },
          { actions: { type: 'refuse', params: ({ event }) => event } },
        ],
        reject: [
          { guard: 'allowed', target: 'rejected', actions: { type: 'reject', params: ({ event }) => event } },
          { actions: { type: 'refuse', params: ({ event }) => event } },
        ],
        withdraw: [
          {
            guard: 'allowed',
            target: 'withdrawn',
            actions: { type: 'withdraw', params: ({ event }) => event },
          },
          { actions: { type: 'refuse', params: ({ event }) => event } },
        ],
        open: [
          { guard: 'isAnother', actions: { type: 'refuseAgain', params: ({ event }) => event } },
          {
            guard: 'hasOtherEvidence',
            target: 'asked',
            actions: { type: 'askAgain', params: ({ event }) => event },
          },
          { actions: { type: 'askAgain', params: ({ event }) => event } },
        ],
        use: { actions: { type: 'refuse', params: ({ event }) => event } },
      },
    },
    granted: {
      after: { lapse: { target: 'asked', actions: 'lapse' } },
      on: {
        reject: [
          { guard: 'allowed', target: 'rejected', actions: { type: 'reject', params: ({ event }) => event } },
          { actions: { type: 'refuse', params: ({ event }) => event } },
        ],
        withdraw: [
          {
            guard: 'allowed',
            target: 'withdrawn',
            actions: { type: 'withdraw', params: ({ event }) => event },
          },
          { actions: { type: 'refuse', params: ({ event }) => event } },
        ],
        open: [
          { guard: 'isAnother', actions: { type: 'refuseAgain', params: ({ event }) => event } },
          { actions: { type: 'grantAgain', params: ({ event }) => event } },
        ],
        approve: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        use: [
          { guard: 'allowed', target: 'used', actions: { type: 'use', params: ({ event }) => event } },
          { actions: { type: 'refuse', params: ({ event }) => event } },
        ],
      },
    },
    used: {
      tags: [CLOSED_TAG],
      on: {
        approve: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        reject: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        withdraw: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        use: { actions: { type: 'refuseOver', params: ({ event }) => event } },
      },
    },
    rejected: {
      tags: [CLOSED_TAG],
      on: {
        approve: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        reject: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        withdraw: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        use: { actions: { type: 'refuseOver', params: ({ event }) => event } },
      },
    },
    withdrawn: {
      tags: [CLOSED_TAG],
      on: {
        approve: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        reject: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        withdraw: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        use: { actions: { type: 'refuseOver', params: ({ event }) => event } },
      },
    },
    expired: {
      tags: [CLOSED_TAG],
      on: {
        approve: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        reject: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        withdraw: { actions: { type: 'refuseOver', params: ({ event }) => event } },
        use: { actions: { type: 'refuseOver', params: ({ event }) => event } },
      },
    },
  },
})
