import type { JsonObject } from '@esa/protocol'

/** How a person is reached: by a channel, and at which address of it where it has more than one. */
export interface Contact {
  channel: string
  to: string | null
}

/** Who is on call. `agent` is the agent whose human seat they hold, null for a person who only substitutes. */
export interface PersonRow {
  person: string
  agent: string | null
  contacts: Contact[]
  createdAt: number
  createdBy: string
}

/** Who is on call for a level instead of all others there, from an instant until another, store clock, ms. */
export interface StandInRow {
  level: string
  person: string
  fromAt: number
  untilAt: number
  createdBy: string
}

/** A way out of the bus. `spec` says where its secrets are, never what they are. */
export interface ChannelRow {
  name: string
  kind: string
  spec: JsonObject
  createdAt: number
  createdBy: string
}

/** One try to deliver something. `code` is what the other side answered, `latencyMs` how long it took. */
export interface DeliveryRow {
  /** The same at every try of the same thing by the same channel: receivers see it too. */
  id: string
  at: number
  attempt: number
  /** The actor that had it delivered. */
  notificationId: string
  channel: string
  incidentId: string
  /** The agent that was notified. */
  agent: string
  person: string | null
  notice: string
  status: 'sent' | 'failed' | 'dropped'
  code: number | null
  latencyMs: number
  why: string | null
}

/** A link that acknowledges an incident in an agent's name, as long as the incident's epoch is the one it was made at. */
export interface AckLinkRow {
  id: string
  incidentId: string
  epoch: number
  agent: string
  person: string | null
  createdAt: number
  expiresAt: number
  usedAt: number | null
}

/** Which tries to list. */
interface DeliveryFilter {
  id?: string
  channel?: string
  incidentId?: string
  limit: number
}

/** A link to be kept, by the SHA-256 of its secret; it expires `lifeMs` after the store's now. */
type NewAckLink = Omit<AckLinkRow, 'createdAt' | 'expiresAt' | 'usedAt'> & {
  hash: string
  lifeMs: number
}

/** Tries of one channel that are kept: months of an ordinary one, and a bound for one that fails all day. */
export const DELIVERIES_KEPT = 500

/** Expired links are kept for a week, so that a late visitor learns why, ms. */
export const EXPIRED_LINKS_KEPT_MS = 7 * 24 * 3_600_000

/** What the store keeps for telling people: who they are, by which channels, what was tried, and links to answer by. */
export interface NotificationStore {
  /** Keeps a person in a seat; one who is there already gets these contacts. */
  putPerson(person: Omit<PersonRow, 'createdAt'>): Promise<PersonRow>
  /** False when no such person is in that seat. */
  removePerson(person: string, agent: string | null): Promise<boolean>
  /** By name and seat. */
  people(): Promise<PersonRow[]>
  /** Sets the override of a level, in place of the previous one. */
  putStandIn(standIn: StandInRow): Promise<void>
  /** False when there was none. */
  removeStandIn(level: string): Promise<boolean>
  /** Past ones too, by level. */
  standIns(): Promise<StandInRow[]>
  /** Null when the name is taken. */
  addChannel(channel: Omit<ChannelRow, 'createdAt'>): Promise<ChannelRow | null>
  /** False when there is none. */
  removeChannel(name: string): Promise<boolean>
  /** By name. */
  channels(): Promise<ChannelRow[]>
  /** Keeps a try at the store's now, and lets the oldest of its channel go beyond `DELIVERIES_KEPT`. */
  keepDelivery(delivery: Omit<DeliveryRow, 'at'>): Promise<void>
  /** The newest tries that fit, newest first. */
  deliveries(filter: DeliveryFilter): Promise<DeliveryRow[]>
  addAckLink(link: NewAckLink): Promise<AckLinkRow>
  /** The link whose secret has this hash, used and expired ones too. */
  findAckLink(hash: string): Promise<AckLinkRow | null>
  /** Uses a link up; false when it was used before, has expired, or is none. Of two who come at once one gets true. */
  useAckLink(hash: string): Promise<boolean>
  /** Makes a link as good as new: what it was used for did not happen. */
  freeAckLink(hash: string): Promise<void>
}
