import { type Client } from '@modelcontextprotocol/client'
import { SCOPES, type Scope } from '@esa/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mcpClient, outcome } from './mcp-client.ts'
import { PATIENCE_MS, ProtocolWorld } from './protocol-world.ts'

/** What each tool takes and what it does, as docs/protocols.md has it. */
const TOOLS: Record<string, [scope: Scope, does: 'reads' | 'acts' | 'ends', input?: object]> = {
  incidents_list: ['incidents:read', 'reads'],
  incidents_show: ['incidents:read', 'reads', { id: 'x' }],
  incidents_timeline: ['incidents:read', 'reads', { id: 'x' }],
  timers_list: ['incidents:read', 'reads'],
  incidents_open: ['incidents:write', 'acts', { agent: 'layer-1', category: 'integration', title: 't' }],
  incidents_ack: ['incidents:ack', 'acts', { id: 'x' }],
  incidents_decline: ['incidents:ack', 'acts', { id: 'x', reason: 'r' }],
  incidents_escalate: ['incidents:write', 'acts', { id: 'x' }],
  incidents_resolve: ['incidents:write', 'ends', { id: 'x', cause: 'c' }],
  incidents_snooze: ['incidents:write', 'acts', { id: 'x', forMs: 1 }],
  incidents_reassign: ['incidents:write', 'ends', { id: 'x', to: 'layer-3' }],
  incidents_suppress: ['incidents:write', 'acts', { id: 'x', forMs: 1 }],
  incidents_unsuppress: ['incidents:write', 'acts', { id: 'x' }],
  incidents_raise: ['incidents:write', 'acts', { id: 'x' }],
  incidents_withdraw: ['incidents:write', 'ends', { id: 'x' }],
  inbox_list: ['incidents:read', 'reads'],
  inbox_wait: ['incidents:read', 'reads', { agent: 'layer-2', waitMs: 0 }],
  inbox_answer: ['incidents:write', 'acts', { id: 'x', text: 'y' }],
  inbox_approve: ['incidents:write', 'ends', { id: 'x' }],
  inbox_reject: ['incidents:write', 'ends', { id: 'x' }],
  approvals_list: ['db:read', 'reads'],
  approvals_approve: ['incidents:write', 'ends', { id: 'x', hash: '0'.repeat(64) }],
  approvals_reject: ['incidents:write', 'ends', { id: 'x', hash: '0'.repeat(64) }],
  agents_ask: ['incidents:write', 'acts', { agent: 'layer-1', question: 'what do you promise?' }],
  threads_show: ['incidents:read', 'reads', { id: 'x' }],
  agents_list: ['agents:read', 'reads'],
  agents_show: ['agents:read', 'reads', { id: 'layer-1' }],
  seats_show: ['agents:read', 'reads', { agent: 'layer-1' }],
  seats_on_call: ['incidents:read', 'reads', { agent: 'layer-1', level: 'peer' }],
  status: ['incidents:read', 'reads'],
  databases_list: ['db:read', 'reads'],
  databases_measure: ['db:read', 'reads', { target: 'shop' }],
  databases_check: ['db:read', 'reads', { target: 'shop' }],
  databases_explain: ['db:read', 'reads', { target: 'shop', sql: 'SELECT 1' }],
  databases_lint: ['db:plan', 'reads', { target: 'shop', sql: 'SELECT 1' }],
  databases_advise: ['db:plan', 'reads', { target: 'shop' }],
  databases_run: ['db:read', 'reads', { id: 'x' }],
  simulate: ['agents:read', 'reads', { agent: 'layer-1', category: 'integration' }],
}

/** What reading ends with where there is nothing to read in this world: no conversation, no run, and no database at all. */
const ABSENT: Record<string, string> = {
  threads_show: 'task.unknown',
  databases_run: 'run.unknown',
  simulate: 'server.not-composed',
}

/** What the list of tools may hold, characters: a client reads it again for each of its conversations. */
const LIST_MAX = 64 * 1024

/** Which scopes hold which, as docs/security.md has it. */
const HELD: Record<Scope, Scope[]> = {
  'agents:read': [],
  'incidents:read': [],
  'incidents:ack': ['incidents:read'],
  'incidents:write': ['incidents:read', 'incidents:ack'],
  'db:read': [],
  'db:plan': ['db:read'],
  'db:apply': ['db:read', 'db:plan'],
  admin: [...SCOPES],
}

let world: ProtocolWorld
beforeAll(async () => (world = await ProtocolWorld.start({ loopback: false })))
afterAll(() => world.close())

async function withClient<T>(token: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await mcpClient(world.url, token)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

describe('every tool', { timeout: PATIENCE_MS }, () => {
  it('for databases is offered where a plugin looks after some', async () => {
    const tools = {
      surroundings: () => Promise.reject(new Error('not called')),
      simulate: () => Promise.reject(new Error('not called')),
      readCard: () => Promise.reject(new Error('not called')),
      databases: null,
    }
    const bare = await ProtocolWorld.start({ tools })
    const client = await mcpClient(bare.url)
    const names = (await client.listTools()).tools.map(({ name }) => name)
    await client.close()
    await bare.close()
    expect(names.toSorted()).toEqual(
      Object.keys(TOOLS)
        .filter((name) => !name.startsWith('databases_'))
        .toSorted(),
    )
  })

  it('is described with what it does, and the scope that it takes', async () => {
    await withClient(await world.token('layer-2', 'agents:read'), async (client) => {
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name).toSorted()).toEqual(Object.keys(TOOLS).toSorted())
      expect(JSON.stringify(tools).length).toBeLessThan(LIST_MAX)
      for (const { name, annotations, _meta, outputSchema } of tools) {
        const [scope, does] = TOOLS[name]!
        expect
          .soft([name, annotations?.readOnlyHint, annotations?.destructiveHint])
          .toEqual([name, does === 'reads', does === 'ends'])
        expect.soft([name, _meta?.['esa/scope']]).toEqual([name, scope])
        expect.soft(outputSchema, name).toBeDefined()
      }
    })
  })

  it.each(SCOPES)('with a token for %s does what that holds, and refuses the rest', async (held) => {
    await withClient(await world.token('layer-2', held), async (client) => {
      for (const [name, [scope, , input]] of Object.entries(TOOLS)) {
        const refused = (await outcome(client, name, { ...input })) === 'auth.scope'
        expect.soft([name, refused]).toEqual([name, held !== scope && !HELD[held].includes(scope)])
      }
    })
  })

  it('that acts does so in the name of the token’s holder alone', async () => {
    const { state } = await world.open({ agent: 'layer-1', category: 'integration', title: 't' })
    await withClient(await world.token('layer-2', 'admin'), async (client) => {
      const acting = Object.entries(TOOLS).filter(
        ([name, [, does]]) => does !== 'reads' && !name.startsWith('approvals_'),
      )
      for (const [name, [, , input]] of acting) {
        const id = name.startsWith('incidents_') ? { id: state.id } : {}
        const task = name === 'agents_ask' ? { question: 'review the schema', data: { target: 'shop' } } : {}
        const who = name === 'incidents_open' ? { agent: 'layer-3' } : { as: 'layer-3' }
        expect
          .soft([name, await outcome(client, name, { ...input, ...id, ...task, ...who })])
          .toEqual([name, 'auth.other-holder'])
      }
    })
    expect(await world.incident(state.id)).toMatchObject({ level: 'peer', heldBy: null })
  })

  it('that reads leaves no event behind', async () => {
    const { state } = await world.open({ agent: 'layer-1', category: 'integration', title: 't' })
    const before = await world.store.feedTail()
    await withClient(await world.token('operator', 'admin'), async (client) => {
      const reading = Object.entries(TOOLS).filter(([, [, does]]) => does === 'reads')
      for (const [name, [, , input]] of reading) {
        const given =
          name === 'incidents_list'
            ? {}
            : { ...input, ...(name.startsWith('incidents_') ? { id: state.id } : {}) }
        const expected = ABSENT[name] ?? (name.startsWith('databases_') ? 'server.not-composed' : 'done')
        expect.soft([name, await outcome(client, name, given)]).toEqual([name, expected])
      }
    })
    expect(await world.store.feedTail()).toBe(before)
  })

  it('refuses what does not fit with a code and a hint, and goes on', async () => {
    await withClient(await world.token('operator', 'admin'), async (client) => {
      expect(await outcome(client, 'incidents_show', { id: 7 })).toBe('usage.input')
      expect(await outcome(client, 'incidents_show', { id: 'nothing' })).toBe('incident.unknown')
      expect(await outcome(client, 'incidents_list')).toBe('done')
    })
  })
})

describe('without a valid token', { timeout: PATIENCE_MS }, () => {
  it.each([undefined, 'esa_forged'])('no one gets in (%s)', async (token) => {
    await expect(mcpClient(world.url, token)).rejects.toThrow(/Unauthorized|401/i)
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    const { status } = await fetch(`${world.url}/mcp`, { method: 'POST', headers, body })
    expect(status).toBe(401)
  })
})
