import type { Change } from '@esa/actor'
import { type Json, textOf } from '@esa/protocol'
import { bodyOf, keep } from './inbox.ts'
import { followedBy } from './in-turn.ts'
import type { AgentContext, AgentEvent, Mind, Notice, Skill } from './mind.ts'
import { without } from './records.ts'

/** Acknowledged incidents that are remembered: far more than an agent has open at once. */
const ACKNOWLEDGED_MAX = 1_000

/** Incidents whose end is remembered: a notice that its end overtakes comes seconds later, not a thousand incidents later. */
const OVER_MAX = 1_000

/** What a seat does about a notice: it keeps it for a person, or answers by its playbook, or says why it cannot. */
export function notice(mind: Mind): Skill {
  return (context, event) => {
    const told = noticeOf(event)
    if (visitOf(event) <= overSince(context, told.incidentId)) {
      const data = { incidentId: told.incidentId, visit: event['visit'] }
      return { record: [{ type: 'agent.overtaken', data }] }
    }
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
    const decision = mind.playbook(told, context, event.facts.unreachable)
    if (decision.kind === 'cannot-decide')
      return followedBy(undecided(decision.because), decision.change ?? {})
    const data = { incidentId: told.incidentId, because: decision.because }
    const record = [{ type: 'agent.decided', data }]
    if (decision.kind === 'resolve') {
      const { cause } = decision
      return followedBy(kept, { record, send: [{ to: told.incidentId, type: 'resolve', body: { cause } }] })
    }
    const acknowledged = [...context.acknowledged, told.incidentId].slice(-ACKNOWLEDGED_MAX)
    const acknowledging: Change<AgentContext> = {
      set: { acknowledged },
      record,
      send: [{ to: told.incidentId, type: 'acknowledge', body: {} }],
    }
    return [kept, acknowledging, decision.change ?? {}].reduce(followedBy)
  }
}

/**
 * An incident is over, or another agent's: it leaves the inbox. Messages have no order among themselves, so this may come
 * before the very notice that it ends, or after the notice of a later visit, which it does not end.
 */
export const release: Skill = (context, event) => {
  const incidentId = textOf(event['incidentId'])
  const visit = Math.max(visitOf(event), overSince(context, incidentId))
  const others = (context.over ?? []).filter((entry) => entry.incidentId !== incidentId)
  const kept = context.inbox[incidentId]
  const ends = kept !== undefined && visitOf(kept.body) <= visit
  return {
    set: {
      over: [...others, { incidentId, visit }].slice(-OVER_MAX),
      ...(ends ? { inbox: without(context.inbox, incidentId) } : {}),
    },
    record: [{ type: 'agent.released', data: { incidentId, because: event.type } }],
  }
}

/**
 * What an incident is about has been good again for a while. Its holder sees that it may be resolved; a
 * built-in seat that holds it resolves it on those numbers. Silence closes nothing.
 */
export function recovered(mind: Mind): Skill {
  return (context, event) => {
    const incidentId = textOf(event['incidentId'])
    const because = textOf(event['because'])
    const item = context.inbox[incidentId]
    const data = { incidentId, because }
    const told: Change<AgentContext> = { record: [{ type: 'agent.recovery_proposed', data }] }
    if (item === undefined) return told
    const about = `${item.about} (${because}: resolve?)`
    const inbox = { ...context.inbox, [incidentId]: { ...item, about } }
    const kept = { ...told, set: { inbox } }
    const holds = context.acknowledged.includes(incidentId)
    if (context.seat === 'human' || mind.playbook === undefined || !holds) return kept
    return followedBy(kept, {
      record: [{ type: 'agent.decided', data }],
      send: [{ to: incidentId, type: 'resolve', body: { cause: because } }],
    })
  }
}

/** The last visit of an incident that is known to be over; before the first one when none is. */
function overSince({ over = [] }: AgentContext, incidentId: string): number {
  return over.find((entry) => entry.incidentId === incidentId)?.visit ?? 0
}

/** Which visit of its incident a notice speaks of: 1 is the first. */
function visitOf({ visit }: { [field: string]: Json | undefined }): number {
  return typeof visit === 'number' ? visit : 1
}

function noticeOf(event: AgentEvent): Notice {
  const { incidentId, agent, category, level, title, evidence } = event
  return {
    incidentId,
    agent,
    category,
    level,
    title,
    evidence: evidence ?? null,
  } as Notice
}
