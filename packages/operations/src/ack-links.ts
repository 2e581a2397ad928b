import { hash as digest, randomBytes } from 'node:crypto'
import type { Incident } from '@esa/escalation'
import { EsaError, isEsaError, newId } from '@esa/protocol'
import type { Store } from '@esa/store'
import { commandIncident, requireIncident } from './incidents.ts'
import { type Caller, random, storeNow, type World } from './world.ts'

/** 256 bits: it cannot be guessed, so that a plain hash at rest is enough. */
const SECRET_BYTES = 32

/** Longest time within which a link can be used: the longest wait of a level is shorter, except for conflicts, ms. */
const LIFE_MS = 24 * 3_600_000

/** What a link is bound to: one incident at one epoch, in one agent's name, in one person's hand where one is on call. */
export interface LinkAbout {
  incidentId: string
  epoch: number
  agent: string
  person: string | null
}

/** What a link would do now. `why` says why it would do nothing. */
export interface LinkState {
  incident: Incident
  epoch: number
  agent: string
  person: string | null
  expiresAt: number
  why: 'used' | 'expired' | 'moved-on' | null
}

/** Makes a link that acknowledges once: its secret, which is kept nowhere. */
export async function mintAckLink({ store }: Pick<World, 'store'>, about: LinkAbout): Promise<string> {
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  const id = newId(await storeNow(store), random)
  await store.notifications.addAckLink({ ...about, id, hash: hashOf(secret), lifeMs: LIFE_MS })
  return secret
}

/** What a link would do; changes nothing. @throws EsaError `link.unknown` (terminal). */
export async function readAckLink(store: Store, secret: string): Promise<LinkState> {
  const link = await store.notifications.findAckLink(hashOf(secret))
  if (link === null) throw new EsaError('link.unknown', 'terminal', 'this link is not one of this runtime')
  const [incident, nowMs] = await Promise.all([requireIncident(store, link.incidentId), storeNow(store)])
  const { agent, person, expiresAt, epoch } = link
  const movedOn = incident.epoch !== epoch || incident.status === 'resolved'
  const expired = nowMs >= expiresAt
  const why = link.usedAt !== null ? 'used' : expired ? 'expired' : movedOn ? 'moved-on' : null
  return { incident, epoch, agent, person, expiresAt, why }
}

/**
 * Acknowledges what a link is for, in its agent's name, and uses it up.
 * @throws EsaError `link.unknown`, `link.used`, `link.expired`, `link.moved-on`, or the incident's refusal (terminal).
 */
export async function useAckLink(world: Omit<World, 'caller'>, secret: string): Promise<Incident> {
  const { store } = world
  const { why, incident, epoch, agent, person } = await readAckLink(store, secret)
  if (why !== null) throw refused(why)
  const hash = hashOf(secret)
  if (!(await store.notifications.useAckLink(hash))) throw refused('used')
  const link = await store.notifications.findAckLink(hash)
  const by = `${person ?? agent} (link ${link!.id})`
  // Having the link is what shows who it is: it was sent to that person alone.
  const caller: Caller = {
    actAs: async () => by,
    approveAs: async () => Promise.reject(refused('used')),
    account: async () => null,
    onHost: false,
    scopes: async () => ['incidents:ack'],
  }
  const acting = Object.create(world, { caller: { value: caller } }) as World
  try {
    return await commandIncident(acting, incident.id, { type: 'acknowledge', as: agent }, { ifEpoch: epoch })
  } catch (error) {
    // Its deadline had passed, or another answer came first.
    if (isEsaError(error, 'request.conflict')) throw refused('moved-on')
    // Of a command that was not carried out the link is as good as new.
    if (isEsaError(error) && error.kind === 'transient') await store.notifications.freeAckLink(hash)
    throw error
  }
}

const WHY = {
  used: 'this link was used already',
  expired: 'this link has expired',
  'moved-on':
    'the incident has moved on since this link was sent: it was answered, or it is at another level',
} as const

function refused(why: keyof typeof WHY): EsaError {
  return new EsaError(`link.${why}`, 'terminal', WHY[why])
}

function hashOf(secret: string): string {
  return digest('sha256', secret)
}
