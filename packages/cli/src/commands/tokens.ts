import { EsaError, isoTime, newId } from '@esa/protocol'
import { mintToken, type Scope, SCOPES, type TokenRow } from '@esa/store'
import { callerOf } from '../caller.ts'
import type { Config } from '../config.ts'
import { durationFlag, osUser } from '../flags.ts'
import { answer, columns, note } from '../output.ts'
import { inStore } from '../store-access.ts'
import { inWorld, random } from '../world.ts'
import { requireAgent } from './incidents.ts'

/** Longest life of a token: whoever still needs it after a quarter makes another one, ms. */
const LIFE_MAX_MS = 92 * 24 * 3_600_000

/** Longest name of a person: it is recorded beside everything that they do. */
const PERSON_MAX = 100

/** What `esa tokens create` was asked. */
export interface TokenFlags {
  as: string
  scope: string[]
  for: string
  person?: string
}

/** Makes a token and shows it, this once: the database keeps its hash alone. */
export async function createToken(config: Config, flags: TokenFlags): Promise<void> {
  const { as, person = osUser() } = flags
  const lifeMs = lifeOf(flags.for)
  const scopes = scopesOf(flags.scope)
  if (!/^[^()\p{C}]+$/u.test(person) || person.length > PERSON_MAX) {
    throw new EsaError('usage.person', 'terminal', `--person is a name of at most ${PERSON_MAX} letters`)
  }
  await inWorld(config, async (world) => {
    if (as !== 'operator') requireAgent(world, as)
    const createdBy = await callerOf(world, 'operator', 'admin')
    const { token, hash } = mintToken()
    const { nowMs } = await world.store.runtime()
    const about = { id: newId(nowMs, random), holder: as, person, scopes, createdBy }
    const row = await world.store.addToken({ ...about, hash, lifeMs })
    if (!config.json)
      note(`token ${row.id} of ${person} for ${as} until ${isoTime(row.expiresAt)}; it is shown once:`)
    answer(config, { token, ...documentOf(row, nowMs) }, () => token)
  })
}

/** Lists tokens, the oldest first: everything but the secret. */
export async function listTokens(config: Config): Promise<void> {
  await inStore(config, async (store) => {
    const [rows, { nowMs }] = await Promise.all([store.listTokens(), store.runtime()])
    const tokens = rows.map((row) => documentOf(row, nowMs))
    answer(config, { tokens }, () =>
      tokens.length === 0
        ? 'no tokens'
        : columns([
            ['TOKEN', 'AS', 'PERSON', 'STATE', 'EXPIRES', 'SCOPES'],
            ...tokens.map((one) => [
              one.id,
              one.as,
              one.person,
              one.state,
              one.expiresAt,
              one.scopes.join(' '),
            ]),
          ]),
    )
  })
}

/** Revokes a token, at once and for good. @throws EsaError `token.unknown` (terminal). */
export async function revokeToken(config: Config, id: string): Promise<void> {
  await inStore(config, async (store, databaseUrl) => {
    await callerOf({ config, store, databaseUrl }, 'operator', 'admin')
    if (!(await store.revokeToken(id))) {
      throw new EsaError('token.unknown', 'terminal', `there is no token "${id}"`, { hint: 'esa tokens ls' })
    }
    answer(config, { id, revoked: true }, () => `token ${id} is revoked`)
  })
}

function documentOf(
  { id, holder, person, scopes, createdAt, createdBy, expiresAt, revokedAt }: TokenRow,
  nowMs: number,
) {
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
  const ms = durationFlag('--for', text)
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
