import { type Change, CLOSED_TAG, doing, effects, type StepFacts } from '@esa/actor'
import { identityIn, type Json, type JsonObject, sameJson, textOf } from '@esa/protocol'
import { enqueueActions, setup } from 'xstate'
import { lapsesAt } from './approval-persons.ts'
import type {
  ApprovalAgain,
  ApprovalCommand,
  ApprovalContext,
  ApprovalInput,
  ApprovalRefusal,
  Given,
} from './approval-context.ts'
import { againRefusal, APPROVAL_LIFE_MS, approvalRefusal, isComplete } from './approval-rules.ts'

/** A request that nobody approved for so long is no longer what anybody wants, ms. */
const STALE_MS = 7 * 24 * 3_600_000

type Command = ApprovalCommand & StepFacts
type Again = ApprovalAgain & StepFacts
type ApprovalEvent = ({ type: 'start' } & StepFacts) | Again | Command
type Changed = Change<ApprovalContext>
type Sent = NonNullable<Changed['send']>[number]

function begin(context: ApprovalContext, { facts }: StepFacts): Changed {
  const { target, statement, hash, kind, askedBy, by, because, evidence, approvers, who } = context
  const asked = { target, statement, hash, kind, by, because, evidence, approvers }
  const data = who === undefined ? asked : { ...asked, who }
  return {
    record: [{ type: 'approval.asked', actor: askedBy, data }],
    send: [told(context, facts.actorId, 'approval.asked', asking(context))],
  }
}

/** What the asker's mailbox proposes to its chief. */
function asking({
  statement,
  because,
  evidence,
  by,
  answerMs,
  approvers,
  askers,
}: ApprovalContext): JsonObject {
  return {
    statement,
    because,
    evidence,
    by: by ?? askers?.at(-1) ?? null,
    answerMs,
    to: approvers[0] ?? null,
  }
}

/**
 * Asked for again before it was granted: it goes out anew with what is new about it. A word that was given on other
 * evidence counts no more.
 */
function askAgain(context: ApprovalContext, event: Again): Changed {
  const { given, evidence } = context
  const kept = hasOtherEvidence(context, event) ? [] : given
  const set = {
    ...taken(context, event),
    because: textOf(event.because) || context.because,
    evidence: orElse(event.evidence, evidence),
    given: kept,
  }
  const now = { ...context, ...set }
  const { hash, because } = now
  const data = {
    hash,
    by: event.by ?? null,
    because,
    evidence: now.evidence,
    void: given.length - kept.length,
  }
  return {
    set,
    record: [{ type: 'approval.asked_again', actor: context.askedBy, data }],
    send: [...superseded(context, now, event), told(now, event.facts.actorId, 'approval.asked', asking(now))],
  }
}

/** Asked for again while it is granted: the new order may use it instead of the old one, on what it was granted on. */
function grantAgain(context: ApprovalContext, event: Again): Changed {
  const set = taken(context, event)
  const now = { ...context, ...set }
  const data = { hash: context.hash, by: event.by ?? null, because: textOf(event.because) }
  const isOrder = Object.keys(orElse(event.reference, {})).length > 0
  return {
    set,
    record: [{ type: 'approval.asked_again', actor: context.askedBy, data }],
    send: isOrder
      ? [...superseded(context, now, event), told(now, event.facts.actorId, 'approval.granted')]
      : [],
  }
}

/** Whoever asks again approves it no more than who asked first; an order takes the place of the one before. */
function taken(
  { reference, askers = [], askersWho = [], askedAt }: ApprovalContext,
  event: Again,
): Partial<ApprovalContext> {
  const by = textOf(event.by)
  const who = askedAt === undefined ? null : identityIn(event.who)
  return {
    ...(who === null ? {} : { askersWho: [...askersWho, who] }),
    // An approver is older than the last request.
    ...(askedAt === undefined ? {} : { askedAt: event.at }),
    reference: orElse(event.reference, reference),
    askers: by === '' || askers.includes(by) ? askers : [...askers, by],
  }
}

/** The order whose place another one takes learns that it is not answered by this approval any more. */
function superseded(before: ApprovalContext, now: ApprovalContext, { facts }: StepFacts): Sent[] {
  const { reference } = before
  if (Object.keys(reference).length === 0 || sameJson(reference, now.reference)) return []
  return [told(before, facts.actorId, 'approval.refused', { code: 'approval.asked-again' })]
}

function hasOtherEvidence({ evidence }: ApprovalContext, event: ApprovalAgain): boolean {
  return !sameJson(orElse(event.evidence, evidence), evidence)
}

/** What was given, when it is an object that says something. */
function orElse(given: Json | undefined, other: JsonObject): JsonObject {
  const isObject = given !== null && typeof given === 'object' && !Array.isArray(given)
  return isObject && Object.keys(given).length > 0 ? given : other
}

/** The statement is asked for by somebody else or as another kind of change: that is none of this approval. */
function refuseAgain(context: ApprovalContext, event: Again): Changed {
  const { facts, by = null } = event
  const askedBy = textOf(event.askedBy)
  const code = againRefusal(context, event)
  const asked = { ...context, askedBy, reference: orElse(event.reference, {}) }
  return {
    record: [{ type: 'command.refused', actor: askedBy, data: { command: 'open', code, by } }],
    send: askedBy === '' ? [] : [told(asked, facts.actorId, 'approval.refused', { code })],
  }
}

/** Every approval lives as long as any other, and the oldest ends first: with it the whole lapses. */
function give(context: ApprovalContext, event: Command): Changed {
  const { as, by, because, at, facts } = event
  const given: Given[] = [...context.given, givenBy(context, event)]
  const complete = isComplete({ ...context, given })
  const data = { hash: context.hash, by: by ?? null, because: because ?? null, given: given.length, complete }
  return {
    set: { given, armMs: lapsesAt(context, given, APPROVAL_LIFE_MS) - at },
    record: [{ type: 'approval.given', actor: as, data }],
    send: complete
      ? [told(context, facts.actorId, 'approval.granted'), ...settled(context, facts.actorId, 'granted')]
      : [],
  }
}

/** What is kept of one word; since version 2 a person's has the account that gave it. */
function givenBy({ askedAt }: ApprovalContext, { as, by: named, at, who }: Command): Given {
  const by = named ?? null
  const account = askedAt === undefined || by === null ? null : identityIn(who)
  return account === null ? { as, by, at } : { as, by, at, who: account }
}

/** Whoever ordered the change is told that it does not happen: what is given after that is for whoever asks again. */
function lapse(context: ApprovalContext, { facts }: StepFacts): Changed {
  const { given, hash, lapses } = context
  return {
    set: { given: [], lapses: lapses + 1, reference: {} },
    record: [{ type: 'approval.lapsed', data: { hash, given } }],
    send: [told(context, facts.actorId, 'approval.lapsed')],
  }
}

function use(context: ApprovalContext, { as, by, facts }: Command): Changed {
  const { hash, target, given } = context
  return {
    set: { usedBy: as },
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

function withdraw(context: ApprovalContext, { as, by, because, facts }: Command): Changed {
  const why = textOf(because)
  return {
    record: [{ type: 'approval.withdrawn', actor: as, data: { hash: context.hash, by: by ?? null } }],
    send: [
      told(context, facts.actorId, 'approval.withdrawn', { because: why, decidedBy: as }),
      ...settled(context, facts.actorId, 'withdrawn'),
    ],
  }
}

function expire(context: ApprovalContext, { facts }: StepFacts): Changed {
  return {
    record: [{ type: 'approval.expired', data: { hash: context.hash } }],
    send: [told(context, facts.actorId, 'approval.expired'), ...settled(context, facts.actorId, 'expired')],
  }
}

/** Nobody waits for it any more: neither whoever asked, nor those who have it in their inbox. */
function settled({ askedBy, approvers }: ApprovalContext, approvalId: string, status: string): Sent[] {
  const body = { approvalId, status }
  return [...new Set([askedBy, ...approvers])].map((to) => ({ to, type: 'approval.settled', body }))
}

/**
 * An agent that may not do what it asked for learns so: its task ends here. One that has used it already goes on with that,
 * however often it was told that it may.
 */
function refuse(context: ApprovalContext, event: Command, code: ApprovalRefusal): Changed {
  const { type: command, as, by, hash, facts } = event
  const data = { command, code, by: by ?? null, hash: hash ?? null }
  const mine = command === 'use' && as === context.askedBy && context.usedBy !== as
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
} as const
const STRANGE = { guard: 'isAnother', actions: 'refuseAgain' } as const
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
    grantAgain: enqueueActions(doing(grantAgain)),
    refuseAgain: enqueueActions(doing(refuseAgain)),
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
    isAnother: ({ context, event }) => againRefusal(context, event as Again) !== null,
    hasOtherEvidence: ({ context, event }) => hasOtherEvidence(context, event as Again),
    completes: ({ context, event }) => {
      const given = [...context.given, givenBy(context, event as Command)]
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
        ...JUDGED,
        open: [STRANGE, { target: 'asked', reenter: true, actions: 'askAgain' }],
        use: { actions: 'refuse' },
      },
    },
    partly: {
      after: { lapse: { target: 'asked', actions: 'lapse' } },
      on: {
        ...JUDGED,
        open: [
          STRANGE,
          { guard: 'hasOtherEvidence', target: 'asked', actions: 'askAgain' },
          { actions: 'askAgain' },
        ],
        use: { actions: 'refuse' },
      },
    },
    granted: {
      after: { lapse: { target: 'asked', actions: 'lapse' } },
      on: {
        ...JUDGED,
        open: [STRANGE, { actions: 'grantAgain' }],
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
