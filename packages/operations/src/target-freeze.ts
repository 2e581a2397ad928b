import { EsaError } from '@esa/protocol'
import { approvalTarget } from './approvals.ts'
import { tellAgent } from './seats.ts'
import type { World } from './world.ts'

/** Who changes databases, and keeps in its log which are frozen. */
const CHANGER = 'layer-1'

/** Sets or, with null, removes the flag in the target itself; gives the freeze in force after it or, of an unfreeze, before it. */
export type SetFreeze = (
  freeze: { reason: string; by: string } | null,
) => Promise<{ reason: string; at: string | null } | null>

/** A target that nothing is applied to, or may be again. */
export interface FrozenTarget {
  target: string
  frozen: boolean
  by: string
  /** Why it is, or until now was, frozen; null when it was not. */
  reason: string | null
  at: string | null
}

/**
 * Freezes a target: by a flag in the database itself, which no role of an agent can write, and in the log of Layer 1.
 * @throws EsaError `usage.reason`, `auth.*` (terminal), `target.*`, `database.*`.
 */
export async function freezeTarget(
  world: World,
  target: string,
  reason: string,
  set: SetFreeze,
): Promise<FrozenTarget> {
  const by = await world.caller.actAs('operator', 'admin')
  if (reason.trim() === '') throw new EsaError('usage.reason', 'terminal', 'a freeze needs a reason')
  const freeze = await set({ reason, by })
  const name = approvalTarget(target)
  await tellAgent(world, CHANGER, { type: 'freeze', target: name, reason }, 'target.frozen')
  return { target: name, frozen: true, by, reason, at: freeze?.at ?? null }
}

/** Thaws a target. @throws EsaError `auth.*` (terminal), `target.*`, `database.*`. */
export async function thawTarget(world: World, target: string, set: SetFreeze): Promise<FrozenTarget> {
  const by = await world.caller.actAs('operator', 'admin')
  const was = await set(null)
  const name = approvalTarget(target)
  await tellAgent(world, CHANGER, { type: 'thaw', target: name }, 'target.thawed')
  return { target: name, frozen: false, by, reason: was?.reason ?? null, at: null }
}
