import { type JsonObject, textOf } from '@esa/protocol'
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
import { chief } from '../chief.ts'
import { onReport, order } from '../orders.ts'
import { decideProposal } from './proposals.ts'

/** The task by which Layer 1 tries an index, proposes it, and builds it. */
const BUILD_INDEX = 'build-index'

/**
 * Acknowledges a slow query whose plan names the index it lacks, and has it tried and proposed: what is built is approved by
 * its own statement, on what was measured. Anything else is a person's.
 */
function decideOnIndex(notice: Notice, context: AgentContext): Decision {
  const { kind, proposedIndex, target, metric } = evidenceOf(notice)
  if (notice.category !== 'performance' || kind !== 'slow-query' || !isObject(proposedIndex)) {
    return { kind: 'cannot-decide', because: 'the evidence names no index that would help' }
  }
  const before = isObject(metric) ? metric['value'] : null
  return {
    kind: 'acknowledge',
    because: `the plan reads a whole table for want of ${textOf(proposedIndex['name'])}: layer-1 tries it and proposes the statement`,
    change: order(context, notice, BUILD_INDEX, { target, proposedIndex, before }),
  }
}

/** The index was built and the promise measured again: resolve on good numbers, else leave the clock running. */
const built: Skill = (_, event) => {
  const { ok, p95MsBefore, p95MsAfter, why, hash, ...result } = objectOf(event['result'])
  const incidentId = textOf(result['incidentId'])
  if (ok !== true) {
    const because = typeof why === 'string' ? why : `p95 is ${textOf(p95MsAfter)} ms after the index`
    return { record: [{ type: 'agent.undecided', data: { incidentId, because } }] }
  }
  const approved = typeof hash === 'string' ? ` (approved statement ${hash.slice(0, 12)})` : ''
  const cause = `index built${approved}: p95 went from ${round(p95MsBefore)} ms to ${round(p95MsAfter)} ms`
  return {
    record: [{ type: 'agent.decided', data: { incidentId, because: cause } }],
    send: [{ to: incidentId, type: 'resolve', body: { cause } }],
  }
}

const onBuilt = onReport(BUILD_INDEX, built)
const completed: Skill = (context, event) =>
  (event['task'] === BUILD_INDEX ? onBuilt : chief.skills.task_complete)(context, event)

/** A conflict that its domain could not mediate: decided by what was measured, and binding; else it is the CEO's in a day. */
function decideConflict(notice: Notice): Decision {
  return mediateClimbed(notice, () => null, { binding: true })
}

/** A message about a conflict is decided like its incident. */
const conflict: Skill = (context, event) => {
  const { decision, because, parties } = mediate(event['evidence'])
  const { messageId = '', from = '' } = event
  const thread = textOf(event['thread']) || messageId
  const data: JsonObject = { item: messageId, because, thread }
  if (decision === null)
    return followedBy(receive(context, event), { record: [{ type: 'agent.undecided', data }] })
  const told = [...new Set([from, ...parties])]
  const body = { decision, because, binding: true, inReplyTo: messageId, thread }
  return {
    record: [{ type: 'agent.decided', data: { ...data, decision, to: told } }],
    send: told.map((to) => ({ to, type: 'decision', body, thread })),
  }
}

const PLAYBOOKS: Record<string, NonNullable<Mind['playbook']>> = {
  overload: chief.playbook,
  conflict: decideConflict,
}

/** Chief 1, Foundation: what every chief does, and decides on statements, indexes and conflicts from the evidence. */
export const chief1: Mind = {
  playbook: (notice, context, unreachable) =>
    (PLAYBOOKS[notice.category] ?? decideOnIndex)(notice, context, unreachable),
  skills: { ...chief.skills, task_complete: completed, proposal: decideProposal, conflict },
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function round(value: unknown): string {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : 'unknown'
}
