import { EsaError, isEsaError, type Scope } from '@esa/protocol'
import type { World } from '@esa/operations'
import { verifyToken } from '@esa/store'
import type { Feed } from '../feed.ts'
import type { ServerPorts } from '../ports.ts'
import { requestCaller, requireScope } from '../request-caller.ts'
import { TargetRuns } from '../target-runs.ts'

/** Where one client of a protocol works: the runtime in its name, and what it may. */
export interface Desk {
  world: World
  ports: ServerPorts
  /** The log as it grows. */
  feed: Feed
  /** Work on targets that outlasts its call. */
  runs: TargetRuns
  /** Refuses what this client may not. @throws EsaError `auth.*` (terminal). */
  admit(scope: Scope): Promise<void>
  /** Lets in a caller with any valid token: each action checks its scope itself. */
  admitAny(): Promise<void>
  /** `as` where it was given, else the holder of the client's token. @throws EsaError `usage.as` (terminal) when there is neither. */
  actor(as: string | undefined, scope: Scope): Promise<string>
}

/** What all desks of a server have together. */
export type Together = Pick<Desk, 'feed'> & Partial<Pick<Desk, 'runs'>>

/** The desk of this token's holder, or, without one, of the machine's user. */
export function deskOf(
  ports: ServerPorts,
  token: string | null,
  { feed, runs = new TargetRuns() }: Together,
): Desk {
  const caller = requestCaller(ports, token)
  return {
    ports,
    feed,
    runs,
    // Its members are read again: cards change while a server runs.
    world: Object.create(ports.world, { caller: { value: caller } }) as World,
    async admit(scope) {
      await requireScope(ports, token, scope)
    },
    async admitAny() {
      try {
        await requireScope(ports, token, 'agents:read')
      } catch (error) {
        if (!isEsaError(error, 'auth.scope')) throw error
      }
    },
    async actor(as, scope) {
      if (as !== undefined) return as
      if (token !== null) return (await verifyToken(ports.world.store, token, scope)).holder
      throw new EsaError('usage.as', 'terminal', 'say in whose name: as', {
        hint: 'an agent id, or operator; with a token it is the holder’s by default',
      })
    },
  }
}
