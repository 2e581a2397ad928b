import type { SendParams } from '@esa/actor'
import { type AgentId, type JsonObject, textOf } from '@esa/protocol'
import {
  type AgentContext,
  type Decision,
  evidenceOf,
  followedBy,
  mediate,
  mediateClimbed,
  type Mind,
  type Notice,
  objectOf,
  receive,
  type Skill,
} from '@esa/behavior'

/** Targets whose last report is remembered: more than one domain looks after. */
const REPORTS_MAX = 50

/** Who takes load off a slow database, and by which task. Source: the card, "Collaboration Patterns". */
const RELIEF: readonly { to: AgentId; task: string; subject: string }[] = [
  { to: 'layer-3', task: 'tune-connections', subject: 'pools and time-outs while the database is slow' },
  { to: 'layer-14', task: 'relieve-database', subject: 'what may be cached while the database is slow' },
]

/**
 * A breach of the response time: layers 3 and 14 get a request for relief in any case. It takes the incident where no index
 * would help; one whose cure is an index needs the chief's word, so its clock runs on.
 */
function relieve(notice: Notice): Decision {
  const { kind, proposedIndex, target } = evidenceOf(notice)
  if (notice.category !== 'performance' || kind !== 'slow-query') {
    return { kind: 'cannot-decide', because: 'the evidence is of no kind that I know' }
  }
  const change = { send: relief(notice, textOf(target)) }
  if (proposedIndex !== null && proposedIndex !== undefined) {
    const because =
      'the cure is a new index, which the chief has to approve; layers 3 and 14 take load off meanwhile'
    return { kind: 'cannot-decide', because, change }
  }
  return {
    kind: 'acknowledge',
    because: 'no index would help: pooling and caching are the next to ask',
    change,
  }
}

/** A conflict that its parties left unsettled for a day is mediated like a message about it; else it is the chief's in two. */
function playbook(notice: Notice, context: AgentContext): Decision {
  if (notice.category !== 'conflict') return relieve(notice)
  return mediateClimbed(notice, (parties) => whyNotMine(context, parties))
}

function relief({ incidentId, title }: Notice, target: string): SendParams[] {
  return RELIEF.map(({ to, task, subject }) => {
    const data: JsonObject = { target, incidentId, because: title }
    return { to, type: 'task_request', body: { task, subject, data } }
  })
}

/** Layer 1 reports every window: the last one of each target is remembered, and what changed is recorded. */
const reported: Skill = (context, event) => {
  const { kind, target, breached } = objectOf(event['data'])
  if (kind !== 'performance') return receive(context, event)
  const name = textOf(target)
  const reports = objectOf(context.memory['reports'])
  const before = objectOf(reports[name])['breached'] ?? []
  const others = Object.entries(reports).filter(([other]) => other !== name)
  const kept = Object.fromEntries(
    [...others, [name, { at: event.at, breached: breached ?? [] }]].slice(-REPORTS_MAX),
  )
  const data = { target: name, breached: breached ?? [], before, from: event.from }
  return {
    set: { memory: { ...context.memory, reports: kept as JsonObject } },
    record: [{ type: 'performance.reported', actor: event.from, data }],
  }
}

/** A colleague's answer to its request is evidence for the next reader of the incident. */
const answered: Skill = (context, event) => {
  const { task, result } = event
  const known = RELIEF.some((one) => one.task === task && one.to === event.from)
  if (!known) return receive(context, event)
  const data = { from: event.from, task, result }
  return { record: [{ type: 'coordination.answered', actor: event.from, data }] }
}

/** Mediates between its layers by what was measured; what evidence does not decide waits for a person, and for the chief. */
const conflict: Skill = (context, event) => {
  const { decision, because, parties } = mediate(event['evidence'])
  const { messageId = '', from = '' } = event
  const thread = textOf(event['thread']) || messageId
  const told = [...new Set([from, ...parties])]
  const why = decision === null ? because : whyNotMine(context, told)
  if (why !== null) {
    const data = { item: messageId, because: why, thread }
    return followedBy(receive(context, event), { record: [{ type: 'agent.undecided', data }] })
  }
  const body = { decision, because, inReplyTo: messageId, thread }
  return {
    record: [{ type: 'agent.decided', data: { item: messageId, decision, because, to: told, thread } }],
    send: told.map((to) => ({ to, type: 'decision', body, thread })),
  }
}

/** Why this domain does not mediate between these parties, or null. */
function whyNotMine({ team }: AgentContext, parties: string[]): string | null {
  const strangers = parties.filter((party) => !(team ?? []).includes(party))
  return strangers.length === 0 ? null : `${strangers.join(', ')} is no layer of mine`
}

/** Domain 1, Infrastructure: hears of performance, coordinates layers 3 and 14 on a breach, mediates between its layers. */
export const domain1: Mind = {
  playbook,
  skills: { status_update: reported, task_complete: answered, conflict },
}
