import {
  createToken as create,
  listTokens as list,
  type NewTokenRequest,
  revokeToken as revoke,
} from '@esa/operations'
import { commandCaller } from '../caller.ts'
import type { Config } from '../config.ts'
import { osUser } from '../flags.ts'
import { answer, columns, note } from '../output.ts'
import { inStore, lookInStore } from '../store-access.ts'
import { inWorld } from '../world.ts'

/** Flags of `esa tokens create`. */
export type TokenFlags = Omit<NewTokenRequest, 'person'> & { person?: string }

/** Makes a token and shows it, this once: the database keeps its hash alone. */
export async function createToken(config: Config, flags: TokenFlags): Promise<void> {
  await inWorld(config, async (world) => {
    const made = await create(world, { person: `${osUser()}/${flags.as}`, ...flags })
    if (!config.json)
      note(`token ${made.id} of ${made.person} for ${made.as} until ${made.expiresAt}; it is shown once:`)
    answer(config, made, () => made.token)
  })
}

/** Lists tokens, the oldest first: everything but the secret. */
export async function listTokens(config: Config): Promise<void> {
  await lookInStore(config, async (store) => {
    const tokens = await list(store)
    answer(config, { tokens }, () =>
      tokens.length === 0
        ? 'no tokens'
        : columns([
            ['TOKEN', 'AS', 'NAME', 'STATE', 'EXPIRES', 'SCOPES'],
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

/** Revokes a token, at once and permanently. @throws EsaError `token.unknown` (terminal). */
export async function revokeToken(config: Config, id: string): Promise<void> {
  await inStore(config, async (store, databaseUrl) => {
    await revoke({ store, caller: commandCaller({ config, store, databaseUrl }) }, id)
    answer(config, { id, revoked: true }, () => `token ${id} is revoked`)
  })
}
