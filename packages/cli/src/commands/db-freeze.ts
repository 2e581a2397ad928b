import { approvalTarget, tellAgent } from '@esa/operations'
import { freezeDatabase, readFreeze, thawDatabase } from '@esa/postgres/freeze'
import { isoTime } from '@esa/protocol'
import type { Config } from '../config.ts'
import { onTarget } from '../on-target.ts'
import { answer } from '../output.ts'
import { inWorld } from '../world.ts'

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
    const by = await world.caller.actAs('operator', 'admin')
    const freeze = await onTarget(config, environment, target, async ({ queryable }) => {
      await freezeDatabase(queryable, { reason, by })
      return readFreeze(queryable)
    })
    const name = approvalTarget(target)
    await tellAgent(world, 'layer-1', { type: 'freeze', target: name, reason }, 'target.frozen')
    const at = freeze === null ? null : isoTime(freeze.at)
    answer(config, { target: name, frozen: true, reason, by, at }, () => `${name} is frozen: ${reason}`)
  })
}

/** Thaws a target. @throws EsaError `database.permission`, `target.unknown`, `auth.*` (terminal), `database.*`. */
export async function thawTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target }: FreezeFlags,
): Promise<void> {
  await inWorld(config, async (world) => {
    const by = await world.caller.actAs('operator', 'admin')
    const freeze = await onTarget(config, environment, target, ({ queryable }) => thawDatabase(queryable))
    const name = approvalTarget(target)
    await tellAgent(world, 'layer-1', { type: 'thaw', target: name }, 'target.thawed')
    const was = freeze?.reason ?? null
    answer(config, { target: name, frozen: false, was, by }, () =>
      was === null ? `${name} was not frozen` : `${name} is frozen no more; it was for: ${was}`,
    )
  })
}
