import type { World } from '@esa/operations'
import type { Identity, SignInSettings } from '@esa/operations/identity-provider'
import type { Tracing } from '@esa/runtime'
import type { SchemaState } from '@esa/store'
import type { Logger } from 'pino'
import type { StreamLimits } from './event-stream.ts'
import type { ServerTools } from './tools.ts'

/** Where the server listens, and whom it believes. */
export interface Binding {
  host: string
  /** 0: any free port. */
  port: number
  /** Bound to this machine alone, without a proxy: every caller is its user, and needs no token. */
  loopback: boolean
  /** How browsers reach it through a reverse proxy, as an origin; then every caller needs a token. */
  publicUrl?: string
  /** Addresses and networks of the proxies before it, which are believed; absent: those of this machine, where `publicUrl` is set. */
  trustedProxies?: readonly string[]
}

/** How many requests one caller may send, in a window of so many seconds. */
export interface Rate {
  requests: number
  windowS: number
}

/** The runtime's state at its database: what `/ready` checks beside the store. */
interface Standing {
  schema: SchemaState
  /** False in a copy, where the runtime is muted. */
  atHome: boolean
}

/** Signing in at an OpenID provider, and how a person who comes from it gets an account. */
export interface SignInPort {
  settings: SignInSettings
  /** The id of a token of this person's, for a session. @throws EsaError `auth.*` (terminal). */
  admit(identity: Identity): Promise<string>
}

/** What the server is composed of; given by the composition root. */
export interface ServerPorts {
  /** What operations work with; each request adds who asks. */
  world: Omit<World, 'caller'>
  binding: Binding
  /** The user of this machine, in whose name an unauthenticated local request acts. */
  localUser: string
  /** Checks the database again; absent where that is impossible. */
  standing?: () => Promise<Standing>
  /** What reaches it from rooms that it does not know; absent in a server that is only tried. */
  tools?: ServerTools
  /** Absent where people sign in by tokens alone. */
  signIn?: SignInPort
  /** The folder of the console's built pages, or null where there is none. */
  page: string | null
  /** The file of the runbook, which models may read; absent where it is not at hand. */
  runbook?: string
  /** Absent where nothing is traced. */
  tracing?: Tracing
  /** How many requests an address, or a token, may send; absent: as many as usual. */
  rate?: Rate
  /** Connections of all addresses together; absent: 2,000. */
  connections?: number
  /** What streams of events hold to; absent: the usual. */
  streams?: Partial<StreamLimits>
  log: Logger
}
