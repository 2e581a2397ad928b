import type { ServerTools } from '@esa/server'
import { ProtocolWorld } from '../protocols/protocol-world.ts'

const PLACE = { address: 'here', database: 'memory', system: null }

/** What a server is given of rooms that it does not know, where nothing of them is wanted. */
export const TOOLS: ServerTools = {
  surroundings: async () => ({
    database: 'memory',
    queues: 'postgresql',
    listens: true,
    residence: { here: PLACE, places: [PLACE], atHome: true },
    guard: { role: 'esa', owner: 'owner', why: null },
  }),
  simulate: async () => ({ path: [], events: [], outcome: 'resolved', end: {}, later: [] }),
  databases: {
    targets: async () => [
      {
        name: 'shop',
        at: 'localhost/shop',
        workload: false,
        timeoutMs: null,
        connections: null,
        quiet: null,
      },
    ],
    run: async (work, target, input) => ({ work, target, input }),
    freeze: () => async (freeze) =>
      freeze === null ? { reason: 'a drill', at: null } : { reason: freeze.reason, at: null },
  },
  readCard: async (file) => `the text of ${file}`,
}

/** The real agents and the real server, called over HTTP. */
export class HttpWorld {
  readonly world: ProtocolWorld

  private constructor(world: ProtocolWorld) {
    this.world = world
  }

  /** Starts it; `loopback` false: every caller needs a token. */
  static async start({ tools = TOOLS, ...more }: HttpOptions = {}): Promise<HttpWorld> {
    return new HttpWorld(await ProtocolWorld.start({ ...more, ...(tools === null ? {} : { tools }) }))
  }

  /** What a request is answered. */
  request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.world.url}/api/v1${path}`, init)
  }

  /** The body of an answer. @throws Error with the problem when it is one. */
  async get(path: string, token?: string): Promise<Body> {
    return await this.#body(await this.request(path, { headers: headersOf(token) }))
  }

  /** The body of an answer to a POST. @throws Error with the problem when it is one. */
  async post(path: string, body?: unknown, token?: string): Promise<Body> {
    return await this.#body(await this.send(path, body, token))
  }

  /** What a POST is answered. */
  send(path: string, body?: unknown, token?: string): Promise<Response> {
    const headers = {
      ...headersOf(token),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    return this.request(path, { method: 'POST', headers, ...content })
  }

  close(): Promise<void> {
    return this.world.close()
  }

  async #body(response: Response): Promise<Body> {
    const body = (await response.json()) as Body
    if (!response.ok) throw new Error(JSON.stringify(body))
    return body
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads what is on the wire, and not what a type promises
type Body = any

interface HttpOptions {
  loopback?: boolean
  tools?: ServerTools | null
}

function headersOf(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}
