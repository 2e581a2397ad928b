import { behaviors } from '@esa/agents'
import { pino } from 'pino'
import { type Caller, createToken } from '@esa/operations'
import { accountForSubject, issueToken } from '@esa/operations/accounts'
import { type ServerPorts, startServer } from '@esa/server'
import type { Scope } from '@esa/protocol'
import { AgentsWorld } from '../incidents/agents-world.ts'

/** How long a test with a real server and client may take, ms: a busy machine is slow, and nothing here waits for a clock. */
export const PATIENCE_MS = 30_000

/** A database that is on no other machine: nothing of these worlds is in one. */
const NOWHERE = 'postgresql://localhost/memory'

/** The user of the machine, by no token: may act as any agent, and is not an account. */
export const TESTER: Caller = {
  actAs: async () => 'tester',
  approveAs: async () => 'tester',
  account: async () => null,
  onHost: true,
  scopes: async () => null,
}

/** The real agents in a world whose clock is the test's, and the real server before it. */
export class ProtocolWorld extends AgentsWorld {
  url = ''
  #stop: () => Promise<void> = async () => {}

  /** Starts the server; `loopback` false: every caller needs a token. */
  static async start({
    loopback = true,
    ...more
  }: Partial<ServerPorts> & { loopback?: boolean } = {}): Promise<ProtocolWorld> {
    const world = new ProtocolWorld()
    const ports = world.ports({ binding: { host: '127.0.0.1', port: 0, loopback }, ...more })
    const server = await startServer(ports)
    world.url = server.url
    world.#stop = () => server.stop()
    return world
  }

  /** What a server of this world is composed of. */
  ports(more: Partial<ServerPorts> = {}): ServerPorts {
    const { store, host, registry, org: directory } = this
    return {
      world: {
        store,
        host,
        registry,
        behaviors,
        directory,
        problems: [],
        databaseUrl: NOWHERE,
        timeScale: 1,
      },
      binding: { host: '127.0.0.1', port: 0, loopback: true },
      localUser: 'tester',
      page: null,
      log: pino({ level: 'silent' }),
      ...more,
    }
  }

  /** A token that acts as `as`. */
  async token(as: string, ...scope: Scope[]): Promise<string> {
    const world = { ...this.ports().world, caller: TESTER }
    return (await createToken(world, { as, scope, for: '1d', person: `${as}'s model` })).token
  }

  /** A token of a person, whom an identity provider vouches for, to act as `as`. */
  async personToken(name: string, as: string, ...scopes: Scope[]): Promise<string> {
    const account = await accountForSubject(this.store, {
      issuer: 'https://idp',
      subject: name,
      display: name,
    })
    return (await issueToken(this.store, { account, as, scopes, lifeMs: 12 * 3_600_000 })).token
  }

  /** Stops the server. */
  close(): Promise<void> {
    return this.#stop()
  }
}
