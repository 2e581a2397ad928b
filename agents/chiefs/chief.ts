import { type AgentId, textOf } from '@esa/protocol'
import {
  type AgentContext,
  type Decision,
  evidenceOf,
  HAND_OVER,
  type Mind,
  type Notice,
  objectOf,
  overloadedIn,
  type Skill,
  watchWorkload,
} from '@esa/behavior'
import { onReport, order } from './orders.ts'

/** Redistributes the newest tasks of an overloaded agent to a colleague who is not; anything else is a person's. */
function playbook(notice: Notice, context: AgentContext, unreachable: AgentId[]): Decision {
  const { kind, movable } = evidenceOf(notice)
  if (notice.category !== 'overload' || kind !== 'overload') {
    return { kind: 'cannot-decide', because: 'the evidence is of no kind that I know' }
  }
  if (typeof movable !== 'number' || movable === 0)
    return { kind: 'cannot-decide', because: 'nothing that waits there can be given away' }
  const busy = new Set([...overloadedIn(context), ...unreachable, notice.agent])
  const to = (context.team ?? []).find((id) => !busy.has(id))
  if (to === undefined) return { kind: 'cannot-decide', because: 'nobody of mine has room for it' }
  return {
    kind: 'acknowledge',
    because: `the newest of ${movable} tasks can go to ${to}, who has reported no overload`,
    change: order(context, notice, HAND_OVER, { to }),
  }
}

/** The tasks went over: resolve when the agent is under its limit by its own count, else leave the clock running. */
const completed: Skill = (_, event) => {
  const { ok, moved, to, load, ...result } = objectOf(event['result'])
  const incidentId = textOf(result['incidentId'])
  const share = typeof load === 'number' ? Math.round(load * 100) : 'unknown'
  const because = `${textOf(moved)} tasks went to ${textOf(to)}: the load of ${textOf(event.from)} is ${share} %`
  const data = { incidentId, because }
  if (ok !== true) return { record: [{ type: 'agent.undecided', data }] }
  return {
    record: [{ type: 'agent.decided', data }],
    send: [{ to: incidentId, type: 'resolve', body: { cause: because } }],
  }
}

/** What every chief does by itself: know who is overloaded, and redistribute. Source: docs/protocol.md, "Load". */
export const chief = {
  playbook,
  skills: { task_complete: onReport(HAND_OVER, completed), status_update: watchWorkload },
} satisfies Mind
