import { CLOSED_TAG, effects, type StepFacts, toActions } from '@esa/actor'
import type { IncidentCommand } from './commands.ts'
import { setup } from 'xstate'
import * as act from './incident-actions.ts'
import { atCeo, type IncidentContext, type IncidentInput, reachable, silenceOf } from './incident-context.ts'
import type { IncidentEvent } from './incident-events.ts'
import { refusalOf, type RefusalCode } from './incident-rules.ts'

type Command = IncidentCommand & StepFacts

function isFailureOfRound(context: IncidentContext, event: IncidentEvent): boolean {
  return (
    event.type === 'notice.failed' &&
    event.visit === context.notificationRound &&
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

const refusing = (fallback: RefusalCode) => (context: IncidentContext, _: StepFacts, command: Command) =>
  act.refuse(command, fallback === 'incident.resolved' ? fallback : (refusalOf(context, command) ?? fallback))

/**
 * The life of one incident. A deadline is an `after`; who may ask what is in incident-rules.ts; what a transition sets,
 * records and asks for is in incident-actions.ts. Source: docs/escalation.md, "States, commands".
 */
export const incidentMachine = setup({
  types: { context: {} as IncidentContext, events: {} as IncidentEvent, input: {} as IncidentInput },
  actions: {
    ...effects,
    ...toActions({
      begin: act.begin,
      suppressAtOpen: act.suppressAtOpen,
      release: act.release,
      enterRung: act.enterRung,
      tell: act.tell,
      climb: act.climb,
      renotifyCeo: act.renotifyCeo,
      passLevel: act.passLevel,
      alarmUnreachableCeo: act.alarmUnreachableCeo,
      exhaust: act.exhaust,
      alarmAgain: act.alarmAgain,
      acknowledge: act.acknowledge,
      expireAck: act.expireAck,
      releaseAcknowledgement: act.releaseAcknowledgement,
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
    ceoNotRenotified: ({ context }) => !context.ceoRenotified,
    raisesToDataLoss: ({ context, event }) =>
      event.type === 'open' && event.category === 'data-loss' && !context.dataLoss,
    stoppedLast: ({ context, event }) => isStopOfLast(context, event),
    stoppedLastBelowCeo: ({ context, event }) => !atCeo(context) && isStopOfLast(context, event),
    holderStopped: ({ context, event }) =>
      event.type === 'agent.stopped' && event.agent === context.acknowledgedBy,
    failedThisRound: ({ context, event }) => isFailureOfRound(context, event),
    failedLast: ({ context, event }) =>
      isFailureOfRound(context, event) && reachableAfterFailure(context, event) === 0,
    failedLastBelowCeo: ({ context, event }) =>
      isFailureOfRound(context, event) && !atCeo(context) && reachableAfterFailure(context, event) === 0,
  },
  delays: {
    'ack-wait': ({ context }) => context.waitMs,
    'ack-timeout': ({ context }) => context.holdMs,
    'snooze-end': ({ context }) => context.snoozeMs,
    'suppression-end': ({ context }) => context.suppressMs,
    alarm: ({ context }) => context.policy.alarmEveryMs,
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
    notified: [],
    notificationRound: 0,
    waitMs: 0,
    holdMs: 0,
    snoozeMs: 0,
    suppressMs: 0,
    remainingMs: 0,
    duplicates: 0,
    dataLoss: input.policy.category === 'data-loss',
    ceoRenotified: false,
    acknowledgedBy: null,
  }),
  initial: 'new',
  on: {
    acknowledge: { actions: { type: 'refuse', params: ({ event }) => event } },
    decline: { actions: { type: 'refuse', params: ({ event }) => event } },
    resolve: { actions: { type: 'refuse', params: ({ event }) => event } },
    withdraw: { actions: { type: 'refuse', params: ({ event }) => event } },
    snooze: { actions: { type: 'refuse', params: ({ event }) => event } },
    suppress: { actions: { type: 'refuse', params: ({ event }) => event } },
    unsuppress: { actions: { type: 'refuse', params: ({ event }) => event } },
    escalate: { actions: { type: 'refuse', params: ({ event }) => event } },
    reassign: { actions: { type: 'refuse', params: ({ event }) => event } },
    raise: { actions: { type: 'refuse', params: ({ event }) => event } },
    'notice.sent': { actions: { type: 'noteNotice', params: ({ event }) => event } },
    'notice.failed': { actions: { type: 'noteNotice', params: ({ event }) => event } },
    'notice.dropped': { actions: { type: 'noteNotice', params: ({ event }) => event } },
  },
  states: {
    new: {
      on: {
        start: [
          { guard: 'silenced', target: 'open.suppressed', actions: ['begin', 'suppressAtOpen'] },
          { target: 'open', actions: 'begin' },
        ],
      },
    },
    open: {
      initial: 'entering',
      on: {
        resolve: {
          guard: 'allowed',
          target: 'resolved',
          actions: { type: 'resolve', params: ({ event }) => event },
        },
        withdraw: {
          guard: 'allowed',
          target: 'resolved',
          actions: { type: 'withdraw', params: ({ event }) => event },
        },
        raise: { guard: 'allowed', target: '.entering', actions: 'raise' },
        open: [
          {
            guard: 'raisesToDataLoss',
            target: '.entering',
            actions: [{ type: 'countDuplicate', params: ({ event }) => event }, 'raise'],
          },
          { actions: { type: 'countDuplicate', params: ({ event }) => event } },
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
            { guard: 'ceoNotRenotified', target: 'entering', actions: 'renotifyCeo' },
            { target: 'exhausted', actions: 'exhaust' },
          ],
        },
        triggered: {
          after: { 'ack-wait': 'climbing' },
          on: {
            acknowledge: {
              guard: 'allowed',
              target: 'acknowledged',
              actions: { type: 'acknowledge', params: ({ event }) => event },
            },
            decline: [
              {
                guard: 'declinedByAll',
                target: 'climbing',
                actions: { type: 'decline', params: ({ event }) => event },
              },
              { guard: 'allowed', actions: { type: 'decline', params: ({ event }) => event } },
            ],
            snooze: {
              guard: 'allowed',
              target: 'snoozed',
              actions: { type: 'snooze', params: ({ event }) => event },
            },
            suppress: {
              guard: 'allowed',
              target: 'suppressed',
              actions: { type: 'suppress', params: ({ event }) => event },
            },
            escalate: { guard: 'allowed', target: 'climbing' },
            reassign: {
              guard: 'allowed',
              target: 'triggered',
              reenter: true,
              actions: [{ type: 'reassign', params: ({ event }) => event }, 'tell', 'keepDeadline'],
            },
            'notice.failed': [
              {
                guard: 'failedLastBelowCeo',
                target: 'entering',
                actions: [{ type: 'noteFailure', params: ({ event }) => event }, 'passLevel'],
              },
              {
                guard: 'failedLast',
                actions: [{ type: 'noteFailure', params: ({ event }) => event }, 'alarmUnreachableCeo'],
              },
              { guard: 'failedThisRound', actions: { type: 'noteFailure', params: ({ event }) => event } },
              { actions: { type: 'noteNotice', params: ({ event }) => event } },
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
            snooze: {
              guard: 'allowed',
              target: 'snoozed',
              actions: { type: 'snooze', params: ({ event }) => event },
            },
            escalate: { guard: 'allowed', target: 'climbing' },
            reassign: {
              guard: 'allowed',
              target: 'triggered',
              actions: [{ type: 'reassign', params: ({ event }) => event }, 'tell', 'fullWait'],
            },
            'agent.stopped': {
              guard: 'holderStopped',
              target: 'entering',
              actions: 'releaseAcknowledgement',
            },
          },
        },
        snoozed: {
          after: { 'snooze-end': { target: 'entering', actions: 'endSnooze' } },
          on: {
            acknowledge: {
              guard: 'allowed',
              target: 'acknowledged',
              actions: { type: 'acknowledge', params: ({ event }) => event },
            },
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
          on: {
            acknowledge: {
              guard: 'allowed',
              target: 'acknowledged',
              actions: { type: 'acknowledge', params: ({ event }) => event },
            },
          },
        },
      },
    },
    resolved: {
      tags: [CLOSED_TAG],
      on: {
        acknowledge: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
        decline: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
        resolve: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
        withdraw: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
        snooze: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
        suppress: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
        unsuppress: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
        escalate: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
        reassign: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
        raise: { actions: { type: 'refuseResolved', params: ({ event }) => event } },
      },
    },
  },
})
