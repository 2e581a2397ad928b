import type { ActivityHandler, ActivityOpening } from '@esa/actor'
import type { AgentContext } from '@esa/behavior'
import { INCIDENT_TYPE, incidentContext, NOTIFICATION_TYPE } from '@esa/escalation'
import { outletsFor } from '@esa/operations/notifications'
import { ANNOUNCED, type JsonObject, textOf } from '@esa/protocol'
import type { Store } from '@esa/store'

/** What an incident gives to be delivered. */
interface Notice {
  target: string
  notice: string
  visit: number
  body: JsonObject
}

/**
 * Delivers a notice to its addressee's mailbox, and has it leave the bus by the channels that are there for it. One whose
 * level was left meanwhile is dropped, one to a stopped agent fails, and the incident learns either. Where a person holds the
 * seat and is reached by channels, the notice ends as these do. Copies and news of an incident just go out.
 */
export function noticeActivity(store: Store): ActivityHandler {
  return {
    activity: 'notice.deliver',
    run: async (input, { actorId }) => {
      const given = input as unknown as Notice
      const { target, notice, visit, body } = given
      const message = { to: target, type: notice, body }
      const state = (await store.readActor(target))?.state
      const human = (state?.snapshot.context as unknown as AgentContext | undefined)?.seat === 'human'
      if (notice !== 'incident.notice')
        return [message, ...(await leaving(store, actorId, given, { human, decides: false }))]
      const fact = (type: string, why?: string) => ({
        to: actorId,
        type,
        body: { target, visit, why, level: body['level'] },
      })
      if (!(await isCurrent(store, actorId, visit))) return [fact('notice.dropped', 'its level was left')]
      if (state?.status === 'stopped') return [fact('notice.failed', 'the agent is stopped')]
      const left = await leaving(store, actorId, given, { human, decides: human })
      return [message, ...left, ...(human && left.length > 0 ? [] : [fact('notice.sent')])]
    },
    // Of a copy, or of a taken incident, nothing was promised: a failed one must not end its round's notice twice.
    onFailure: ({ target, visit, notice, body }, { code, message }, actorId) => {
      const { level } = body as JsonObject
      const failed = { target, visit, level, why: `${code}: ${message}` }
      return notice === 'incident.notice' ? [{ to: actorId, type: 'notice.failed', body: failed }] : []
    },
  }
}

/** True while an incident waits for the answer to this visit's notices. */
export async function isCurrent(store: Store, incidentId: string, visit: number): Promise<boolean> {
  const incident = await store.readActor(incidentId)
  if (incident === null || incident.state.type !== INCIDENT_TYPE || !incident.state.live) return false
  return incidentContext(incident.state).notificationRound === visit
}

/** What opens the notification by which a notice leaves the bus; nothing where no channel is there for it. */
async function leaving(
  store: Store,
  incidentId: string,
  { target, notice, visit, body }: Notice,
  { human, decides }: { human: boolean; decides: boolean },
): Promise<ActivityOpening[]> {
  const announced = ANNOUNCED.find((one) => one === notice)
  if (announced === undefined) return []
  const told = { level: textOf(body['level']), category: textOf(body['category']) }
  const outlets = await outletsFor(store, { ...told, incidentId, visit, announced, target }, { human })
  if (outlets.length === 0) return []
  const notification: JsonObject = { incidentId, visit, target, announced, body, decides, outlets }
  return [{ opens: { type: NOTIFICATION_TYPE, key: null }, body: notification }]
}
