import type { Change, OpenParams, RecordParams, SendParams } from '@esa/actor'
import {
  bodySchemas,
  CONFLICT_PEERS_MS,
  type Escalating,
  type JsonObject,
  RESPONSE_TARGET_MS,
  WHEN_TO_ESCALATE,
} from '@esa/protocol'
import { settleConflict } from './awaiting.ts'
import { followedBy } from './in-turn.ts'
import type { AgentContext, AgentEvent, Awaited, Message, Skill } from './mind.ts'

/** Answers that an agent waits for at once. Beyond it a message is refused: each one is kept until it is answered or due. */
const AWAITED_MAX = 500

/**
 * Sends a message of the organization in this agent's name, and remembers the answers that it waits for. What is an
 * escalation by its type opens its incident here, on this agent's own ladder.
 */
export const dispatch: Skill = (context, event) => {
  const { message } = event
  if (message === undefined) return refusal(event, 'message.missing')
  const { to, type, body, ...envelope } = message
  const { subject, priority } = envelope
  const first = event.facts.inputId
  const thread = message.thread ?? first
  const escalating = escalationOf(message)
  const dueAt = dueAtOf(message, event, escalating)
  const awaiting = context.awaiting ?? {}
  if (dueAt !== null && Object.keys(awaiting).length + to.length > AWAITED_MAX)
    return refusal(event, 'agent.awaits-too-much')
  const ids = to.map((_, index) => (index === 0 ? first : `${first}.${index}`))
  const send = to.map((recipient, index): SendParams => {
    return {
      id: ids[index]!,
      to: recipient,
      type,
      body: { ...body, ...envelope, thread, by: event.by },
      thread,
    }
  })
  const record = to.map((recipient, index): RecordParams => {
    const data = {
      messageId: ids[index],
      to: recipient,
      type,
      priority,
      subject,
      thread,
      dueAt,
      by: event.by,
    }
    return { type: 'message.sent', actor: event.as, data }
  })
  const category = escalating?.category ?? 'blocker'
  const owed = to.map((recipient, index): [string, Awaited] => [
    ids[index]!,
    { to: recipient, type, subject, thread, since: event.at, dueAt: dueAt ?? 0, category, body },
  ])
  const change: Change<AgentContext> = { record, send }
  if (dueAt !== null) change.set = { awaiting: { ...awaiting, ...Object.fromEntries(owed) } }
  if (escalating?.afterMs === 0) change.open = [opening(context, message, category, first, thread)]
  return type === 'decision' ? settled(context, thread, change) : change
}

/** What this message escalates in by its type, or null: then only its missing answer does. */
function escalationOf({ type, body }: Message): Escalating | null {
  switch (type) {
    case 'conflict':
      return { category: 'conflict', afterMs: CONFLICT_PEERS_MS }
    case 'blocker':
      return { category: 'blocker', afterMs: 0 }
    case 'resource_request':
      return WHEN_TO_ESCALATE['missing-resource']
    case 'incident': {
      const { situation, category } = bodySchemas.incident.parse(body)
      const named = WHEN_TO_ESCALATE[situation ?? 'production']
      return category === undefined
        ? named
        : { category, afterMs: situation === undefined ? 0 : named.afterMs }
    }
    default:
      return null
  }
}

/** When the answer is overdue: the instant the sender named, else the sooner of its priority's and its type's; null when none is awaited or an incident sees to it. */
function dueAtOf(message: Message, event: AgentEvent, escalating: Escalating | null): number | null {
  const { respondBy, responseRequired, priority } = message
  if (escalating?.afterMs === 0) return null
  if (respondBy !== undefined) return respondBy
  const waits = [
    ...(responseRequired ? [RESPONSE_TARGET_MS[priority]] : []),
    ...(escalating !== null && escalating.afterMs > 0 ? [escalating.afterMs] : []),
  ]
  if (waits.length === 0) return null
  const timeScale = typeof event['timeScale'] === 'number' ? event['timeScale'] : 1
  return event.at + Math.max(1, Math.round(Math.min(...waits) / timeScale))
}

function opening(
  { agentId }: AgentContext,
  { type, subject, body, to }: Message,
  category: string,
  messageId: string,
  thread: string,
): OpenParams {
  const { evidence, ...said } = body
  const own = evidence !== null && typeof evidence === 'object' && !Array.isArray(evidence) ? evidence : null
  const dedupKey = `${type} ${thread}`
  const about: JsonObject = { ...(own ?? { kind: type, ...said, to }), messageId, thread }
  return {
    actorType: 'incident',
    key: `${agentId} ${dedupKey}`,
    thread,
    body: { agent: agentId, category, title: subject, dedupKey, evidence: about },
  }
}

/** A decision that this agent makes itself settles what it waits for in that thread. */
function settled(context: AgentContext, thread: string, change: Change<AgentContext>): Change<AgentContext> {
  const said = { from: context.agentId, type: 'decision' }
  return followedBy(change, settleConflict({ ...context, ...change.set }, thread, said))
}

function refusal(event: AgentEvent, code: string): Change<AgentContext> {
  const data = { command: event.type, code, by: event.by }
  return { record: [{ type: 'command.refused', actor: event.as, data }] }
}
