import type { AgentContext, Mind, Skill } from './mind.ts'
import { giveUp } from './asking.ts'
import { escalateUnanswered } from './awaiting.ts'
import { inTurn } from './in-turn.ts'
import { balance } from './workload.ts'

/** The earliest instant at which an agent has to do something by itself: its next look, or an answer that is due. */
export function nextDue({ wakeMs, lookAt, awaiting = {} }: AgentContext): number | null {
  const instants = Object.values(awaiting).map(({ dueAt }) => dueAt)
  if (wakeMs !== null) instants.push(lookAt ?? 0)
  return instants.length === 0 ? null : Math.min(...instants)
}

/** Arms the one timer for what is next. */
export const arm: Skill = (context, event) => {
  const armedFor = nextDue(context)
  return { set: { armedFor, armMs: Math.max(0, (armedFor ?? 0) - event.at) } }
}

/** The timer rang: look at the world when that is due, escalate what was not answered in time, and say so to the requester. */
export function wake(mind: Mind): Skill {
  const look: Skill = (context, event) => {
    const { wakeMs, lookAt } = context
    if (wakeMs === null || event.at <= (lookAt ?? 0)) return {}
    const again: Skill = () => ({ set: { lookAt: event.at + wakeMs } })
    const asked = mind.skills?.['wake']
    return inTurn(context, event, asked === undefined ? [again] : [asked, again])
  }
  return (context, event) =>
    inTurn(context, event, [look, giveUp, escalateUnanswered, balance(context.inbox)])
}
