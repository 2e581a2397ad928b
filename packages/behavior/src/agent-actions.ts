import type { Change } from '@esa/actor'
import { type AgentId, ANSWERABLE, textOf } from '@esa/protocol'
import { decline, passOnAnswer } from './asking.ts'
import { handedOver, hear } from './awaiting.ts'
import { isOver, judge, propose, settle } from './approval.ts'
import { aboutOf, answer, asAsked, receive } from './inbox.ts'
import { inTurn } from './in-turn.ts'
import type { AgentContext, AgentEvent, Mind, Skill } from './mind.ts'
import { notice, recovered, release } from './notices.ts'
import { dispatch } from './outgoing.ts'
import { followWork } from './work.ts'
import { balance, HAND_OVER, redistribute } from './workload.ts'

/** Who does a task by themselves, by the task's name. */
export type DoneBy = { [task: string]: AgentId[] }

/** The agent comes into being with its first message. */
export const begin: Skill = (context) => ({
  record: [{ type: 'agent.opened', actor: context.agentId, data: {} }],
})

/**
 * What an agent does with any message: it hears whether that is an answer, does what its own skill for the type says,
 * else what every agent does, and then looks at its load. An agent with code declines a task that others do by themselves,
 * and says who.
 */
export function think(mind: Mind, doneBy: DoneBy): Skill {
  const handlers: Record<string, Skill> = {
    'incident.notice': notice(mind),
    'incident.copy': (_, event) => noted('agent.copied', event),
    'incident.taken': release,
    'incident.closed': release,
    'incident.recovered': recovered(mind),
    'approval.asked': propose,
    'approval.settled': settle,
    'task.handed_over': handedOver,
    answer,
    judge,
    dispatch,
    seat: takeSeat,
    ...mind.skills,
  }
  const handle: Skill = (context, told) => {
    const event = asAsked(told)
    if (isOver(context, event)) return noted('agent.noted', event)
    const own = event['handedOver'] === undefined
    const ordered = event['task'] === HAND_OVER && event.from === context.chief && own
    if (event.type === 'task_request' && ordered) return redistribute(context, event)
    // The person in the seat answers: what a playbook would do by itself waits for the person.
    const waits = context.seat === 'human' && ANSWERABLE.has(event.type)
    const others = mind.skills === undefined || waits ? [] : (doneBy[textOf(event['task'])] ?? [])
    if (event.type === 'task_request' && others.length > 0 && !others.includes(context.agentId))
      return followWork(
        context,
        event,
        decline(event, `that is what ${others.join(' and ')} does: ask there`),
      )
    const handler = !waits && Object.hasOwn(handlers, event.type) ? handlers[event.type] : receive
    return followWork(context, event, inTurn(context, event, [handler ?? receive, passOnAnswer]))
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

/** Who sits here: the built-in playbook, or a person. */
const takeSeat: Skill = (context, event) => {
  const seat = event['seat'] === 'human' ? 'human' : 'built-in'
  return {
    set: { seat },
    record: [{ type: 'agent.seated', actor: event.as, data: { seat, before: context.seat, by: event.by } }],
  }
}

function noted(type: string, event: AgentEvent): Change<AgentContext> {
  return { record: [{ type, data: { type: event.type, from: event.from, about: aboutOf(event) } }] }
}
