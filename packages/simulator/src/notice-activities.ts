import type { ActivityHandler } from '@esa/actor'
import { INCIDENT_TYPE, incidentContext } from '@esa/escalation'
import { EsaError, type JsonObject, textOf } from '@esa/protocol'
import type { MemoryGlance } from '@esa/store'
import type { Agenda } from './agenda.ts'
import type { Weather } from './weather.ts'

/** What simulated deliveries need. `mailboxes`: notices reach their agents; else they only count as sent. */
export interface DeliveryPorts {
  agenda: Agenda
  weather: Weather
  glance: MemoryGlance
  mailboxes: boolean
}

/** The activities of an incident: they take time, fail and hang as the weather has it, and leave the world alone. */
export function noticeActivities(ports: DeliveryPorts): ActivityHandler[] {
  const { agenda, weather } = ports
  const tried = async (key: string, attempt: number): Promise<void> => {
    const outcome = weather.activity(key, attempt)
    await agenda.rest(weather.activityMs(key, attempt), `activity ${key}`)
    if (outcome === 'hangs') await new Promise(() => {})
    if (outcome === 'fails')
      throw new EsaError('activity.channel-failed', 'transient', 'a simulated channel failed')
  }
  return [
    {
      activity: 'notice.deliver',
      run: async (input, { actorId, key, attempt }) => {
        await tried(key, attempt)
        const { target, visit, notice, body } = input
        const message = { to: textOf(target), type: textOf(notice), body: body as JsonObject }
        const delivered = ports.mailboxes ? [message] : []
        if (notice !== 'incident.notice') return delivered
        const fact = (type: string, why?: string) => ({ to: actorId, type, body: { target, visit, why } })
        if (!isCurrent(ports.glance, actorId, visit)) return [fact('notice.dropped', 'its level was left')]
        if (ports.glance.actor(textOf(target))?.state.status === 'stopped')
          return [fact('notice.failed', 'the agent is stopped')]
        return [...delivered, fact('notice.sent')]
      },
      onFailure: ({ target, visit, notice }, { code }, actorId) =>
        notice === 'incident.notice'
          ? [{ to: actorId, type: 'notice.failed', body: { target, visit, why: code } }]
          : [],
    },
    {
      activity: 'alarm',
      run: async (_, { key, attempt }) => {
        await tried(key, attempt)
        return []
      },
    },
  ]
}

function isCurrent(glance: MemoryGlance, incidentId: string, visit: unknown): boolean {
  const state = glance.actor(incidentId)?.state
  return state?.type === INCIDENT_TYPE && state.live && incidentContext(state).notificationRound === visit
}
