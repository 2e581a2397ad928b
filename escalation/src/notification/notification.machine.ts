import { type Change, CLOSED_TAG, effects, type StepFacts, toActions } from '@esa/actor'
import type { JsonObject } from '@esa/protocol'
import { setup } from 'xstate'

/** How one thing is to leave: by which channel, to whom, and under which id at every try. */
export type Outlet = { id: string; channel: string; person: string | null; to: string | null }

/**
 * What a notification starts from. `visit` and `target` are those of the incident's notice; `decides`: the notice ends as
 * this notification does, because nothing else reaches the person in the seat.
 */
export type NotificationInput = {
  incidentId: string
  visit: number
  target: string
  announced: string
  body: JsonObject
  decides: boolean
  outlets: Outlet[]
}

/** What became of an outlet. */
type Outcome = 'sent' | 'failed' | 'dropped'

/** What a notification carries; `outcomes` are those of the outlets that have ended, by their ids. */
export type NotificationContext = NotificationInput & { outcomes: { [id: string]: Outcome } }

type Ended = { type: 'outlet.ended'; id: string; outcome: Outcome; why?: string } & StepFacts
type NotificationEvent = ({ type: 'start' } & StepFacts) | Ended

/** More channels than this for one notice are a mistake in their filters; the first ones are used. */
export const OUTLETS_MAX = 20

/** One request of a channel takes 5 s at most; mail takes several round trips, ms. */
const SEND_TIMEOUT_MS = 20_000

function begin({
  outlets,
  incidentId,
  announced,
  target,
  visit,
}: NotificationContext): Change<NotificationContext> {
  const named = outlets.map(({ id, channel, person }) => ({ id, channel, person }))
  return {
    record: [
      { type: 'notification.opened', actor: target, data: { incidentId, announced, visit, outlets: named } },
    ],
    perform: outlets.map(({ id }) => ({
      activity: 'channel.send',
      input: { outlet: id },
      timeoutMs: SEND_TIMEOUT_MS,
    })),
  }
}

/** Keeps what became of an outlet. The first success ends the incident's notice. */
function note(
  context: NotificationContext,
  _: StepFacts,
  { id, outcome, why }: Ended,
): Change<NotificationContext> {
  const first = outcome === 'sent' && !Object.values(context.outcomes).includes('sent')
  const channel = context.outlets.find((outlet) => outlet.id === id)?.channel
  return {
    set: { outcomes: { ...context.outcomes, [id]: outcome } },
    record: [{ type: `notification.${outcome}`, actor: context.target, data: { id, channel, why } }],
    send: first ? tellIncident(context, 'notice.sent') : [],
  }
}

/** Every outlet has ended. When none reached anybody, the incident's notice ends with that. */
function conclude(context: NotificationContext, _: StepFacts, event: Ended): Change<NotificationContext> {
  const noted = note(context, _, event)
  const outcomes = Object.values({ ...context.outcomes, [event.id]: event.outcome })
  const ended = { type: 'notification.ended', data: { outcomes } }
  const end = { ...noted, record: [...(noted.record ?? []), ended] }
  if (outcomes.includes('sent')) return end
  const dropped = outcomes.includes('dropped')
  const why = dropped
    ? (event.why ?? 'its level was left')
    : `every channel failed: ${event.why ?? 'no reason given'}`
  return { ...end, send: tellIncident(context, dropped ? 'notice.dropped' : 'notice.failed', why) }
}

function tellIncident(
  { decides, incidentId, target, visit, body }: NotificationContext,
  type: string,
  why?: string,
) {
  if (!decides) return []
  const { level } = body
  return [{ to: incidentId, type, body: { target, visit, why, level } }]
}

const isNew = ({ outlets, outcomes }: NotificationContext, { id }: Ended): boolean =>
  outlets.some((outlet) => outlet.id === id) && outcomes[id] === undefined

/**
 * The life of one thing that leaves the bus by channels: each outlet is an activity, tried until it has an end. It tells
 * the incident, where the notice hangs on it, once: sent with the first that got through, failed when none did.
 * Source: docs/notifications.md.
 */
export const notificationMachine = setup({
  types: {
    context: {} as NotificationContext,
    events: {} as NotificationEvent,
    input: {} as NotificationInput,
  },
  actions: {
    ...effects,
    ...toActions({ begin, note, conclude }),
  },
  guards: {
    isNew: ({ context, event }) => event.type === 'outlet.ended' && isNew(context, event),
    isLast: ({ context, event }) =>
      event.type === 'outlet.ended' &&
      isNew(context, event) &&
      Object.keys(context.outcomes).length === context.outlets.length - 1,
  },
}).createMachine({
  id: 'notification',
  context: ({ input }) => ({ ...input, outcomes: {} }),
  initial: 'new',
  states: {
    new: { on: { start: { target: 'sending', actions: 'begin' } } },
    sending: {
      on: {
        'outlet.ended': [
          { guard: 'isLast', target: 'ended', actions: { type: 'conclude', params: ({ event }) => event } },
          { guard: 'isNew', actions: { type: 'note', params: ({ event }) => event } },
        ],
      },
    },
    ended: { tags: [CLOSED_TAG] },
  },
})
