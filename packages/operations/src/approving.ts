import {
  accountRefusalOf,
  APPROVAL_TYPE,
  approvalContext,
  NOTIFICATION_TYPE,
  OUTLETS_MAX,
} from '@esa/escalation'
import { cut, digestJson, EsaError, type Identity, isRelated, tokenIdOf } from '@esa/protocol'
import { identityOf, type Store } from '@esa/store'
import { WHY_REFUSED } from './approval-words.ts'
import { storeNow, type World } from './world.ts'

/** Longest part of a statement in an announcement, letters. */
const TITLE_MAX = 160

/** @throws EsaError `approval.not-a-person` (terminal): a service acts and never counts. */
export function requirePerson(who: Identity | null): asserts who is Identity {
  if (who?.kind !== 'person') throw notCounted('approval.not-a-person', 'this token')
}

/** Refuses the requester, as far as their token says, in whatever seat. @throws EsaError `approval.own-request` (terminal). */
export async function requireUnrelated(store: Store, askedBy: string, who: Identity): Promise<void> {
  const id = tokenIdOf(askedBy)
  const token = id === null ? undefined : (await store.listTokens()).find((row) => row.id === id)
  if (token === undefined || who.alone || !isRelated(await identityOf(store, token), who)) return
  throw notCounted('approval.own-request', 'this proposal')
}

/**
 * What has to hold before a word about a statement is given: the account counts, and where one operator decides alone every
 * channel tells of it first. The approval itself decides again, under its lock. @throws EsaError `approval.*` (terminal).
 */
export async function admitApproval(world: World, id: string, who: Identity | null): Promise<void> {
  requirePerson(who)
  const found = await world.store.readActor(id)
  if (found === null || found.state.type !== APPROVAL_TYPE) return
  const context = approvalContext(found.state)
  if (context.askedAt === undefined) return
  const code = accountRefusalOf(found.state, { who, at: await storeNow(world.store) })?.code
  if (code === 'approval.own-request' || code === 'approval.too-young')
    throw notCounted(code, `approval ${id}`)
  if (who.alone && context.kind === 'destructive' && found.state.live)
    await announceAlone(world, id, `${context.target}: ${context.statement}`)
}

/** Tells every channel, whatever its filters, in a commit before the approval is given. */
async function announceAlone(world: World, approvalId: string, what: string): Promise<void> {
  const channels = await world.store.notifications.channels()
  const at = await storeNow(world.store)
  const title = cut(`one operator approves alone on ${what.replaceAll(/\s+/g, ' ')}`, TITLE_MAX)
  for (let from = 0; from < channels.length; from += OUTLETS_MAX) {
    const outlets = channels.slice(from, from + OUTLETS_MAX).map(({ name }) => ({
      id: `msg_${digestJson([approvalId, at, name]).slice(0, 32)}`,
      channel: name,
      person: null,
      to: null,
    }))
    const body = { agent: 'operator', category: 'security', level: 'none', title }
    await world.host.open({
      type: NOTIFICATION_TYPE,
      key: null,
      from: 'operator',
      body: {
        incidentId: approvalId,
        visit: 0,
        target: 'operator',
        announced: 'approval.alone',
        decides: false,
        body,
        outlets,
      },
    })
  }
}

const HINTS: Record<string, string> = {
  'approval.not-a-person': 'sign in: esa accounts add NAME on the host, then esa login LINK',
  'approval.own-request': 'another person with an account approves it',
  'approval.too-young':
    'sign in first, have it requested again, then approve; in an emergency the owner of the target has psql',
}

function notCounted(code: string, what: string): EsaError {
  const hint = HINTS[code] ?? 'esa accounts ls'
  return new EsaError(code, 'terminal', `${what}: ${WHY_REFUSED[code] ?? code}`, { hint })
}
