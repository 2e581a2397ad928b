import { NOTIFICATION_TYPE, notificationContext } from '@esa/escalation'
import { EsaError, isoTime } from '@esa/protocol'
import type { DeliveryRow, Store } from '@esa/store'
import { requireChannel } from './webhooks.ts'
import type { World } from './world.ts'

/** Tries that are shown at once. */
const SHOWN_MAX = 500

/** One try to deliver something, as every edge shows it. */
export type DeliveryDocument = Omit<DeliveryRow, 'at'> & { at: string }

/** Which tries to list. */
export interface DeliveryQuery {
  channel?: string
  incidentId?: string
  id?: string
  limit?: number
}

/** The newest tries that fit, newest first. */
export async function listDeliveries(
  { notifications }: Pick<Store, 'notifications'>,
  { limit = SHOWN_MAX, ...query }: DeliveryQuery,
): Promise<DeliveryDocument[]> {
  const rows = await notifications.deliveries({ ...query, limit: Math.min(limit, SHOWN_MAX) })
  return rows.map(({ at, ...row }) => ({ ...row, at: isoTime(at) }))
}

/**
 * Delivers something once more, under the same id, so that a receiver that has it can tell. The ladder hears nothing of it.
 * @throws EsaError `delivery.unknown`, `channel.unknown`, `auth.*` (terminal).
 */
export async function redeliver(world: World, id: string): Promise<{ id: string }> {
  await world.caller.actAs('operator', 'admin')
  const [tried] = await world.store.notifications.deliveries({ id, limit: 1 })
  const found = tried === undefined ? null : await world.store.readActor(tried.notificationId)
  if (tried === undefined || found === null || found.state.type !== NOTIFICATION_TYPE) {
    throw new EsaError('delivery.unknown', 'terminal', `there is no delivery "${id}"`, {
      hint: 'esa webhooks deliveries NAME',
    })
  }
  await requireChannel(world.store, tried.channel)
  const { incidentId, visit, target, announced, body, outlets: all } = notificationContext(found.state)
  const outlets = all.filter((outlet) => outlet.id === id)
  await world.host.open({
    type: NOTIFICATION_TYPE,
    key: null,
    from: 'operator',
    body: { incidentId, visit, target, announced, body, outlets, decides: false },
  })
  return { id }
}
