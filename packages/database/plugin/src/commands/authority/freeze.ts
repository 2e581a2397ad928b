import { freezeTarget as freeze, thawTarget as thaw } from '@esa/operations/views'
import type { Config } from '../../config.ts'
import { answer } from '@esa/cli/plugin-kit'
import { setFreeze } from './set-freeze.ts'
import { inWorld } from '../../runtime.ts'

/** Options of `esa db freeze` and `unfreeze`. */
export interface FreezeFlags {
  target: string
}

/**
 * Freezes a target: by a flag in the database itself, which no role of an agent can write, and in the log of Layer 1.
 * @throws EsaError `database.permission`, `target.unknown`, `auth.*` (terminal), `database.*`.
 */
export async function freezeTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target, reason }: FreezeFlags & { reason: string },
): Promise<void> {
  await inWorld(config, async (world) => {
    const frozen = await freeze(world, target, reason, setFreeze(config, environment, target))
    answer(config, frozen, () => `${frozen.target} is frozen: ${reason}`)
  })
}

/** Thaws a target. @throws EsaError `database.permission`, `target.unknown`, `auth.*` (terminal), `database.*`. */
export async function thawTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target }: FreezeFlags,
): Promise<void> {
  await inWorld(config, async (world) => {
    const thawed = await thaw(world, target, setFreeze(config, environment, target))
    const { target: name, by, reason: was } = thawed
    answer(config, { target: name, frozen: false, was, by }, () =>
      was === null ? `${name} was not frozen` : `${name} is frozen no more; it was for: ${was}`,
    )
  })
}
