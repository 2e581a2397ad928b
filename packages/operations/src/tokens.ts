import { EsaError, isoTime, newId, parseDuration, type Scope, SCOPES } from '@esa/protocol'
import { mintToken, type Store, type TokenRow } from '@esa/store'
import { random, requireAgent, type World } from './world.ts'

/** Longest life of a token: whoever still needs it after a quarter makes another one, ms. */
const LIFE_MAX_MS = 92 * 24 * 3_600_000

/** Longest name of a person: it is recorded beside everything that they do. */
const PERSON_MAX = 100

/** What a new token takes: in whose name it acts, for what, how long (a duration), and who has it in hand. */
export interface NewTokenRequest {
  as: string
  scope: string[]
  for: string
  person: string
}

/** A token as it is shown: everything but the secret. */
export interface TokenDocument {
  id: string
  as: string
  person: string
  scopes: string[]
  state: 'valid' | 'expired' | 'revoked'
  createdAt: string
  createdBy: string
  expiresAt: string
  revokedAt: string | null
}

/** Makes a token and gives it out, this once: the database keeps its hash alone. @throws EsaError `usage.*`, `agent.unknown`, `auth.*` (terminal). */
export async function createToken(
  world: World,
  { as, person, scope, for: life }: NewTokenRequest,
): Promise<TokenDocument & { token: string }> {
  const lifeMs = lifeOf(life)
  const scopes = scopesOf(scope)
  if (!/^[^()\p{C}]+$/u.test(person) || person.length > PERSON_MAX) {
    throw new EsaError('usage.person', 'terminal', `a person is a name of at most ${PERSON_MAX} letters`)
  }
  if (as !== 'operator') requireAgent(world, as)
  const createdBy = await world.caller.actAs('operator', 'admin')
  const { token, hash } = mintToken()
  const { nowMs } = await world.store.runtime()
  const about = { id: newId(nowMs, random), holder: as, person, scopes, createdBy }
  const row = await world.store.addToken({ ...about, hash, lifeMs })
  return { token, ...documentOf(row, nowMs) }
}

/** Tokens, the oldest first. */
export async function listTokens(store: Store): Promise<TokenDocument[]> {
  const [rows, { nowMs }] = await Promise.all([store.listTokens(), store.runtime()])
  return rows.map((row) => documentOf(row, nowMs))
}

/** Revokes a token, at once and for good. @throws EsaError `token.unknown`, `auth.*` (terminal). */
export async function revokeToken(
  { store, caller }: Pick<World, 'store' | 'caller'>,
  id: string,
): Promise<void> {
  await caller.actAs('operator', 'admin')
  if (await store.revokeToken(id)) return
  throw new EsaError('token.unknown', 'terminal', `there is no token "${id}"`, { hint: 'esa tokens ls' })
}

function documentOf(row: TokenRow, nowMs: number): TokenDocument {
  const { id, holder, person, scopes, createdAt, createdBy, expiresAt, revokedAt } = row
  const state = revokedAt !== null ? 'revoked' : nowMs >= expiresAt ? 'expired' : 'valid'
  return {
    id,
    as: holder,
    person,
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
    throw new EsaError('usage.duration', 'terminal', `--for ${text} is no duration`, {
      hint: 'like 45s, 30m, 2h or 1d',
    })
  }
  if (ms <= LIFE_MAX_MS) return ms
  throw new EsaError('usage.token-life', 'terminal', `a token lives for at most 92 days, and not for ${text}`)
}

function scopesOf(named: string[]): Scope[] {
  const unknown = named.find((scope) => !SCOPES.some((known) => known === scope))
  if (unknown === undefined) return [...new Set(named)] as Scope[]
  throw new EsaError('usage.scope', 'terminal', `"${unknown}" is no scope`, {
    hint: `one of ${SCOPES.join(', ')}`,
  })
}
