import { type JsonObject, textOf } from '@esa/protocol'
import { objectOf } from '../../generic/records.ts'
import { type Decision, evidenceOf, type Mind, type Notice, type Skill } from '../../generic/mind.ts'
import { chief } from '../chief.ts'

/** Acknowledges a slow query whose plan names the index it lacks, and orders that index. Anything else is a person's. */
function decideOnIndex(notice: Notice): Decision {
  const { kind, proposedIndex, target, metric } = evidenceOf(notice)
  if (notice.category !== 'performance' || kind !== 'slow-query' || !isObject(proposedIndex)) {
    return { kind: 'cannot-decide', because: 'the evidence names no index that would help' }
  }
  const before = isObject(metric) ? metric['value'] : null
  const data: JsonObject = { incidentId: notice.incidentId, target, proposedIndex, before }
  return {
    kind: 'acknowledge',
    because: `the plan reads a whole table for want of ${textOf(proposedIndex['name'])}; building it blocks nobody`,
    change: { send: [{ to: notice.agent, type: 'task_request', body: { task: 'build-index', data } }] },
  }
}

/** The index was built and the promise measured again: resolve on good numbers, else leave the clock running. */
const completed: Skill = (context, event) => {
  const result = objectOf(event['result'])
  const { ok, incidentId, p95MsBefore, p95MsAfter, why } = result
  if (event['task'] !== 'build-index' || typeof incidentId !== 'string')
    return chief.skills.task_complete(context, event)
  if (ok !== true) {
    const because = typeof why === 'string' ? why : `p95 is ${textOf(p95MsAfter)} ms after the index`
    return { record: [{ type: 'agent.undecided', data: { incidentId, because } }] }
  }
  const cause = `index built: p95 went from ${round(p95MsBefore)} ms to ${round(p95MsAfter)} ms`
  return {
    record: [{ type: 'agent.decided', data: { incidentId, because: cause } }],
    send: [{ to: incidentId, type: 'resolve', body: { cause } }],
  }
}

/** Chief 1, Foundation: what every chief does, and decides on indexes from the evidence. */
export const chief1: Mind = {
  playbook: (notice, context, unreachable) =>
    notice.category === 'overload' ? chief.playbook(notice, context, unreachable) : decideOnIndex(notice),
  skills: { ...chief.skills, task_complete: completed },
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function round(value: unknown): string {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : 'unknown'
}
