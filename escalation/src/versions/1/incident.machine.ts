import { type Change, CLOSED_TAG, effects, type StepFacts, toActions } from '@esa/actor'
import type { IncidentCommand } from '../../incident/commands.ts'
import { setup } from 'xstate'
import type { IncidentInput } from '../../incident/incident-context.ts'
import type { IncidentEvent } from '../../incident/incident-events.ts'
import * as act from './incident-actions.ts'
import { atCeo, type IncidentContext, reachable, silenceOf } from './incident-context.ts'
import type { RefusalCode } from '../../incident/incident-rules.ts'
import { refusalOf } from './incident-rules.ts'

type Command = IncidentCommand & StepFacts

function isFailureOfVisit(context: IncidentContext, event: IncidentEvent): boolean {
  return (
    event.type === 'notice.failed' &&
    event.visit === context.visit &&
    context.addressees.includes(event.target)
  )
}

/** The stop of an addressee after which this level has no reachable agent. */
function isStopOfLast(context: IncidentContext, event: IncidentEvent): boolean {
  const concerned = event.type === 'agent.stopped' && context.addressees.includes(event.agent)
  return concerned && reachable(context, event).length === 0
}

function reachableAfterFailure(context: IncidentContext, event: IncidentEvent): number {
  const failed = event.type === 'notice.failed' ? [...context.failed, event.target] : context.failed
  return reachable({ ...context, failed }, event).length
}

const refusing = (fallback: RefusalCode) => (context: IncidentContext, event: Command) =>
  act.refuse(event, fallback === 'incident.resolved' ? fallback : (refusalOf(context, event) ?? fallback))

/** Here an action claims the type of its event: which transition names it was not checked in this version. */
function claiming<Name extends string>(
  actions: Record<Name, (context: IncidentContext, event: never) => Change<IncidentContext>>,
) {
  return toActions(
    actions as Record<Name, (context: IncidentContext, event: unknown) => Change<IncidentContext>>,
  )
}

/** Every command, given the same transition: the table of who gets a refusal. */
function everyCommand(action: 'refuse' | 'refuseResolved') {
  const actions = { actions: action } as const
  return {
    acknowledge: actions,
    decline: actions,
    resolve: actions,
    withdraw: actions,
    snooze: actions,
    suppress: actions,
    unsuppress: actions,
    escalate: actions,
    reassign: actions,
    raise: actions,
  }
}

/**
 * Version 1 of the life of one incident: what began on it ends on it, and is replayed by it. A deadline is an `after`; who may ask what is in incident-rules.ts; what a transition sets,
 * records and asks for is in incident-actions.ts. Source: docs/escalation.md, "States, commands".
 */
export const incidentMachine = setup({
  types: { context: {} as IncidentContext, events: {} as IncidentEvent, input: {} as IncidentInput },
  actions: {
    ...effects,
    ...claiming({
      begin: act.begin,
      holdBack: act.holdBack,
      release: act.release,
      enterRung: act.enterRung,
      tell: act.tell,
      climb: act.climb,
      tellCeoAgain: act.tellCeoAgain,
      passLevel: act.passLevel,
      alarmUnreachableCeo: act.alarmUnreachableCeo,
      exhaust: act.exhaust,
      alarmAgain: act.alarmAgain,
      acknowledge: act.acknowledge,
      expireAck: act.expireAck,
      loseHolder: act.loseHolder,
      decline: act.decline,
      snooze: act.snooze,
      endSnooze: act.endSnooze,
      suppress: act.suppress,
      unsuppress: act.unsuppress,
      reassign: act.reassign,
      keepDeadline: act.keepDeadline,
      fullWait: act.fullWait,
      raise: act.raise,
      countDuplicate: act.countDuplicate,
      resolve: act.resolve,
      withdraw: act.withdraw,
      noteNotice: act.noteNotice,
      noteFailure: act.noteFailure,
      refuse: refusing('incident.wrong-state'),
      refuseResolved: refusing('incident.resolved'),
    }),
  },
  guards: {
    allowed: ({ context, event }) => refusalOf(context, event as Command) === null,
    declinedByAll: ({ context, event }) => {
      const command = event as Extract<Command, { type: 'decline' }>
      if (refusalOf(context, command) !== null) return false
      return reachable({ ...context, declined: act.declinedAfter(context, command) }, event).length === 0
    },
    silenced: ({ context }) => silenceOf(context) !== null,
    mayRelease: ({ context, event }) =>
      silenceOf(context) !== null && refusalOf(context, event as Command) === null,
    ofItsSilence: ({ context, event }) =>
      event.type === 'silence.ended' && event.as === silenceOf(context)?.id,
    belowCeo: ({ context }) => !atCeo(context),
    nobodyReachable: ({ context, event }) => reachable(context, event).length === 0,
    nobodyReachableBelowCeo: ({ context, event }) =>
      !atCeo(context) && reachable(context, event).length === 0,
    ceoNotToldAgain: ({ context }) => !context.ceoToldAgain,
    raisesToDataLoss: ({ context, event }) =>
      event.type === 'open' && event.category === 'data-loss' && !context.dataLoss,
    stoppedLast: ({ context, event }) => isStopOfLast(context, event),
    stoppedLastBelowCeo: ({ context, event }) => !atCeo(context) && isStopOfLast(context, event),
    holderStopped: ({ context, event }) => event.type === 'agent.stopped' && event.agent === context.heldBy,
    failedThisVisit: ({ context, event }) => isFailureOfVisit(context, event),
    failedLast: ({ context, event }) =>
      isFailureOfVisit(context, event) && reachableAfterFailure(context, event) === 0,
    failedLastBelowCeo: ({ context, event }) =>
      isFailureOfVisit(context, event) && !atCeo(context) && reachableAfterFailure(context, event) === 0,
  },
  delays: {
    'ack-wait': ({ context }) => context.armMs,
    'ack-timeout': ({ context }) => context.armMs,
    'snooze-end': ({ context }) => context.armMs,
    'suppression-end': ({ context }) => context.armMs,
    alarm: ({ context }) => context.armMs,
  },
}).createMachine({
  id: 'incident',
  context: ({ input }) => ({
    ...input,
    openedAt: 0,
    index: 0,
    addressees: [],
    declined: [],
    failed: [],
    told: [],
    visit: 0,
    armMs: 0,
    remainingMs: 0,
    duplicates: 0,
    dataLoss: input.policy.category === 'data-loss',
    ceoToldAgain: false,
    heldBy: null,
  }),
  initial: 'new',
  on: {
    ...everyCommand('refuse'),
    'notice.sent': { actions: 'noteNotice' },
    'notice.failed': { actions: 'noteNotice' },
    'notice.dropped': { actions: 'noteNotice' },
  },
  states: {
    new: {
      on: {
        start: [
          { guard: 'silenced', target: 'open.suppressed', actions: ['begin', 'holdBack'] },
          { target: 'open', actions: 'begin' },
        ],
      },
    },
    open: {
      initial: 'entering',
      on: {
        resolve: { guard: 'allowed', target: 'resolved', actions: 'resolve' },
        withdraw: { guard: 'allowed', target: 'resolved', actions: 'withdraw' },
        raise: { guard: 'allowed', target: '.entering', actions: 'raise' },
        open: [
          { guard: 'raisesToDataLoss', target: '.entering', actions: ['countDuplicate', 'raise'] },
          { actions: 'countDuplicate' },
        ],
      },
      states: {
        entering: {
          entry: 'enterRung',
          always: [
            { guard: 'nobodyReachableBelowCeo', target: 'entering', reenter: true, actions: 'passLevel' },
            { guard: 'nobodyReachable', target: 'triggered', actions: ['tell', 'alarmUnreachableCeo'] },
            { target: 'triggered', actions: 'tell' },
          ],
        },
        climbing: {
          always: [
            { guard: 'belowCeo', target: 'entering', actions: 'climb' },
            { guard: 'ceoNotToldAgain', target: 'entering', actions: 'tellCeoAgain' },
            { target: 'exhausted', actions: 'exhaust' },
          ],
        },
        triggered: {
          after: { 'ack-wait': 'climbing' },
          on: {
            acknowledge: { guard: 'allowed', target: 'acknowledged', actions: 'acknowledge' },
            decline: [
              { guard: 'declinedByAll', target: 'climbing', actions: 'decline' },
              { guard: 'allowed', actions: 'decline' },
            ],
            snooze: { guard: 'allowed', target: 'snoozed', actions: 'snooze' },
            suppress: { guard: 'allowed', target: 'suppressed', actions: 'suppress' },
            escalate: { guard: 'allowed', target: 'climbing' },
            reassign: {
              guard: 'allowed',
              target: 'triggered',
              reenter: true,
              actions: ['reassign', 'tell', 'keepDeadline'],
            },
            'notice.failed': [
              { guard: 'failedLastBelowCeo', target: 'entering', actions: ['noteFailure', 'passLevel'] },
              { guard: 'failedLast', actions: ['noteFailure', 'alarmUnreachableCeo'] },
              { guard: 'failedThisVisit', actions: 'noteFailure' },
              { actions: 'noteNotice' },
            ],
            'agent.stopped': [
              { guard: 'stoppedLastBelowCeo', target: 'entering', actions: 'passLevel' },
              { guard: 'stoppedLast', actions: 'alarmUnreachableCeo' },
            ],
          },
        },
        acknowledged: {
          after: { 'ack-timeout': { target: 'entering', actions: 'expireAck' } },
          on: {
            snooze: { guard: 'allowed', target: 'snoozed', actions: 'snooze' },
            escalate: { guard: 'allowed', target: 'climbing' },
            reassign: { guard: 'allowed', target: 'triggered', actions: ['reassign', 'tell', 'fullWait'] },
            'agent.stopped': { guard: 'holderStopped', target: 'entering', actions: 'loseHolder' },
          },
        },
        snoozed: {
          after: { 'snooze-end': { target: 'entering', actions: 'endSnooze' } },
          on: {
            acknowledge: { guard: 'allowed', target: 'acknowledged', actions: 'acknowledge' },
            escalate: { guard: 'allowed', target: 'climbing' },
          },
        },
        suppressed: {
          after: {
            'suppression-end': [
              { guard: 'silenced', target: 'entering', actions: 'release' },
              { target: 'triggered', actions: 'unsuppress' },
            ],
          },
          on: {
            unsuppress: [
              { guard: 'mayRelease', target: 'entering', actions: 'release' },
              { guard: 'allowed', target: 'triggered', actions: 'unsuppress' },
            ],
            'silence.ended': { guard: 'ofItsSilence', target: 'entering', actions: 'release' },
          },
        },
        exhausted: {
          after: { alarm: { target: 'exhausted', reenter: true, actions: 'alarmAgain' } },
          on: { acknowledge: { guard: 'allowed', target: 'acknowledged', actions: 'acknowledge' } },
        },
      },
    },
    resolved: { tags: [CLOSED_TAG], on: everyCommand('refuseResolved') },
  },
})
