import { copyJson } from './memory-tables.ts'
import {
  type AckLinkRow,
  type ChannelRow,
  DELIVERIES_KEPT,
  type DeliveryRow,
  EXPIRED_LINKS_KEPT_MS,
  type NotificationStore,
  type PersonRow,
  type StandInRow,
} from './notification-store.ts'

/** What is kept for telling people, in memory: the same promises as on PostgreSQL. */
export function memoryNotifications(now: () => number): NotificationStore {
  const people = new Map<string, PersonRow>()
  const standIns = new Map<string, StandInRow>()
  const channels = new Map<string, ChannelRow>()
  const links = new Map<string, AckLinkRow>()
  let deliveries: DeliveryRow[] = []
  const seat = (person: string, agent: string | null): string => JSON.stringify([person, agent ?? ''])
  const inOrder = <Row>(rows: Map<string, Row>): Row[] =>
    [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => copyJson(row))
  return {
    async putPerson(given) {
      const name = seat(given.person, given.agent)
      const { createdAt, createdBy } = people.get(name) ?? { createdAt: now(), createdBy: given.createdBy }
      const row = copyJson({ ...given, createdAt, createdBy })
      people.set(name, row)
      return copyJson(row)
    },
    removePerson: async (person, agent) => people.delete(seat(person, agent)),
    people: async () => inOrder(people),
    async putStandIn(standIn) {
      standIns.set(standIn.level, copyJson(standIn))
    },
    removeStandIn: async (level) => standIns.delete(level),
    standIns: async () => inOrder(standIns),
    async addChannel(channel) {
      if (channels.has(channel.name)) return null
      const row = copyJson({ ...channel, createdAt: now() })
      channels.set(channel.name, row)
      return copyJson(row)
    },
    removeChannel: async (name) => channels.delete(name),
    channels: async () => inOrder(channels),
    async keepDelivery(delivery) {
      deliveries = [copyJson({ ...delivery, at: now() }), ...deliveries]
      const own = deliveries.filter(({ channel }) => channel === delivery.channel)
      const gone = new Set(own.slice(DELIVERIES_KEPT))
      deliveries = deliveries.filter((row) => !gone.has(row))
    },
    async deliveries({ id, channel, incidentId, limit }) {
      const fits = (row: DeliveryRow): boolean =>
        (id ?? row.id) === row.id &&
        (channel ?? row.channel) === row.channel &&
        (incidentId ?? row.incidentId) === row.incidentId
      return deliveries.filter(fits).slice(0, limit).map(copyJson)
    },
    async addAckLink({ hash, lifeMs, ...link }) {
      for (const [old, { expiresAt }] of links)
        if (expiresAt < now() - EXPIRED_LINKS_KEPT_MS) links.delete(old)
      const createdAt = now()
      const row = { ...link, createdAt, expiresAt: createdAt + lifeMs, usedAt: null }
      links.set(hash, row)
      return copyJson(row)
    },
    findAckLink: async (hash) => copyJson(links.get(hash) ?? null),
    async useAckLink(hash) {
      const link = links.get(hash)
      if (link === undefined || link.usedAt !== null || link.expiresAt <= now()) return false
      link.usedAt = now()
      return true
    },
    async freeAckLink(hash) {
      const link = links.get(hash)
      if (link !== undefined) link.usedAt = null
    },
  }
}
