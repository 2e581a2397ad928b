import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TOOLS } from '../http/http-world.ts'
import { ProtocolWorld } from '../protocols/protocol-world.ts'

let world: ProtocolWorld
/** What was claimed, by whom. */
const claims: { caller: string; key: string }[] = []
beforeAll(async () => {
  world = await ProtocolWorld.start({ loopback: false, tools: TOOLS })
  const { edge } = world.store
  const claim = edge.claimRequest
  edge.claimRequest = (request) => {
    claims.push(request)
    return claim(request)
  }
})
afterAll(() => world.close())

const OPENING = { agent: 'layer-1', category: 'integration', title: 'pool' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const post = (path: string, headers: Record<string, string>, body: string = JSON.stringify(OPENING)) =>
  fetch(`${world.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
const told = async (answer: Response) => [
  answer.status,
  ((await answer.json()) as { code?: string }).code ?? null,
]
const incidents = async () => (await world.store.listActors({ type: 'incident' })).length
async function idOf(holder: string): Promise<string> {
  return (await world.store.listTokens()).findLast((token) => token.holder === holder)!.id
}

describe('a key of a request', () => {
  it('is claimed by the id of a token, on an existing route, after the token was checked', async () => {
    const token = await world.token('layer-1', 'incidents:write')
    const narrow = await world.token('layer-3', 'incidents:read')
    const key = { 'idempotency-key': 'k' }
    claims.length = 0
    expect(await told(await post('/api/v1/incidents', key))).toEqual([401, 'auth.token-required'])
    expect(await told(await post('/api/v1/incidents', { ...key, ...bearer('esa_guess') }))).toEqual([
      401,
      'auth.token-unknown',
    ])
    expect(await told(await post('/api/v1/incidents', { ...key, ...bearer(narrow) }))).toEqual([
      403,
      'auth.scope',
    ])
    expect(await told(await post('/api/v1/nothing', { ...key, ...bearer(token) }))).toEqual([
      404,
      'page.unknown',
    ])
    expect(claims).toEqual([])
    expect((await post('/api/v1/incidents', { ...key, ...bearer(token) })).status).toBe(200)
    expect(claims).toMatchObject([{ caller: await idOf('layer-1'), key: 'k' }])
  })

  it('gives its answer to no one whose token was revoked', async () => {
    const token = await world.token('layer-1', 'incidents:write')
    const headers = { 'idempotency-key': 'once', ...bearer(token) }
    const [first, again] = [
      await post('/api/v1/incidents', headers),
      await post('/api/v1/incidents', headers),
    ]
    expect([first.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true'])
    const before = await incidents()
    await world.store.revokeToken(await idOf('layer-1'))
    const replay = await post('/api/v1/incidents', headers)
    expect([replay.headers.has('idempotency-replayed'), ...(await told(replay))]).toEqual([
      false,
      401,
      'auth.token-revoked',
    ])
    expect(await incidents()).toBe(before)
  })

  it('is printable, and of bounded length', async () => {
    const token = await world.token('layer-1', 'incidents:write')
    for (const key of ['', 'x'.repeat(201), '\u0085', 'a\tb', '\u00e4'])
      expect(
        await told(await post('/api/v1/incidents', { 'idempotency-key': key, ...bearer(token) })),
      ).toEqual([400, 'request.invalid'])
  })
})

describe('a control character', () => {
  const paths = [
    '/api/v1/incidents/a%00b',
    '/api/v1/incidents/%1b%5b2J/timeline',
    '/api/v1/agents/layer-1%0a',
    '/api/v1/agents/%c2%9b',
    '/api/v1/incidents?search=a%00',
    '/api/v1/incidents?search=%0D%0Ax',
    '/api/v1/incidents?%7f=1',
    '/ack/%00',
    '/a2a/layer-1%00/.well-known/agent-card.json',
    '/login?next=%00',
  ]
  it.each(paths)('has no place in an address: %s', async (path) => {
    const token = await world.token('operator', 'admin')
    expect(await told(await fetch(`${world.url}${path}`, { headers: bearer(token) }))).toEqual([
      400,
      'request.control-character',
    ])
  })

  it('that is only quoted there is none', async () => {
    const token = await world.token('operator', 'admin')
    const answer = await fetch(`${world.url}/api/v1/incidents/%2500`, { headers: bearer(token) })
    expect(await told(answer)).toEqual([404, 'incident.unknown'])
    const list = await fetch(`${world.url}/api/v1/incidents?search=100%25+gr%C3%B6%C3%9Fer`, {
      headers: bearer(token),
    })
    expect(list.status).toBe(200)
  })
})

describe('a body of A2A', () => {
  const send = (agent: string, body: string, token?: string) =>
    fetch(`${world.url}/a2a/${agent}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'a2a-version': '1.0',
        ...(token === undefined ? {} : bearer(token)),
      },
      body,
    })

  it.each([
    'null',
    '[]',
    '[null]',
    '"text"',
    '7',
    'true',
    '{}',
    '{"jsonrpc":"2.0","id":{},"method":"GetTask"}',
  ])('that is not a request gets an error that says so: %s', async (body) => {
    const answer = await send('layer-1', body, await world.token('layer-2', 'incidents:read'))
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { jsonrpc: '2.0', id: null, error: expect.objectContaining({ code: -32600 }) },
    ])
  })

  it('is for an agent that a stranger does not learn of', async () => {
    const narrow = await world.token('layer-3', 'db:read')
    const answers = async (agent: string, token?: string) => {
      const body = await send(agent, '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x"}}', token)
      return [body.status, await body.json()]
    }
    const refused = [401, expect.objectContaining({ code: 'auth.token-required' })]
    expect(await answers('layer-1')).toEqual(refused)
    expect(await answers('no-such-agent')).toEqual(refused)
    expect(await answers('no-such-agent', 'esa_guess')).toEqual(await answers('layer-1', 'esa_guess'))
    expect(await answers('no-such-agent', narrow)).toMatchObject([404, { code: 'agent.unknown' }])
  })
})

describe('a body that holds nothing, or a NUL', () => {
  const bodies = [
    'null',
    '[]',
    '7',
    '"\\u0000"',
    '{"as":"\\u0000"}',
    '{"\\u0000":1}',
    '\u0000',
    '{"as":"\u0000"}',
  ]

  /** Every route that takes a body, from the server's own description of itself. */
  async function posts(): Promise<string[]> {
    const { paths } = (await (await fetch(`${world.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>
    }
    const taking = Object.entries(paths).filter(([, methods]) => 'post' in methods)
    return taking.map(([path]) =>
      path
        .replace('{agent}', 'layer-1')
        .replace('{command}', 'ack')
        .replaceAll(/\{\w+\}/g, 'none'),
    )
  }

  it('is refused by every route, changes nothing, and is not a fault of the server', async () => {
    const token = await world.token('operator', 'admin')
    const all = await posts()
    expect(all.length).toBeGreaterThan(25)
    const before = [await incidents(), await world.store.feedTail()]
    const odd: unknown[] = []
    for (const path of all)
      for (const body of bodies) {
        const { status } = await post(path, bearer(token), body)
        if (status < 400 || status >= 500) odd.push({ path, body, status })
      }
    expect(odd).toEqual([])
    expect([await incidents(), await world.store.feedTail()]).toEqual(before)
  })

  it('is refused by tools of models', async () => {
    const token = await world.token('operator', 'admin')
    const call = (method: string, params: string) =>
      post(
        '/mcp',
        { ...bearer(token), accept: 'application/json, text/event-stream' },
        `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`,
      ).then((answer) => answer.text())
    for (const id of ['"\\u0000"', '"a\\ud800"']) {
      expect(await call('tools/call', `{"name":"incidents_show","arguments":{"id":${id}}}`)).toMatch(
        /message\.(?:nul|half)/,
      )
      expect(await call('tools/call', `{"name":"inbox_list","arguments":{"agent":${id}}}`)).toMatch(
        /message\.(?:nul|half)/,
      )
    }
    const answer = await post('/mcp', bearer(token), 'null')
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })
})

describe('who may not ask', () => {
  /** The calls of the store in the course of some work. */
  async function askedOf(work: () => Promise<unknown>): Promise<[string[], unknown]> {
    const asked: string[] = []
    const { store } = world
    const spied = Object.getOwnPropertyNames(Object.getPrototypeOf(store)).filter(
      (name) => typeof (store as unknown as Record<string, unknown>)[name] === 'function',
    )
    const own = store as unknown as Record<string, unknown>
    for (const name of spied) {
      const real = (own[name] as (...given: unknown[]) => unknown).bind(store)
      // The feed looks at the log by its own clock.
      own[name] = (...given: unknown[]) => {
        if (!/^(?:feed|constructor)/.test(name)) asked.push(name)
        return real(...given)
      }
    }
    try {
      const result = await work()
      return [asked, result]
    } finally {
      for (const name of spied) delete own[name]
    }
  }

  it('learns of no id whether there is one: the same answer, after the same work', async () => {
    const { state } = await world.open({ ...OPENING, category: 'integration' })
    const [mine] = [await idOf('operator')]
    const tokens = [undefined, 'esa_guess', await world.token('layer-5', 'agents:read')]
    const places = [
      ['GET', '/api/v1/incidents/ID', state.id],
      ['GET', '/api/v1/incidents/ID/timeline', state.id],
      ['POST', '/api/v1/incidents/ID/ack', state.id],
      ['GET', '/api/v1/tasks/ID', state.id],
      ['POST', '/api/v1/tokens/ID/revoke', mine],
      ['GET', '/api/v1/db/targets/ID', 'shop'],
    ] as const
    for (const [method, path, known] of places)
      for (const token of tokens) {
        const ask = (id: string) =>
          askedOf(async () => {
            const answer = await fetch(`${world.url}${path.replace('ID', id)}`, {
              method,
              headers: { 'content-type': 'application/json', ...(token === undefined ? {} : bearer(token)) },
              ...(method === 'POST' ? { body: '{}' } : {}),
            })
            return [answer.status, await answer.text()]
          })
        const [there, notThere] = [await ask(known), await ask(`${known.slice(0, -1)}0`)]
        expect(there).toEqual(notThere)
        expect([401, 403]).toContain((there[1] as [number])[0])
      }
  })

  it('of A2A tells a task of others as it tells none at all', async () => {
    const { state } = await world.open({ ...OPENING, category: 'integration' })
    const token = await world.token('layer-2', 'incidents:read')
    const get = (id: string) =>
      fetch(`${world.url}/a2a/layer-9`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'a2a-version': '1.0', ...bearer(token) },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'GetTask', params: { id } }),
      }).then((answer) => answer.text())
    const other = `${state.id.slice(0, -3)}000`
    expect((await get(state.id)).replaceAll(state.id, 'ID')).toBe((await get(other)).replaceAll(other, 'ID'))
  })
})
