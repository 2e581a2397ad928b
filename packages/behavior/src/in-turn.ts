import type { Change } from '@esa/actor'
import type { AgentContext, AgentEvent, Skill } from './mind.ts'

/** Does several things about one event as one change: each sees what the ones before it have set. */
export function inTurn(context: AgentContext, event: AgentEvent, skills: Skill[]): Change<AgentContext> {
  let whole: Change<AgentContext> = {}
  for (const skill of skills) whole = followedBy(whole, skill({ ...context, ...whole.set }, event))
  return whole
}

/** Two changes as one, the second coming after the first. */
export function followedBy(first: Change<AgentContext>, second: Change<AgentContext>): Change<AgentContext> {
  return {
    set: { ...first.set, ...second.set },
    record: [...(first.record ?? []), ...(second.record ?? [])],
    send: [...(first.send ?? []), ...(second.send ?? [])],
    open: [...(first.open ?? []), ...(second.open ?? [])],
    perform: [...(first.perform ?? []), ...(second.perform ?? [])],
  }
}
