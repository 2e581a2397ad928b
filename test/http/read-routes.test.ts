import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HttpWorld } from './http-world.ts'

let world: HttpWorld
let id: string
beforeAll(async () => {
  world = await HttpWorld.start()
  const { state } = await world.world.open({
    agent: 'layer-1',
    category: 'integration',
    title: 'pool exhausted',
  })
  id = state.id
  await world.world.send({
    from: 'layer-2',
    to: ['layer-40'],
    type: 'task_request',
    responseRequired: true,
    subject: 'count the rows',
    body: { task: 'count the rows' },
  })
})
afterAll(() => world.close())

describe('an agent over HTTP', () => {
  it('is listed with its place, its seat and what it has to do with', async () => {
    const { agents } = await world.get('/agents')
    expect(agents).toHaveLength(105)
    const layer1 = agents.find((agent: { id: string }) => agent.id === 'layer-1')
    expect(layer1).toMatchObject({ kind: 'layer', chief: 'chief-1', hasCard: true, seat: 'built-in' })
    expect(layer1.incidents.own).toEqual([id])
    expect(layer1.incidentCounts).toEqual({ held: 0, addressed: 0, own: 1 })
    const layer62 = agents.find((agent: { id: string }) => agent.id === 'layer-40')
    expect(layer62).toMatchObject({ status: 'resting', openItems: 1, workload: 'normal' })
    expect(agents.find((agent: { id: string }) => agent.id === 'layer-41')).toMatchObject({
      status: 'untold',
    })
  })

  it('has a page with card, state, figures, inbox and the end of its log', async () => {
    const page = await world.get('/agents/layer-40')
    expect(page.card).toMatchObject({ id: 'layer-40', hasCard: true })
    expect(page.inbox).toMatchObject([{ from: 'layer-2', about: 'count the rows', statement: null }])
    expect(page.figures).toMatchObject({ openItems: 1, team: null })
    expect(page.events.at(-1)).toMatchObject({ type: 'agent.received' })
  })

  it('that does not exist is a problem of RFC 9457', async () => {
    const response = await world.request('/agents/layer-1000')
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ status: 404, code: 'agent.unknown', type: 'about:blank' })
  })
})

describe('the organization over HTTP', () => {
  it('says who reports to whom, who waits for whom, and to whom an incident was put', async () => {
    const { agents, edges, past, tree } = await world.get('/org')
    expect(agents).toHaveLength(105)
    expect(past).toBe(false)
    expect(tree).toContain('layer-1')
    expect(edges).toContainEqual(expect.objectContaining({ from: 'layer-2', to: 'layer-40', kind: 'awaits' }))
    expect(edges).toContainEqual(
      expect.objectContaining({ from: 'layer-1', to: 'layer-2', kind: 'escalated', about: id }),
    )
    expect(edges).toContainEqual(expect.objectContaining({ from: 'layer-1', kind: 'reports' }))
  })
})

describe('work over HTTP', () => {
  it('is listed, shown with its answers, and shown as a conversation', async () => {
    const { items } = await world.get('/inbox?agent=layer-40')
    expect(items).toHaveLength(1)
    const { tasks } = await world.get('/tasks?agent=layer-40')
    expect(tasks).toMatchObject([{ from: 'layer-2', to: 'layer-40', state: 'open', holder: 'layer-40' }])
    expect(await world.get(`/tasks/${tasks[0].id}`)).toMatchObject({ answers: [] })
    const { messages, events } = await world.get(`/threads/${tasks[0].thread}`)
    expect(messages).toHaveLength(1)
    expect(events.map(({ stream }: { stream: string }) => stream)).toContain('layer-40')
    expect((await world.request('/threads/nothing')).status).toBe(404)
  })

  it('is listed page by page, each message once', async () => {
    for (const to of ['layer-11', 'layer-12', 'layer-13']) await world.world.task('layer-9', to)
    const seen: string[] = []
    let cursor = ''
    for (;;) {
      const { tasks, next } = await world.get(`/tasks?agent=layer-9&limit=2${cursor}`)
      seen.push(...tasks.map(({ to }: { to: string }) => to))
      if (next === null) break
      cursor = `&cursor=${next}`
    }
    expect(seen.toSorted()).toEqual(['layer-11', 'layer-12', 'layer-13'])
    expect((await world.request('/tasks?cursor=nonsense')).status).toBe(400)
  })

  it('waits on queues by tier, also where nothing waits', async () => {
    const { queues, messages, deadMessages, workers } = await world.get('/queues')
    expect(queues.map(({ queue }: { queue: string }) => queue)).toEqual(
      expect.arrayContaining([
        'ceo',
        'chiefs',
        'domains',
        'layers',
        'specialists',
        'incidents',
        'activities',
      ]),
    )
    expect({ messages, deadMessages, workers }).toEqual({ messages: 0, deadMessages: [], workers: [] })
  })

  it('is in the log of all streams, by cursor, stream and type', async () => {
    const first = await world.get('/events?limit=2')
    expect(first.events).toHaveLength(2)
    expect(first.end).toBe(false)
    const rest = await world.get(`/events?after=${first.next}&limit=1000`)
    expect(rest.events[0].pos).toBeGreaterThan(first.next)
    expect(rest.end).toBe(true)
    const own = await world.get(`/events?stream=${id}&type=incident.*`)
    expect(new Set(own.events.map(({ stream }: { stream: string }) => stream))).toEqual(new Set([id]))
    expect((await world.request('/events?limit=0')).status).toBe(400)
  })
})

describe('the runtime over HTTP', () => {
  it('says what runs and what is open', async () => {
    const status = await world.get('/status')
    expect(status).toMatchObject({ agents: 105, running: false, muted: false, open: { total: 1 } })
  })

  it('without what a route takes says so', async () => {
    const bare = await HttpWorld.start({ tools: null })
    try {
      const response = await bare.request('/status')
      expect(response.status).toBe(501)
      expect(await response.json()).toMatchObject({ code: 'server.not-composed' })
    } finally {
      await bare.close()
    }
  })
})

describe('the databases over HTTP', () => {
  it('are listed without a password', async () => {
    expect(await world.get('/db/targets')).toEqual({
      targets: [
        {
          name: 'shop',
          at: 'localhost/shop',
          workload: false,
          timeoutMs: null,
          connections: null,
          quiet: null,
        },
      ],
    })
  })

  it('show each metric of the card with its line, what was promised, and what was read', async () => {
    const [metric] = world.world.org.get('layer-1')!.card!.metrics
    const at = (await world.world.store.runtime()).nowMs
    const reading = (value: number, agoMs: number) => ({
      target: 'shop',
      key: metric!.key,
      at: at - agoMs,
      reading: { value, ok: value < 50, method: 'sampled', samples: 9, window: 5_000 },
    })
    await world.world.store.keepReadings([reading(12, 60_000), reading(80, 0)])
    const { tiles, nextLookAt } = await world.get('/db/targets/shop')
    expect(nextLookAt).toBeNull()
    expect(tiles).toHaveLength(5)
    const tile = tiles.find(({ history }: { history: unknown[] }) => history.length > 0)
    expect(tile).toMatchObject({ value: 80, ok: false, cardLine: expect.any(Number) })
    expect(tile.history.map(({ value }: { value: number }) => value)).toEqual([12, 80])
    expect((await world.request('/db/targets/elsewhere')).status).toBe(404)
    expect((await world.request('/db/targets/shop?since=1999-01-01T00:00:00Z')).status).toBe(400)
  })
})
