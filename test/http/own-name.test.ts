import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCESS } from './access-table.ts'
import { HttpWorld } from './http-world.ts'

let world: HttpWorld
let token: string
let operator: string
const ids = { incident: '', item: '', approval: '', silence: '', token: '' }
beforeAll(async () => {
  world = await HttpWorld.start({ loopback: false })
  const { world: agents } = world
  operator = await agents.token('operator', 'admin')
  const opening = { agent: 'layer-1', category: 'integration' as const, title: 'pool exhausted' }
  ids.incident = (await agents.open(opening)).state.id
  ids.item = await agents.task('layer-2', 'layer-40')
  ids.silence = await agents.silence({ agent: 'layer-7' }, 3_600_000)
  const asked = {
    target: 'shop',
    statement: 'drop table old_orders',
    kind: 'destructive',
    askedBy: 'layer-1',
    because: 'unused since May',
  }
  const approval = await agents.host.open({ type: 'approval', key: 'shop x', from: 'operator', body: asked })
  ids.approval = approval.state.id
  const other = { as: 'layer-2', person: 'ada', scopes: ['incidents:read'], for: '1h' }
  ids.token = (await world.post('/tokens', other, operator)).id
  token = await agents.token('layer-3', 'admin')
})
afterAll(() => world.close())

/** What acts in no name: it only reads, on a copy or on a clock of its own. */
const NAMELESS = new Set(
  ['simulations', 'db/targets/:name/measure', 'db/targets/:name/check', 'db/targets/:name/explain'].concat([
    'db/targets/:name/lint',
    'db/targets/:name/advise',
  ]),
)

/** A body that each acting route would take from a permitted caller. */
const BODIES: Record<string, object | undefined> = {
  'agents/:id/ask': { question: 'check the schema', data: { target: 'shop' }, waitMs: 0 },
  'agents/:id/seat': { seat: 'human' },
  'agents/:id/stop': undefined,
  'agents/:id/resume': undefined,
  incidents: { agent: 'layer-1', category: 'integration', title: 'another one' },
  'incidents/:id/notes': { as: 'layer-2', text: 'seen' },
  'incidents/:id/ack': { as: 'layer-2' },
  'incidents/:id/decline': { as: 'layer-2', reason: 'busy' },
  'incidents/:id/reassign': { as: 'operator', to: 'layer-9' },
  'incidents/:id/snooze': { as: 'layer-2', forMs: 60_000 },
  'incidents/:id/suppress': { as: 'operator', forMs: 60_000 },
  'incidents/:id/unsuppress': { as: 'operator' },
  'incidents/:id/raise': { as: 'layer-1' },
  'incidents/:id/escalate': { as: 'layer-2' },
  'incidents/:id/resolve': { as: 'layer-2', cause: 'restarted' },
  'incidents/:id/withdraw': { as: 'layer-1' },
  'inbox/:id/answer': { text: 'done' },
  'inbox/:id/approve': { as: 'chief-1' },
  'inbox/:id/reject': { as: 'chief-1' },
  'approvals/:id/approve': { as: 'chief-1', hash: 'x' },
  'approvals/:id/reject': { as: 'chief-1', hash: 'x' },
  'approvals/:id/withdraw': { hash: 'x' },
  tasks: {
    from: 'layer-2',
    to: ['layer-4'],
    type: 'task_request',
    subject: 'count',
    body: { task: 'count' },
  },
  silences: { agent: 'layer-1', until: '1h', reason: 'maintenance' },
  'silences/:id/end': undefined,
  tokens: { as: 'operator', person: 'eve', scopes: ['admin'], for: '1d' },
  'tokens/:id/revoke': undefined,
  people: { person: 'Eve', agent: 'layer-5', email: ['eve@example.org'] },
  'people/remove': { person: 'Eve', agent: null },
  'people/override': { level: 'chief', person: 'Eve', until: '1h' },
  'people/override/end': { level: 'chief' },
  webhooks: { name: 'eve', kind: 'webhook', url: 'https://eve.example.org', secret: 'env:EVE' },
  'webhooks/:name/remove': undefined,
  'webhooks/:name/test': undefined,
  'webhooks/deliveries/:id/redeliver': undefined,
  'db/targets/:name/freeze': { reason: 'a drill' },
  'db/targets/:name/unfreeze': undefined,
}

const ID_OF: Record<string, keyof typeof ids> = {
  incidents: 'incident',
  inbox: 'item',
  approvals: 'approval',
  silences: 'silence',
  tokens: 'token',
}

const acting = Object.keys(ACCESS)
  .filter((route) => route.startsWith('POST /api/v1/'))
  .map((route) => route.slice('POST /api/v1/'.length))
  .filter((route) => !NAMELESS.has(route))

describe('a token of layer-3, whatever it is for,', () => {
  it('is tried on every route that acts', () => {
    expect(Object.keys(BODIES).toSorted()).toEqual(acting.toSorted())
  })

  it.each(Object.entries(BODIES))('does not act in another name: %s', async (route, body) => {
    const kind = ID_OF[route.split('/')[0]!]
    const id = kind === undefined ? 'layer-5' : ids[kind]
    const path = `/${route.replace(':id', id).replace(':name', 'shop')}`
    const before = await world.world.store.feedTail()
    const response = await world.send(path, body, token)
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      403,
      'auth.other-holder',
    ])
    expect(await world.world.store.feedTail()).toBe(before)
  })

  it('does not stop again who is stopped, which would tell its incidents', async () => {
    await world.post('/agents/layer-2/stop', undefined, operator)
    const before = await world.world.store.feedTail()
    const response = await world.send('/agents/layer-2/stop', undefined, token)
    expect(response.status).toBe(403)
    expect(await world.world.store.feedTail()).toBe(before)
  })

  it('limits what its message acts with, whatever the body says', async () => {
    const narrow = await world.world.token('layer-3', 'incidents:write')
    const sent = { from: 'layer-3', to: ['layer-1'], type: 'task_request', subject: 'lint' }
    const body = { task: 'lint', data: { target: 'shop', sql: 'select 1' } }
    await expect(world.post('/tasks', { ...sent, body, scopes: ['admin'] }, narrow)).rejects.toThrow('scopes')
    const { sent: rows } = await world.post('/tasks', { ...sent, body }, narrow)
    const asked = await world.post(
      '/agents/layer-1/ask',
      { question: 'lint', data: body.data },
      await world.world.token('operator', 'incidents:write'),
    )
    const ids = [rows[0].id, asked.message]
    const found = await world.world.store.listMessages({ ids, limit: 2 })
    expect(found.map(({ scopes }) => scopes)).toEqual([['incidents:write'], ['incidents:write']])
  })

  it('acts in its own', async () => {
    const sent = { from: 'layer-3', to: ['layer-4'], type: 'status_update', subject: 'all is well' }
    expect(
      (await world.post('/tasks', { ...sent, body: { status: 'all is well' } }, token)).sent,
    ).toHaveLength(1)
    expect(await world.post(`/incidents/${ids.incident}/ack`, { as: 'layer-3' }, token)).toMatchObject({
      heldBy: 'layer-3',
    })
  })
})
