import type { Change, OpenParams, SendParams } from '@esa/actor'
import { type AgentId, agentIdSchema, CEO_ID, type JsonObject, textOf } from '@esa/protocol'
import { followedBy } from './in-turn.ts'
import { threadOf } from './inbox.ts'
import type { AgentContext, AgentEvent, InboxItem, Skill } from './mind.ts'
import { objectOf, without } from './records.ts'

/** Open items at which an agent is at its limit: more than a person answers in a working day, at some 25 minutes each. */
const CAPACITY = 20

/** From this share of the capacity on. Source: docs/protocol.md, "Load". */
const BUSY = 0.7
const OVERLOADED = 0.85
const CRITICAL_ABOVE = 0.95

/** Tasks that an overload incident names, for its reader. */
const MOVABLE_SHOWN = 5

/** Most tasks that one order moves: half of a capacity, so that it does not just move the overload. */
const MOVED_MAX = CAPACITY / 2

/** How loaded an agent is, in the organization's words. */
export type Workload = { load: number; level: 'normal' | 'busy' | 'overloaded' | 'critical' }

/** The load of an inbox: its open items over the capacity. */
export function workloadOf(inbox: AgentContext['inbox']): Workload {
  const load = Object.keys(inbox).length / CAPACITY
  if (load > CRITICAL_ABOVE) return { load, level: 'critical' }
  if (load >= OVERLOADED) return { load, level: 'overloaded' }
  return { load, level: load >= BUSY ? 'busy' : 'normal' }
}

/** True at overloaded and above. */
export function isOverloaded({ level }: Workload): boolean {
  return level === 'overloaded' || level === 'critical'
}

/**
 * What an agent does about its load after the inbox changed from `before`: a crossed threshold is recorded, an overloaded
 * agent hands its newest task to a peer, a critical one opens an incident, and those above learn who is overloaded.
 */
export function balance(before: AgentContext['inbox']): Skill {
  return (context, event) => {
    const was = workloadOf(before)
    const is = workloadOf(context.inbox)
    const grew = is.load > was.load
    const relieved = grew && isOverloaded(is) ? askPeer(context, event) : {}
    const after = workloadOf({ ...context, ...relieved.set }.inbox)
    const change = [crossing(was, is), relieved, crossing(is, after)].reduce(followedBy, {})
    if (after.level === 'critical' && was.level !== 'critical') change.open = [overloadOf(context, after)]
    if (isOverloaded(after) !== isOverloaded(was))
      change.send = [...(change.send ?? []), ...report(context, after)]
    return change
  }
}

/** Items that may go to another agent, the newest first: tasks that have not been handed on before. */
function movable(inbox: AgentContext['inbox']): InboxItem[] {
  return Object.values(inbox)
    .filter(({ kind, type, body }) => kind === 'message' && type === 'task_request' && !body['handedOver'])
    .toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
}

/** Gives items to a colleague, under their own ids and threads; the requester learns where the answer comes from. */
function handOver(context: AgentContext, items: InboxItem[], to: AgentId): Change<AgentContext> {
  const by = context.agentId
  const passed = items.map((item): SendParams => {
    const handedOver = { messageId: item.id, from: item.from, by }
    const sent = { to, type: item.type, body: { ...item.body, handedOver }, thread: threadOf(item) }
    return item.scopes === undefined ? sent : { ...sent, scopes: item.scopes }
  })
  const told = items
    .filter(({ from }) => from !== 'operator')
    .map((item): SendParams => {
      const thread = threadOf(item)
      return { to: item.from, type: 'task.handed_over', body: { original: item.id, to, thread }, thread }
    })
  return {
    set: { inbox: without(context.inbox, ...items.map(({ id }) => id)) },
    record: items.map((item) => ({
      type: 'task.handed_over',
      data: { item: item.id, to, from: item.from, about: item.about, thread: threadOf(item) },
    })),
    send: [...passed, ...told],
  }
}

/**
 * The chief has it that the newest tasks go to another agent until the load is bearable: done, and the load reported. No agent
 * gets its own request, and nothing is lost on one who cannot be reached.
 */
export const redistribute: Skill = (context, event) => {
  const { incidentId, to: named } = objectOf(event['data'])
  const to = textOf(named)
  const out = [context.agentId, ...event.facts.unreachable]
  const takes = agentIdSchema.safeParse(to).success && !out.includes(to)
  const over = Object.keys(context.inbox).length - Math.ceil(OVERLOADED * CAPACITY) + 1
  const given = movable(context.inbox).filter(({ from }) => takes && from !== to)
  const items = given.slice(0, Math.min(Math.max(over, 0), MOVED_MAX))
  const change = handOver(context, items, to)
  const after = workloadOf({ ...context, ...change.set }.inbox)
  const moved = items.length
  const result: JsonObject = { ok: !isOverloaded(after), incidentId, moved, to, ...after }
  if (!takes) result['why'] = `"${to}" cannot take anything: it is no agent that can be reached`
  const { from = '', messageId = '' } = event
  const thread = textOf(event['thread']) || messageId
  const body = { task: HAND_OVER, result, inReplyTo: messageId, thread }
  const report = { to: from, type: 'task_complete', body, thread }
  const accepted = {
    type: 'task.accepted',
    actor: event.from,
    data: { task: HAND_OVER, incidentId, moved, to },
  }
  return followedBy({ record: [accepted] }, followedBy(change, { send: [report] }))
}

/** The task by which a chief redistributes work. */
export const HAND_OVER = 'hand-over'

function askPeer(context: AgentContext, { facts }: AgentEvent): Change<AgentContext> {
  const [newest] = movable(context.inbox)
  const peer = (context.peers ?? []).find((id) => !facts.unreachable.includes(id) && id !== newest?.from)
  return newest === undefined || peer === undefined ? {} : handOver(context, [newest], peer)
}

function crossing(was: Workload, is: Workload): Change<AgentContext> {
  if (was.level === is.level) return {}
  const data = { ...is, before: was.level, capacity: CAPACITY }
  return { record: [{ type: 'agent.workload', data }] }
}

function overloadOf({ agentId, inbox }: AgentContext, { load }: Workload): OpenParams {
  const given = movable(inbox)
  const newest = given.slice(0, MOVABLE_SHOWN).map(({ id, from, about }) => ({ id, from, about }))
  const open = Object.keys(inbox).length
  const evidence = { kind: 'overload', load, capacity: CAPACITY, open, movable: given.length, newest }
  const title = `${agentId} has ${open} open items, ${Math.round(load * 100)} % of its capacity`
  return {
    actorType: 'incident',
    key: `${agentId} overload`,
    body: { agent: agentId, category: 'overload', title, dedupKey: 'overload', evidence },
  }
}

/** Tells the chief and the CEO that this agent became overloaded, or is so no more. */
function report({ agentId, chief }: AgentContext, { load, level }: Workload): SendParams[] {
  const status = `${agentId} is ${level}: ${Math.round(load * 100)} % of its capacity`
  const body = { status, data: { kind: 'workload', agent: agentId, level, load } }
  return [...new Set([chief ?? CEO_ID, CEO_ID])].map((to) => ({ to, type: 'status_update', body }))
}
