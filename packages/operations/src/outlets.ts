import { type Outlet, OUTLETS_MAX } from '@esa/escalation'
import { type Announced, type ChannelSpec, channelSpecSchema, digestJson } from '@esa/protocol'
import type { ChannelRow, PersonRow, Store } from '@esa/store'

/** What is to leave the bus: an incident's notice to an agent, as the incident sends it. */
export interface Told {
  incidentId: string
  visit: number
  announced: Announced
  /** The agent that is notified. */
  target: string
  level: string
  category: string
}

/** Who is on call, at the store's now: `standsIn` names the level at which they replace all others. */
export interface OnCall {
  person: string
  contacts: PersonRow['contacts']
  standsIn: string | null
}

type Kept = Store['notifications']

/** Who is reached for an agent's human seat at a level: the override of the level, else the people of the seat. */
export async function onCallFor(kept: Kept, agent: string, level: string, nowMs: number): Promise<OnCall[]> {
  const [people, standIns] = await Promise.all([kept.people(), kept.standIns()])
  // A person who was taken off call replaces no one: the people of the seats are called again.
  const standIn = standIns.find(
    ({ person, fromAt, untilAt, ...one }) =>
      one.level === level &&
      fromAt <= nowMs &&
      nowMs < untilAt &&
      people.some((row) => row.person === person),
  )
  const own = people.filter((one) =>
    standIn === undefined ? one.agent === agent : one.person === standIn.person,
  )
  const standsIn = standIn === undefined ? null : level
  return [...Map.groupBy(own, ({ person }) => person)].map(([person, rows]) => ({
    person,
    contacts: rows.flatMap(({ contacts }) => contacts),
    standsIn,
  }))
}

/**
 * By which channels a notice leaves the bus: to the people on call for a seat that a person holds, and by every channel that
 * filters for notices like this. People come first; beyond `OUTLETS_MAX` none is used.
 */
export async function outletsFor(
  store: Pick<Store, 'notifications' | 'runtime'>,
  told: Told,
  { human }: { human: boolean },
): Promise<Outlet[]> {
  const channels = await store.notifications.channels()
  // Where nothing leaves, a notice costs this one look.
  if (channels.length === 0) return []
  const toPeople = human ? await outletsOfPeople(store, told, new Set(channels.map(({ name }) => name))) : []
  const reached = new Set(toPeople.flatMap(({ channel, to }) => (to === null ? [channel] : [])))
  const asked = channels
    .filter((channel) => !reached.has(channel.name) && asksFor(specOf(channel), told))
    .map(({ name }) => outlet(told, name, null, null))
  const byId = new Map([...toPeople, ...asked].map((one) => [one.id, one]))
  return [...byId.values()].slice(0, OUTLETS_MAX)
}

async function outletsOfPeople(
  store: Pick<Store, 'notifications' | 'runtime'>,
  told: Told,
  known: ReadonlySet<string>,
): Promise<Outlet[]> {
  const { nowMs } = await store.runtime()
  const people = await onCallFor(store.notifications, told.target, told.level, nowMs)
  return people.flatMap(({ person, contacts }) =>
    contacts
      .filter(({ channel }) => known.has(channel))
      .map(({ channel, to }) => outlet(told, channel, person, to)),
  )
}

/** The specification that a row keeps. */
export function specOf({ spec }: ChannelRow): ChannelSpec {
  return channelSpecSchema.parse(spec)
}

function asksFor(spec: ChannelSpec, { target, level, category }: Told): boolean {
  if (spec.personal || (spec.kind === 'email' && spec.to.length === 0)) return false
  return (
    (spec.agent ?? target) === target &&
    (spec.level ?? level) === level &&
    (spec.category ?? category) === category
  )
}

/**
 * Its id is made of what it is about: a receiver of the same twice can recognize it. That an incident is over is the same news
 * whomever it is for.
 */
function outlet(told: Told, channel: string, person: string | null, to: string | null): Outlet {
  const { incidentId, announced, target, visit } = told
  const about = announced === 'incident.closed' ? [] : [visit, target]
  const digest = digestJson([incidentId, announced, ...about, channel, person, to])
  return { id: `msg_${digest.slice(0, 32)}`, channel, person, to }
}
