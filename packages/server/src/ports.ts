import type { World } from '@esa/operations'
import type { Logger } from 'pino'

/** Where the server listens, and whom it believes. */
export interface Binding {
  host: string
  /** 0: any free port. */
  port: number
  /** Bound to this machine alone: whoever reaches it is its user, and needs no token. */
  loopback: boolean
}

/** What the server is composed of; whoever composes gives it. */
export interface ServerPorts {
  /** What operations work with; each request adds who asks. */
  world: Omit<World, 'caller'>
  binding: Binding
  /** The user of this machine, in whose name an unauthenticated local request acts. */
  localUser: string
  /** The folder of the console's built pages, or null where there is none. */
  page: string | null
  log: Logger
}
