import type { ActivityHandler, ActivityMessage } from '@esa/actor'
import { notificationContext, type Outlet } from '@esa/escalation'
import { announce, type AnnouncePorts } from '@esa/notify'
import { mintAckLink, specOf } from '@esa/operations/notifications'
import { type Announcement, EsaError, isEsaError, isoTime, type JsonObject, textOf } from '@esa/protocol'
import type { DeliveryRow, Store } from '@esa/store'
import { isCurrent } from './notice-activity.ts'

/** What sending by a channel reaches. */
export interface ChannelPorts extends AnnouncePorts {
  store: Store
  /** How people reach the server, as an origin; without one nothing that leaves holds a link. */
  publicUrl: string | null
}

type Notification = ReturnType<typeof notificationContext>

/**
 * Sends one outlet of a notification: at least once, under an id that is the same at every try, and each try is kept. What its
 * level has left meanwhile is dropped. The notification learns how it ended.
 */
export function channelActivity(ports: ChannelPorts): ActivityHandler {
  const { store } = ports
  const ended = (actorId: string, body: JsonObject): ActivityMessage[] => [
    { to: actorId, type: 'outlet.ended', body },
  ]
  return {
    activity: 'channel.send',
    run: async ({ outlet: id }, { actorId, attempt }) => {
      const found = await store.readActor(actorId)
      const notification = notificationContext(found!.state)
      const outlet = notification.outlets.find((one) => one.id === id)!
      const end = await trySend(ports, { notification, outlet, notificationId: actorId, attempt })
      return ended(actorId, { id: outlet.id, ...end })
    },
    onFailure: ({ outlet }, { code, message }, actorId) =>
      ended(actorId, { id: textOf(outlet), outcome: 'failed', why: `${code}: ${message}` }),
  }
}

/** One try, and its line in the log of deliveries. */
async function trySend(
  ports: ChannelPorts,
  {
    notification,
    outlet,
    notificationId,
    attempt,
  }: { notification: Notification; outlet: Outlet; notificationId: string; attempt: number },
): Promise<{ outcome: 'sent' | 'dropped'; why?: string }> {
  const { store } = ports
  const { incidentId, target, announced } = notification
  const { id, channel, person } = outlet
  const about = { id, notificationId, attempt, channel, incidentId, agent: target, person, notice: announced }
  const began = performance.now()
  const keep = (end: Pick<DeliveryRow, 'status' | 'code' | 'why'>): Promise<void> =>
    store.notifications.keepDelivery({ ...about, ...end, latencyMs: Math.round(performance.now() - began) })
  const late = announced === 'incident.notice' ? await overtaken(store, notification) : null
  if (late !== null) {
    await keep({ status: 'dropped', code: null, why: late })
    return { outcome: 'dropped', why: late }
  }
  try {
    const code = await send(ports, notification, outlet)
    await keep({ status: 'sent', code, why: null })
    return { outcome: 'sent' }
  } catch (error) {
    const { code, message, details } = isEsaError(error)
      ? error
      : new EsaError('channel.bug', 'bug', 'the channel failed', { cause: error })
    const answered = typeof details['code'] === 'number' ? details['code'] : null
    await keep({ status: 'failed', code: answered, why: `${code}: ${message}` })
    throw error
  }
}

/**
 * In these an incident waits for an answer: an agent that answered must not be called for it again. At the end of a
 * suppression no new notice is sent, so that what was on its way before it has to arrive.
 */
const WAITING = new Set(['triggered', 'suppressed', 'exhausted'])

/** Why the notice is no longer needed, or null. */
async function overtaken(store: Store, { incidentId, visit }: Notification): Promise<string | null> {
  if (!(await isCurrent(store, incidentId, visit))) return 'its level was left'
  const status = (await store.readActor(incidentId))?.state.status ?? ''
  return WAITING.has(status) ? null : `it is ${status} meanwhile`
}

async function send(ports: ChannelPorts, notification: Notification, outlet: Outlet): Promise<number> {
  const { store } = ports
  const row = (await store.notifications.channels()).find(({ name }) => name === outlet.channel)
  if (row === undefined)
    throw new EsaError('channel.unknown', 'terminal', `the channel ${outlet.channel} was removed`)
  const spec = specOf(row)
  const { nowMs, id: source } = await store.runtime()
  const announcement = await announcementOf(ports, notification, outlet, { at: isoTime(nowMs), source })
  const aimed = spec.kind === 'email' && outlet.to !== null ? { ...spec, to: [outlet.to] } : spec
  return await announce(aimed, announcement, ports)
}

async function announcementOf(
  ports: ChannelPorts,
  notification: Notification,
  { id, person }: Outlet,
  when: { at: string; source: string },
): Promise<Announcement> {
  const { incidentId, visit, announced, target, body } = notification
  return {
    id,
    ...when,
    announced: announced as Announcement['announced'],
    incidentId,
    agent: textOf(body['agent']),
    category: textOf(body['category']),
    level: textOf(body['level']),
    title: textOf(body['title']),
    visit,
    told: target,
    person,
    evidence: body['evidence'] ?? null,
    ackUrl: announced === 'incident.notice' ? await ackUrl(ports, notification, person) : null,
  }
}

/** A link that acknowledges, bound to the epoch at which this is sent. */
async function ackUrl(
  { store, publicUrl }: ChannelPorts,
  { incidentId, target }: Notification,
  person: string | null,
): Promise<string | null> {
  if (publicUrl === null) return null
  const incident = await store.readActor(incidentId)
  if (incident === null) return null
  const { epoch } = incident.state
  const secret = await mintAckLink({ store }, { incidentId, epoch, agent: target, person })
  return `${publicUrl}/ack/${secret}`
}
