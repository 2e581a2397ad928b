import { EsaError, isoTime, type Level, levelSchema } from '@esa/protocol'
import type { Contact, PersonRow, Store } from '@esa/store'
import * as z from 'zod'
import { instantOf } from './instants.ts'
import { type OnCall, onCallFor, specOf } from './outlets.ts'
import { requireAgent, storeNow, unknownAgent, type World } from './world.ts'

/** Longest name of a person: it is recorded beside everything that they do. */
const PERSON_MAX = 100

/** Ways to reach one person: more than these are not tried by anybody in a night. */
const CONTACTS_MAX = 5

/** A stand-in is for a holiday, not for ever, ms. */
const STAND_IN_MAX_MS = 92 * 24 * 3_600_000

/** A person to be put on call: for an agent's human seat, or only for overrides; by these channels, and by mail to `email`. */
export interface NewPerson {
  person: string
  agent?: string
  channels?: string[]
  email?: string[]
}

/** A person on call, as every edge shows them. */
export type PersonDocument = Omit<PersonRow, 'createdAt'> & { createdAt: string }

/** The override of a level, and whether it is in force now. */
export interface StandInDocument {
  level: string
  person: string
  from: string
  until: string
  active: boolean
  createdBy: string
}

/** Who is on call for an agent at a level, by the store's clock. */
export interface OnCallDocument {
  agent: string
  level: string
  at: string
  people: OnCall[]
}

/** Puts a person on call. @throws EsaError `usage.*`, `agent.unknown`, `channel.unknown`, `auth.*` (terminal). */
export async function addPerson(
  world: World,
  { person, agent, channels = [], email = [] }: NewPerson,
): Promise<PersonDocument> {
  const createdBy = await world.caller.actAs('operator', 'admin')
  requireName(person)
  if (agent !== undefined) requireAgent(world, agent)
  const contacts = await contactsOf(world.store, channels, email)
  const row = await world.store.notifications.putPerson({ person, agent: agent ?? null, contacts, createdBy })
  return { ...row, createdAt: isoTime(row.createdAt) }
}

/** All people on call, all who may substitute, and the overrides. */
export async function listPeople(
  store: Store,
): Promise<{ people: PersonDocument[]; standIns: StandInDocument[] }> {
  const { notifications } = store
  const [people, standIns, nowMs] = await Promise.all([
    notifications.people(),
    notifications.standIns(),
    storeNow(store),
  ])
  return {
    people: people.map((row) => ({ ...row, createdAt: isoTime(row.createdAt) })),
    standIns: standIns.map(({ level, person, fromAt, untilAt, createdBy }) => ({
      level,
      person,
      from: isoTime(fromAt),
      until: isoTime(untilAt),
      active: fromAt <= nowMs && nowMs < untilAt,
      createdBy,
    })),
  }
}

/** Takes a person off call, for one seat. @throws EsaError `person.unknown`, `auth.*` (terminal). */
export async function removePerson(
  { store, caller }: Pick<World, 'store' | 'caller'>,
  person: string,
  agent: string | null,
): Promise<void> {
  await caller.actAs('operator', 'admin')
  if (!(await store.notifications.removePerson(person, agent))) throw unknownPerson(person)
}

/** Who is on call for an agent at a level now. @throws EsaError `agent.unknown` (terminal). */
export async function onCall(world: World, agent: string, level: Level): Promise<OnCallDocument> {
  if (world.directory.get(agent) === undefined) throw unknownAgent(agent)
  const nowMs = await storeNow(world.store)
  const people = await onCallFor(world.store.notifications, agent, level, nowMs)
  return { agent, level, at: isoTime(nowMs), people }
}

/**
 * Has a person replace all people on call at a level: one at a time, the last one named. Instants are ISO 8601 or
 * durations from now. @throws EsaError `usage.*`, `person.unknown`, `auth.*` (terminal).
 */
export async function putStandIn(
  world: World,
  { level, person, from, until }: { level: string; person: string; from?: string; until: string },
): Promise<StandInDocument> {
  const { store } = world
  const createdBy = await world.caller.actAs('operator', 'admin')
  const parsed = levelSchema.safeParse(level)
  if (!parsed.success) throw new EsaError('usage.level', 'terminal', `"${level}" is not a level`)
  const nowMs = await storeNow(store)
  const fromAt = from === undefined ? nowMs : instantOf('from', from, nowMs)
  const untilAt = instantOf('until', until, nowMs)
  if (untilAt <= Math.max(fromAt, nowMs) || untilAt - fromAt > STAND_IN_MAX_MS) {
    throw new EsaError(
      'usage.until',
      'terminal',
      'a stand-in ends after it begins, in the future, and within 92 days',
    )
  }
  const people = await store.notifications.people()
  if (!people.some((one) => one.person === person)) throw unknownPerson(person)
  await store.notifications.putStandIn({ level: parsed.data, person, fromAt, untilAt, createdBy })
  const active = fromAt <= nowMs
  return { level: parsed.data, person, from: isoTime(fromAt), until: isoTime(untilAt), active, createdBy }
}

/** Ends a stand-in. @throws EsaError `person.no-stand-in`, `auth.*` (terminal). */
export async function removeStandIn(
  { store, caller }: Pick<World, 'store' | 'caller'>,
  level: string,
): Promise<void> {
  await caller.actAs('operator', 'admin')
  if (await store.notifications.removeStandIn(level)) return
  throw new EsaError('person.no-stand-in', 'terminal', `there is no override at the level "${level}"`)
}

async function contactsOf(
  { notifications }: Pick<Store, 'notifications'>,
  names: string[],
  mails: string[],
): Promise<Contact[]> {
  const channels = await notifications.channels()
  const unknown = names.find((name) => !channels.some((channel) => channel.name === name))
  if (unknown !== undefined) {
    throw new EsaError('channel.unknown', 'terminal', `there is no channel "${unknown}"`, {
      hint: 'add it first: esa webhooks add',
    })
  }
  const servers = channels.filter((channel) => specOf(channel).kind === 'email')
  const [server, another] = servers
  const wrong = mails.find((mail) => !z.email().safeParse(mail).success)
  if (wrong !== undefined) throw new EsaError('usage.email', 'terminal', `"${wrong}" is not a mail address`)
  if (mails.length > 0 && (server === undefined || another !== undefined)) {
    const many = server === undefined ? 'there is no channel' : 'there is more than one channel'
    throw new EsaError('usage.email', 'terminal', `${many} of kind email by which to send mail`, {
      hint: 'esa webhooks add mail --kind email --secret env:SMTP_URL --from esa@example.org',
    })
  }
  const contacts = [
    ...names.map((channel) => ({ channel, to: null })),
    ...mails.map((to) => ({ channel: server!.name, to })),
  ]
  if (contacts.length > 0 && contacts.length <= CONTACTS_MAX) return contacts
  throw new EsaError('usage.contacts', 'terminal', `a person is reached in 1 to ${CONTACTS_MAX} ways`, {
    hint: 'by --email ADDRESS, or by --channel NAME of esa webhooks ls',
  })
}

function requireName(person: string): void {
  if (/^[^()\p{C}]+$/u.test(person) && person.length <= PERSON_MAX) return
  throw new EsaError('usage.person', 'terminal', `a person is a name of at most ${PERSON_MAX} letters`)
}

function unknownPerson(person: string): EsaError {
  return new EsaError('person.unknown', 'terminal', `"${person}" is not on call there`, {
    hint: 'esa people ls',
  })
}
