import type { Change, PerformParams, RecordParams, StepFacts } from '@esa/actor'
import type { JsonObject } from '@esa/protocol'
import { type IncidentContext, rungOf } from './incident-context.ts'

/** The notice to the others that the incident is taken. */
export function take(
  context: IncidentContext,
  event: StepFacts & { as: string },
  targets: string[],
): { record: RecordParams[]; perform: PerformParams[] } {
  if (targets.length === 0) return { record: [], perform: [] }
  const record = [
    { type: 'incident.taken', level: rungOf(context).level, actor: event.as, data: { targets } },
  ]
  return { record, perform: targets.map((target) => deliver(context, event, target, 'incident.taken')) }
}

/** A notice, a copy or news of the incident on its way to one agent. */
export function deliver(
  context: IncidentContext,
  event: StepFacts,
  target: string,
  notice: string,
): PerformParams {
  const { policy, title, evidence, notificationRound: visit } = context
  const { level } = rungOf(context)
  const body: JsonObject = {
    incidentId: event.facts.actorId,
    agent: policy.agent,
    category: policy.category,
    level,
    title,
    visit,
  }
  if (notice === 'incident.notice') body['evidence'] = evidence
  return { activity: 'notice.deliver', input: { target, notice, visit, body } }
}

/** An alarm that the log tells of by itself. */
export function alarmed(context: IncidentContext, why: string): Change<IncidentContext> {
  return {
    record: [{ type: 'incident.alarmed', level: rungOf(context).level, data: { why } }],
    perform: [alarm(context, why)],
  }
}

/** An alarm that leaves the bus. */
export function alarm({ policy, title, ...context }: IncidentContext, why: string): PerformParams {
  const level = rungOf({ policy, title, ...context }).level
  return { activity: 'alarm', input: { agent: policy.agent, category: policy.category, level, title, why } }
}
