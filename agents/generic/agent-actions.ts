import type { Change } from '@esa/actor'
import { textOf } from '@esa/protocol'
import { handedOver, hear } from './awaiting.ts'
import { aboutOf, answer, bodyOf, keep, receive } from './inbox.ts'
import { followedBy, inTurn } from './in-turn.ts'
import type { AgentContext, AgentEvent, Mind, Notice, Skill } from './mind.ts'
import { dispatch } from './outgoing.ts'
import { without } from './records.ts'
import { followWork } from './work.ts'
import { balance, HAND_OVER, redistribute } from './workload.ts'

/** Acknowledged incidents that are remembered: far more than an agent has open at once. */
const ACKNOWLEDGED_MAX = 1_000

/** The agent comes into being with its first message. */
export const begin: Skill = (context) => ({
  record: [{ type: 'agent.opened', actor: context.agentId, data: {} }],
})

/**
 * What an agent does with any message: it hears whether that is an answer, does what its own skill for the type says,
 * else what every agent does, and then looks at its load.
 */
export function think(mind: Mind): Skill {
  const handlers: Record<string, Skill> = {
    'incident.notice': notice(mind),
    'incident.copy': (_, event) => noted('agent.copied', event),
    'incident.taken': forget('agent.released'),
    'incident.closed': forget('agent.released'),
    'task.handed_over': handedOver,
    answer,
    dispatch,
    seat: takeSeat,
    ...mind.skills,
  }
  const handle: Skill = (context, event) => {
    const ordered = event['task'] === HAND_OVER && event.from === context.chief
    if (event.type === 'task_request' && ordered) return redistribute(context, event)
    const handler = Object.hasOwn(handlers, event.type) ? handlers[event.type] : receive
    return followWork(context, event, (handler ?? receive)(context, event))
  }
  return (context, event) => inTurn(context, event, [hear, handle, balance(context.inbox)])
}

/** An agent that is stopped takes nothing more, and nothing reaches it. */
export const stop: Skill = (_, event) => ({
  record: [{ type: 'agent.stopped', actor: event.as, data: { by: event.by } }],
})

/** Work goes on. */
export const resume: Skill = (_, event) => ({
  record: [{ type: 'agent.resumed', actor: event.as, data: { by: event.by } }],
})

/** A message to a stopped agent is lost on it, and its log says so. */
export const miss: Skill = (_, event) => noted('agent.missed', event)

function notice(mind: Mind): Skill {
  return (context, event) => {
    const told = noticeOf(event)
    const kept = keep(context, {
      id: told.incidentId,
      kind: 'incident',
      from: told.agent,
      type: event.type,
      about: told.title,
      body: bodyOf(event),
      at: event.at,
    })
    if (context.seat === 'human' || mind.playbook === undefined) return kept
    const undecided = (because: string): Change<AgentContext> => ({
      ...kept,
      record: [
        ...(kept.record ?? []),
        { type: 'agent.undecided', data: { incidentId: told.incidentId, because } },
      ],
    })
    if (context.acknowledged.includes(told.incidentId)) return undecided('acknowledged it once already')
    const decision = mind.playbook(told, context, event.facts.unreachable)
    if (decision.kind === 'cannot-decide') return undecided(decision.because)
    const data = { incidentId: told.incidentId, because: decision.because }
    const record = [{ type: 'agent.decided', data }]
    if (decision.kind === 'resolve') {
      const { cause } = decision
      return followedBy(kept, { record, send: [{ to: told.incidentId, type: 'resolve', body: { cause } }] })
    }
    const acknowledged = [...context.acknowledged, told.incidentId].slice(-ACKNOWLEDGED_MAX)
    const acknowledging: Change<AgentContext> = {
      set: { acknowledged },
      record,
      send: [{ to: told.incidentId, type: 'acknowledge', body: {} }],
    }
    return [kept, acknowledging, decision.change ?? {}].reduce(followedBy)
  }
}

/** Who sits here: the built-in playbook, or a person. */
const takeSeat: Skill = (context, event) => {
  const seat = event['seat'] === 'human' ? 'human' : 'built-in'
  return {
    set: { seat },
    record: [{ type: 'agent.seated', actor: event.as, data: { seat, before: context.seat, by: event.by } }],
  }
}

function forget(fact: string): Skill {
  return (context, event) => {
    const incidentId = textOf(event['incidentId'])
    return {
      set: { inbox: without(context.inbox, incidentId) },
      record: [{ type: fact, data: { incidentId, because: event.type } }],
    }
  }
}

function noted(type: string, event: AgentEvent): Change<AgentContext> {
  return { record: [{ type, data: { type: event.type, from: event.from, about: aboutOf(event) } }] }
}

function noticeOf(event: AgentEvent): Notice {
  const { incidentId, agent, category, level, title, evidence } = event
  return {
    incidentId,
    agent,
    category,
    level,
    title,
    evidence: evidence ?? null,
  } as Notice
}
