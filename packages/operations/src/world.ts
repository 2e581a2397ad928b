import type { Behaviors } from '@esa/behavior'
import { closest, type Directory, type Problem } from '@esa/org'
import { EsaError, type Identity, type Scope, type Scopes } from '@esa/protocol'
import type { ActorHost, Registry } from '@esa/runtime'
import type { Store } from '@esa/store'

/** The caller of an operation: each edge finds it out in its own way, by a token or by the machine. */
export interface Caller {
  /**
   * Who it is, to be recorded as `by`, once it is known that they may act in the name of `as` (or `orAs`) and in this scope.
   * @throws EsaError `auth.*` (terminal).
   */
  actAs(as: string, scope: Scope, orAs?: string): Promise<string>
  /** The same for an approver, who needs a token. @throws EsaError `auth.*` (terminal). */
  approveAs(as: string, scope: Scope): Promise<string>
  /** Whose token it is, for what compares persons; null without one. @throws EsaError `auth.*` (terminal). */
  account(): Promise<Identity | null>
  /** On the host, with the home's files in hand: a caller from there needs no token to make one, or to apply. */
  readonly onHost: boolean
  /** What the caller may act with, and so every agent that acts because of the caller. */
  scopes(): Promise<Scopes>
}

/** What operations work with: the store, the organization in force, a host that runs steps here, and who asks. */
export interface World {
  readonly store: Store
  readonly databaseUrl: string
  readonly host: ActorHost
  readonly registry: Registry
  /** What the agents do by themselves. */
  readonly behaviors: Behaviors
  readonly directory: Directory
  /** What could not be read of the cards; agents there have the facts of the chart alone. */
  readonly problems: readonly Problem[]
  /** New waits are divided by this. */
  readonly timeScale: number
  readonly caller: Caller
}

/** @throws EsaError `agent.unknown` (terminal). */
export function requireAgent({ directory }: Pick<World, 'directory'>, id: string): void {
  if (directory.get(id) !== undefined) return
  const near = closest(
    id,
    directory.all().map((agent) => agent.id),
  )
  throw unknownAgent(id, near)
}

/** An agent that neither a card nor the chart has. */
export function unknownAgent(id: string, near?: string): EsaError {
  const list = 'list them with: esa agents ls'
  return new EsaError('agent.unknown', 'terminal', `there is no agent "${id}"`, {
    hint: near === undefined ? list : `did you mean ${near}? ${list}`,
  })
}

/** A card's problem as what an operation ends with. */
export function cardError({ file, line, column, code, message, hint }: Problem): EsaError {
  return new EsaError('card.unreadable', 'terminal', `${file}:${line}:${column} ${code} ${message}`, {
    hint: hint ?? 'see all problems with: esa org check',
  })
}

/** The store clock, ms. */
export async function storeNow(store: Store): Promise<number> {
  return (await store.runtime()).nowMs
}

/** Numbers in [0, 1) that cannot be guessed: ids are made of them. */
export function random(): number {
  const [word] = crypto.getRandomValues(new Uint32Array(1))
  return word! / 2 ** 32
}
