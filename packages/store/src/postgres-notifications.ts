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
import { NOW } from './postgres-sql.ts'

type Ask = <Row>(text: string, values: unknown[]) => Promise<Row[]>

const PERSON = `person, nullif(agent, '') as agent, contacts, created_at as "createdAt", created_by as "createdBy"`
const STAND_IN = `level, person, from_at as "fromAt", until_at as "untilAt", created_by as "createdBy"`
const CHANNEL = `name, kind, spec, created_at as "createdAt", created_by as "createdBy"`
const DELIVERY = `id, at, attempt, channel, incident_id as "incidentId", agent, person, notice, status, code,
  latency_ms as "latencyMs", why, notification_id as "notificationId"`
const LINK = `id, incident_id as "incidentId", epoch, agent, person, created_at as "createdAt",
  expires_at as "expiresAt", used_at as "usedAt"`

const PUT_PERSON = `insert into esa.people (person, agent, contacts, created_at, created_by)
  values ($1, $2, $3, ${NOW}, $4)
  on conflict (person, agent) do update set contacts = excluded.contacts returning ${PERSON}`

const PUT_STAND_IN = `insert into esa.stand_ins (level, person, from_at, until_at, created_by) values ($1, $2, $3, $4, $5)
  on conflict (level) do update set person = excluded.person, from_at = excluded.from_at,
    until_at = excluded.until_at, created_by = excluded.created_by`

const ADD_CHANNEL = `insert into esa.channels (name, kind, spec, created_at, created_by)
  values ($1, $2, $3, ${NOW}, $4) on conflict do nothing returning ${CHANNEL}`

const KEEP_DELIVERY = `insert into esa.deliveries
    (id, at, attempt, channel, incident_id, agent, person, notice, status, code, latency_ms, why,
     notification_id)
  values ($1, ${NOW}, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`

/** The newest that is too old: it and what is older goes. */
const TRIM_DELIVERIES = `delete from esa.deliveries where channel = $1 and at <=
  (select at from esa.deliveries where channel = $1 order by at desc offset ${DELIVERIES_KEPT} limit 1)`

const DELIVERIES = `select ${DELIVERY} from esa.deliveries
  where ($1::text is null or id = $1) and ($2::text is null or channel = $2) and ($3::text is null or incident_id = $3)
  order by at desc, attempt desc, id limit $4`

const ADD_LINK = `insert into esa.ack_links (hash, id, incident_id, epoch, agent, person, created_at, expires_at)
  select $1, $2, $3, $4, $5, $6, n.ms, n.ms + $7::bigint from (select ${NOW} as ms) n returning ${LINK}`

const DROP_OLD_LINKS = `delete from esa.ack_links where expires_at < ${NOW} - ${EXPIRED_LINKS_KEPT_MS}`

const USE_LINK = `update esa.ack_links set used_at = ${NOW}
  where hash = $1 and used_at is null and expires_at > ${NOW} returning id`

/** What is kept for telling people, on PostgreSQL. */
export function postgresNotifications(ask: Ask): NotificationStore {
  const one = async <Row>(text: string, values: unknown[]): Promise<Row | null> =>
    (await ask<Row>(text, values))[0] ?? null
  const some = async (text: string, values: unknown[]): Promise<boolean> =>
    (await ask(text, values)).length > 0
  return {
    putPerson: async ({ person, agent, contacts, createdBy }) =>
      (await one<PersonRow>(PUT_PERSON, [person, agent ?? '', JSON.stringify(contacts), createdBy]))!,
    removePerson: (person, agent) =>
      some('delete from esa.people where person = $1 and agent = $2 returning person', [person, agent ?? '']),
    people: () =>
      ask<PersonRow>(
        `select ${PERSON} from esa.people p order by p.person collate "C", p.agent collate "C"`,
        [],
      ),
    putStandIn: async ({ level, person, fromAt, untilAt, createdBy }) => {
      await ask(PUT_STAND_IN, [level, person, fromAt, untilAt, createdBy])
    },
    removeStandIn: (level) => some('delete from esa.stand_ins where level = $1 returning level', [level]),
    standIns: () => ask<StandInRow>(`select ${STAND_IN} from esa.stand_ins order by level collate "C"`, []),
    addChannel: ({ name, kind, spec, createdBy }) =>
      one<ChannelRow>(ADD_CHANNEL, [name, kind, JSON.stringify(spec), createdBy]),
    removeChannel: (name) => some('delete from esa.channels where name = $1 returning name', [name]),
    channels: () => ask<ChannelRow>(`select ${CHANNEL} from esa.channels order by name collate "C"`, []),
    keepDelivery: async (row) => {
      const { id, attempt, channel, incidentId, agent, person, notice } = row
      const what = [id, attempt, channel, incidentId, agent, person, notice]
      await ask(KEEP_DELIVERY, [...what, row.status, row.code, row.latencyMs, row.why, row.notificationId])
      await ask(TRIM_DELIVERIES, [channel])
    },
    deliveries: ({ id = null, channel = null, incidentId = null, limit }) =>
      ask<DeliveryRow>(DELIVERIES, [id, channel, incidentId, limit]),
    addAckLink: async ({ hash, id, incidentId, epoch, agent, person, lifeMs }) => {
      await ask(DROP_OLD_LINKS, [])
      return (await one<AckLinkRow>(ADD_LINK, [hash, id, incidentId, epoch, agent, person, lifeMs]))!
    },
    findAckLink: (hash) => one<AckLinkRow>(`select ${LINK} from esa.ack_links where hash = $1`, [hash]),
    useAckLink: (hash) => some(USE_LINK, [hash]),
    freeAckLink: async (hash) => {
      await ask('update esa.ack_links set used_at = null where hash = $1', [hash])
    },
  }
}
