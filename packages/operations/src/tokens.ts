import {
  EsaError,
  isoTime,
  newId,
  parseDuration,
  requireAccountName,
  type Identity,
  type Scope,
  SCOPES,
} from '@esa/protocol'
import { mintToken, type Store, type TokenRow } from '@esa/store'
import { serviceAccount } from './accounts.ts'
import { random, requireAgent, type World } from './world.ts'

/** Longest life of a token: after a quarter its user makes another one, ms. */
const LIFE_MAX_MS = 92 * 24 * 3_600_000

/** What a new token takes: in whose name it acts, for what, how long (a duration), and who has it in hand. */
export interface NewTokenRequest {
  as: string
  scope: string[]
  for: string
  /** The name of the service. */
  person: string
}

/** A token as it is shown: everything but the secret. */
export interface TokenDocument {
  id: string
  as: string
  person: string
  /** The account that acts; null: a token of before there were accounts, which counts as a service's. */
  account: string | null
  scopes: string[]
  state: 'valid' | 'expired' | 'revoked'
  createdAt: string
  createdBy: string
  expiresAt: string
  revokedAt: string | null
}

/** Makes a token of a service and gives it out, this once: it acts, and counts as no person. The database keeps its hash alone. @throws EsaError `usage.*`, `agent.unknown`, `auth.*` (terminal). */
export async function createToken(
  world: World,
  { as, person, scope, for: life }: NewTokenRequest,
): Promise<TokenDocument & { token: string }> {
  const lifeMs = lifeOf(life)
  const scopes = scopesOf(scope)
  requireAccountName(person)
  if (as !== 'operator') requireAgent(world, as)
  const createdBy = await world.caller.actAs('operator', 'admin')
  const mintedBy = (await requireMinter(world.caller))?.account ?? null
  const account = (await serviceAccount(world.store, person, mintedBy)).id
  const { token, hash } = mintToken()
  const { nowMs } = await world.store.runtime()
  const about = { id: newId(nowMs, random), holder: as, person, scopes, createdBy, account, mintedBy }
  const row = await world.store.addToken({ ...about, hash, lifeMs })
  return { token, ...documentOf(row, nowMs) }
}

/** Off the host, making a token takes a token. */
async function requireMinter(caller: World['caller']): Promise<Identity | null> {
  const who = await caller.account()
  if (who !== null || caller.onHost) return who
  throw new EsaError('auth.token-required', 'terminal', 'to make a token takes a token here', {
    hint: 'sign in by the link that esa up prints, or on the host: esa tokens create',
  })
}

/** Tokens, the oldest first. */
export async function listTokens(store: Store): Promise<TokenDocument[]> {
  const [rows, { nowMs }] = await Promise.all([store.listTokens(), store.runtime()])
  return rows.map((row) => documentOf(row, nowMs))
}

/** Revokes a token, at once and permanently. @throws EsaError `token.unknown`, `auth.*` (terminal). */
export async function revokeToken(
  { store, caller }: Pick<World, 'store' | 'caller'>,
  id: string,
): Promise<void> {
  await caller.actAs('operator', 'admin')
  if (await store.revokeToken(id)) return
  throw new EsaError('token.unknown', 'terminal', `there is no token "${id}"`, { hint: 'esa tokens ls' })
}

function documentOf(row: TokenRow, nowMs: number): TokenDocument {
  const { id, holder, person, account, scopes, createdAt, createdBy, expiresAt, revokedAt } = row
  const state = revokedAt !== null ? 'revoked' : nowMs >= expiresAt ? 'expired' : 'valid'
  return {
    id,
    as: holder,
    person,
    account,
    scopes,
    state,
    createdAt: isoTime(createdAt),
    createdBy,
    expiresAt: isoTime(expiresAt),
    revokedAt: revokedAt === null ? null : isoTime(revokedAt),
  }
}

function lifeOf(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0) {
    throw new EsaError('usage.duration', 'terminal', `--for ${text} is not a duration`, {
      hint: 'like 45s, 30m, 2h or 1d',
    })
  }
  if (ms <= LIFE_MAX_MS) return ms
  throw new EsaError('usage.token-life', 'terminal', `a token lives for at most 92 days, and not for ${text}`)
}

function scopesOf(named: string[]): Scope[] {
  const unknown = named.find((scope) => !SCOPES.some((known) => known === scope))
  if (unknown === undefined) return [...new Set(named)] as Scope[]
  throw new EsaError('usage.scope', 'terminal', `"${unknown}" is not a scope`, {
    hint: `one of ${SCOPES.join(', ')}`,
  })
}
