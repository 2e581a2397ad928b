import type { Change } from '@esa/actor'
import { type Json, type JsonObject, textOf } from '@esa/protocol'
import type { AgentContext, AgentEvent, InboxItem, Mind, Notice } from './mind.ts'

/** Items an inbox holds. Beyond it a message is refused in the log: a mailbox that nobody reads must not grow for ever. */
const INBOX_MAX = 500

/** Acknowledged incidents that are remembered: far more than an agent has open at once. */
const ACKNOWLEDGED_MAX = 1_000

/** Fields of a message that are the runtime's, not the sender's. */
const ENVELOPE_FIELDS = new Set(['type', 'from', 'as', 'at', 'facts', 'messageId'])

type Act = (context: AgentContext, event: AgentEvent) => Change<AgentContext>

/** The agent comes into being with its first message. */
export const begin: Act = (context) => ({
  record: [{ type: 'agent.opened', actor: context.agentId, data: {} }],
})

/** What an agent does with any message: its own skill for the type, else what every agent does. */
export function think(mind: Mind): Act {
  const handlers: Record<string, Act> = {
    'incident.notice': notice(mind),
    'incident.copy': (_, event) => noted('agent.copied', event),
    'incident.taken': forget('agent.released'),
    'incident.closed': forget('agent.released'),
    answer,
    seat: takeSeat,
    ...mind.skills,
  }
  return (context, event) => {
    const handler = Object.hasOwn(handlers, event.type) ? handlers[event.type] : receive
    return (handler ?? receive)(context, event)
  }
}

/** A message that nobody but a person can answer goes to the inbox. */
export const receive: Act = (context, event) => {
  const id = event.messageId ?? `${context.agentId}-${event.at}`
  return keep(context, {
    id,
    kind: 'message',
    from: event.from ?? '',
    type: event.type,
    about: aboutOf(event),
    body: bodyOf(event),
    at: event.at,
  })
}

/** An agent that is stopped takes nothing more, and nothing reaches it. */
export const stop: Act = (_, event) => ({
  record: [{ type: 'agent.stopped', actor: event.as, data: { by: event.by } }],
})

/** Work goes on. */
export const resume: Act = (_, event) => ({
  record: [{ type: 'agent.resumed', actor: event.as, data: { by: event.by } }],
})

/** A message to a stopped agent is lost on it, and its log says so. */
export const miss: Act = (_, event) => noted('agent.missed', event)

function notice(mind: Mind): Act {
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
    const decision = mind.playbook(told, context)
    if (decision.kind === 'cannot-decide') return undecided(decision.because)
    const change = decision.change ?? {}
    const data = { incidentId: told.incidentId, because: decision.because }
    return {
      ...change,
      set: {
        ...kept.set,
        ...change.set,
        acknowledged: [...context.acknowledged, told.incidentId].slice(-ACKNOWLEDGED_MAX),
      },
      record: [...(kept.record ?? []), { type: 'agent.decided', data }, ...(change.record ?? [])],
      send: [{ to: told.incidentId, type: 'acknowledge', body: {} }, ...(change.send ?? [])],
    }
  }
}

/** A person answers an item; whoever asked gets the answer as a completed task. */
const answer: Act = (context, event) => {
  const item = context.inbox[textOf(event['item'])]
  if (item === undefined || item.kind !== 'message') {
    return {
      record: [
        { type: 'command.refused', actor: event.as, data: { command: 'answer', code: 'inbox.no-such-item' } },
      ],
    }
  }
  const text = textOf(event['text'])
  return {
    set: { inbox: without(context.inbox, item.id) },
    record: [{ type: 'agent.answered', actor: event.as, data: { item: item.id, text, by: event.by } }],
    send: [{ to: item.from, type: 'task_complete', body: { task: item.about, result: { text } } }],
  }
}

/** Who sits here: the built-in playbook, or a person. */
const takeSeat: Act = (context, event) => {
  const seat = event['seat'] === 'human' ? 'human' : 'built-in'
  return {
    set: { seat },
    record: [{ type: 'agent.seated', actor: event.as, data: { seat, before: context.seat, by: event.by } }],
  }
}

function forget(fact: string): Act {
  return (context, event) => {
    const incidentId = textOf(event['incidentId'])
    return {
      set: { inbox: without(context.inbox, incidentId) },
      record: [{ type: fact, data: { incidentId, because: event.type } }],
    }
  }
}

function keep(context: AgentContext, item: InboxItem): Change<AgentContext> {
  const { id, type, from, about } = item
  const full = Object.keys(context.inbox).length >= INBOX_MAX && context.inbox[id] === undefined
  const data = { item: id, type, from, about }
  if (full) return { record: [{ type: 'agent.inbox_full', data }] }
  return { set: { inbox: { ...context.inbox, [id]: item } }, record: [{ type: 'agent.received', data }] }
}

function without(inbox: AgentContext['inbox'], id: string): AgentContext['inbox'] {
  return Object.fromEntries(Object.entries(inbox).filter(([key]) => key !== id))
}

function noted(type: string, event: AgentEvent): Change<AgentContext> {
  return { record: [{ type, data: { type: event.type, from: event.from, about: aboutOf(event) } }] }
}

function noticeOf(event: AgentEvent): Notice {
  const { incidentId, agent, category, level, title, evidence } = event
  return { incidentId, agent, category, level, title, evidence: evidence ?? null } as Notice
}

function bodyOf(event: AgentEvent): JsonObject {
  return Object.fromEntries<Json | undefined>(
    Object.entries(event).filter(([key]) => !ENVELOPE_FIELDS.has(key)),
  )
}

/** The line that stands for a message in a list: the first field that reads like one. */
function aboutOf(event: AgentEvent): string {
  const fields = ['title', 'subject', 'task', 'about', 'directive', 'decision', 'status', 'what', 'proposal']
  const found = fields.map((field) => event[field]).find((value) => typeof value === 'string')
  return typeof found === 'string' ? found : event.type
}
