import { type Change, CLOSED_TAG, doing, effects, type StepFacts } from '@esa/actor'
import { type JsonObject, textOf } from '@esa/protocol'
import { enqueueActions, setup } from 'xstate'
import {
  APPROVAL_LIFE_MS,
  type ApprovalCommand,
  type ApprovalContext,
  type ApprovalInput,
  approvalRefusal,
  type ApprovalRefusal,
  type Given,
  isComplete,
} from './approval-rules.ts'

/** A request that nobody approved for so long is no longer what anybody wants, ms. */
const STALE_MS = 7 * 24 * 3_600_000

type Command = ApprovalCommand & StepFacts
type ApprovalEvent = (({ type: 'start' } | { type: 'open' }) & StepFacts) | Command
type Changed = Change<ApprovalContext>
type Sent = NonNullable<Changed['send']>[number]

function begin(context: ApprovalContext, { facts }: StepFacts): Changed {
  const { target, statement, hash, kind, askedBy, by, because, evidence, approvers } = context
  const data = { target, statement, hash, kind, by, because, evidence, approvers }
  return {
    record: [{ type: 'approval.asked', actor: askedBy, data }],
    send: [told(context, facts.actorId, 'approval.asked', asking(context))],
  }
}

/** What the asker's mailbox proposes to its chief. */
function asking({ statement, because, evidence, by, answerMs, approvers }: ApprovalContext): JsonObject {
  return { statement, because, evidence, by, answerMs, to: approvers[0] ?? null }
}

function askAgain(): Changed {
  return { record: [{ type: 'approval.asked_again', data: {} }] }
}

/** Every approval lives as long as any other, and the oldest ends first: with it the whole lapses. */
function give(context: ApprovalContext, { as, by, because, at, facts }: Command): Changed {
  const given: Given[] = [...context.given, { as, by: by ?? null, at }]
  const oldest = Math.min(...given.map((one) => one.at))
  const complete = isComplete({ ...context, given })
  const data = { hash: context.hash, by: by ?? null, because: because ?? null, given: given.length, complete }
  return {
    set: { given, armMs: oldest + APPROVAL_LIFE_MS - at },
    record: [{ type: 'approval.given', actor: as, data }],
    send: complete
      ? [told(context, facts.actorId, 'approval.granted'), ...settled(context, facts.actorId, 'granted')]
      : [],
  }
}

function lapse(context: ApprovalContext, { facts }: StepFacts): Changed {
  const { given, hash, lapses } = context
  return {
    set: { given: [], lapses: lapses + 1 },
    record: [{ type: 'approval.lapsed', data: { hash, given } }],
    send: [told(context, facts.actorId, 'approval.lapsed')],
  }
}

function use(context: ApprovalContext, { as, by, facts }: Command): Changed {
  const { hash, target, given } = context
  return {
    record: [{ type: 'approval.used', actor: as, data: { hash, target, by: by ?? null, given } }],
    send: as === 'operator' ? [] : [told(context, facts.actorId, 'approval.used')],
  }
}

function reject(context: ApprovalContext, { as, by, because, facts }: Command): Changed {
  const why = textOf(because)
  return {
    record: [
      { type: 'approval.rejected', actor: as, data: { hash: context.hash, by: by ?? null, because: why } },
    ],
    send: [
      told(context, facts.actorId, 'approval.rejected', { because: why, decidedBy: as }),
      ...settled(context, facts.actorId, 'rejected'),
    ],
  }
}

function withdraw(context: ApprovalContext, { as, by, facts }: Command): Changed {
  return {
    record: [{ type: 'approval.withdrawn', actor: as, data: { hash: context.hash, by: by ?? null } }],
    send: settled(context, facts.actorId, 'withdrawn'),
  }
}

function expire(context: ApprovalContext, { facts }: StepFacts): Changed {
  return {
    record: [{ type: 'approval.expired', data: { hash: context.hash } }],
    send: settled(context, facts.actorId, 'expired'),
  }
}

/** Nobody waits for it any more: neither whoever asked, nor those who have it in their inbox. */
function settled({ askedBy, approvers }: ApprovalContext, approvalId: string, status: string): Sent[] {
  const body = { approvalId, status }
  return [...new Set([askedBy, ...approvers])].map((to) => ({ to, type: 'approval.settled', body }))
}

/** An agent that may not do what it asked for learns so: its task ends here. */
function refuse(context: ApprovalContext, event: Command, code: ApprovalRefusal): Changed {
  const { type: command, as, by, hash, facts } = event
  const data = { command, code, by: by ?? null, hash: hash ?? null }
  const mine = command === 'use' && as === context.askedBy
  return {
    record: [{ type: 'command.refused', actor: as, data }],
    send: mine ? [told(context, facts.actorId, 'approval.refused', { code })] : [],
  }
}

const refusing =
  (otherwise: (context: ApprovalContext) => ApprovalRefusal) =>
  (context: ApprovalContext, event: Command): Changed =>
    refuse(context, event, approvalRefusal(context, event) ?? otherwise(context))

function told(
  { askedBy, target, hash, kind, reference }: ApprovalContext,
  approvalId: string,
  type: string,
  more: JsonObject = {},
): Sent {
  return { to: askedBy, type, body: { approvalId, target, hash, kind, reference, ...more } }
}

const JUDGED = {
  approve: [
    { guard: 'completes', target: 'granted', actions: 'give' },
    { guard: 'allowed', target: 'partly', actions: 'give' },
    { actions: 'refuse' },
  ],
  reject: [{ guard: 'allowed', target: 'rejected', actions: 'reject' }, { actions: 'refuse' }],
  withdraw: [{ guard: 'allowed', target: 'withdrawn', actions: 'withdraw' }, { actions: 'refuse' }],
  open: { actions: 'askAgain' },
} as const
const OVER = {
  approve: { actions: 'refuseOver' },
  reject: { actions: 'refuseOver' },
  withdraw: { actions: 'refuseOver' },
  use: { actions: 'refuseOver' },
} as const

/**
 * The life of a request to run one statement on one database: asked, approved by as many as its kind takes, and used up
 * once, before the oldest approval is 15 minutes old. Source: docs/layer-1/authority.md.
 */
export const approvalMachine = setup({
  types: { context: {} as ApprovalContext, events: {} as ApprovalEvent, input: {} as ApprovalInput },
  actions: {
    ...effects,
    begin: enqueueActions(doing(begin)),
    askAgain: enqueueActions(doing(askAgain)),
    give: enqueueActions(doing(give)),
    lapse: enqueueActions(doing(lapse)),
    use: enqueueActions(doing(use)),
    reject: enqueueActions(doing(reject)),
    withdraw: enqueueActions(doing(withdraw)),
    expire: enqueueActions(doing(expire)),
    refuse: enqueueActions(
      doing(refusing(({ lapses }) => (lapses > 0 ? 'approval.expired' : 'approval.missing'))),
    ),
    refuseOver: enqueueActions(doing(refusing(() => 'approval.over'))),
  },
  guards: {
    allowed: ({ context, event }) => approvalRefusal(context, event as Command) === null,
    completes: ({ context, event }) => {
      const { as, by = null, at } = event as Command
      const given = [...context.given, { as, by, at }]
      return approvalRefusal(context, event as Command) === null && isComplete({ kind: context.kind, given })
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
      on: { ...JUDGED, use: { actions: 'refuse' } },
    },
    partly: {
      after: { lapse: { target: 'asked', actions: 'lapse' } },
      on: { ...JUDGED, use: { actions: 'refuse' } },
    },
    granted: {
      after: { lapse: { target: 'asked', actions: 'lapse' } },
      on: {
        ...JUDGED,
        approve: { actions: 'refuseOver' },
        use: [{ guard: 'allowed', target: 'used', actions: 'use' }, { actions: 'refuse' }],
      },
    },
    used: { tags: [CLOSED_TAG], on: OVER },
    rejected: { tags: [CLOSED_TAG], on: OVER },
    withdrawn: { tags: [CLOSED_TAG], on: OVER },
    expired: { tags: [CLOSED_TAG], on: OVER },
  },
})
