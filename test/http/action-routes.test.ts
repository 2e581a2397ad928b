import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HttpWorld } from './http-world.ts'

let world: HttpWorld
beforeAll(async () => {
  world = await HttpWorld.start()
})
afterAll(() => world.close())

/** The code of the problem that a POST is answered with. */
async function refusal(path: string, body?: unknown, token?: string): Promise<[number, string]> {
  const response = await world.send(path, body, token)
  return [response.status, ((await response.json()) as { code: string }).code]
}

describe('an agent', () => {
  it('is seated, stopped and resumed', async () => {
    expect(await world.post('/agents/layer-5/seat', { seat: 'human' })).toEqual({
      agent: 'layer-5',
      seat: 'human',
    })
    expect((await world.get('/agents/layer-5')).state).toMatchObject({ seat: 'human' })
    expect(await world.post('/agents/layer-5/stop')).toEqual({
      agent: 'layer-5',
      stopped: true,
      incidents: [],
    })
    expect((await world.get('/agents/layer-5')).state).toMatchObject({ status: 'stopped' })
    expect(await refusal('/agents/layer-5/seat', { seat: 'built-in' })).toEqual([409, 'agent.stopped'])
    expect(await world.post('/agents/layer-5/resume')).toEqual({ agent: 'layer-5', stopped: false })
    expect((await world.get('/agents/layer-5')).state).toMatchObject({ status: 'resting' })
    expect(await refusal('/agents/layer-5/seat', { seat: 'nobody' })).toEqual([400, 'request.invalid'])
  })

  it('answers a question: a fact at once, anything else as a task', async () => {
    const metrics = await world.post('/agents/layer-40/ask', { question: 'what are your success metrics?' })
    expect(metrics.intent).toMatchObject({ kind: 'fact' })
    expect(metrics.answer.length).toBeGreaterThan(0)
    const task = await world.post('/agents/layer-1/ask', {
      question: 'check the schema',
      data: { target: 'shop' },
      waitMs: 0,
    })
    expect(task.intent).toMatchObject({ kind: 'task' })
    expect(await world.get(`/tasks/${task.message}`)).toMatchObject({ from: 'operator', to: 'layer-1' })
  })

  it('shows its card as the file has it', async () => {
    const card = await world.get('/agents/layer-1/card')
    expect(card).toMatchObject({ agent: 'layer-1', text: `the text of ${card.file}` })
    expect(card.file).toMatch(/layer-1\/card\.md$/)
  })
})

describe('an incident', () => {
  it('is opened, acknowledged, shown with the line of its card, exported and verified', async () => {
    const { id } = await world.post('/incidents', {
      agent: 'layer-1',
      category: 'integration',
      title: 'pool exhausted',
    })
    await world.world.settle()
    expect(await world.post(`/incidents/${id}/ack`, { as: 'layer-2', forMs: 60_000 })).toMatchObject({
      heldBy: 'layer-2',
    })
    const { events } = await world.get(`/incidents/${id}/timeline`)
    expect(events[0].type).toBe('incident.opened')
    const jsonl = await (await world.request(`/incidents/${id}/export?format=jsonl`)).text()
    const lines = jsonl.trim().split('\n')
    expect(lines).toHaveLength(events.length + 1)
    expect(JSON.parse(lines[0]!)).toMatchObject({ format: 'esa.stream', id })
    const md = await world.request(`/incidents/${id}/export?format=md`)
    expect(md.headers.get('content-type')).toMatch('text/markdown')
    expect(md.headers.get('content-disposition')).toContain(`${id}.md`)
    expect(await md.text()).toContain('## Timeline')
    expect(await world.get(`/incidents/${id}/verify`)).toMatchObject({
      replay: 'identical',
      chain: 'unbroken',
      faults: [],
      seq: events.length,
    })
  })
})

describe('a note', () => {
  it('is written about an incident, open or over, and moves nothing of it', async () => {
    const opening = { agent: 'layer-9', category: 'performance', title: 'slow' }
    const { id } = await world.post('/incidents', opening)
    const before = await world.get(`/incidents/${id}/timeline`)
    const first = await world.post(`/incidents/${id}/notes`, { text: ' seen since the deploy ' })
    expect(first).toMatchObject({ incidentId: id, as: 'operator', text: 'seen since the deploy' })
    expect(await world.get(`/incidents/${id}/timeline`)).toEqual(before)
    await world.post(`/incidents/${id}/resolve`, { as: 'operator', cause: 'rolled back' })
    await world.post(`/incidents/${id}/notes`, { as: 'layer-9', text: 'a | pipe and <b>' })
    const { notes } = await world.get(`/incidents/${id}/notes`)
    // Both are of the same instant of this world's clock.
    expect(notes).toHaveLength(2)
    expect(notes).toContainEqual(first)
    const md = await (await world.request(`/incidents/${id}/export?format=md`)).text()
    expect(md).toContain('seen since the deploy')
    expect(md).toContain('a \\| pipe and &lt;b>')
    // Of another incident there are none.
    const other = await world.post('/incidents', { ...opening, title: 'slower' })
    expect(await world.get(`/incidents/${other.id}/notes`)).toEqual({ notes: [] })
  })

  it.each([
    ['nothing', { text: '  ' }, [400, 'note.invalid']],
    ['too much', { text: 'x'.repeat(10_001) }, [400, 'note.invalid']],
    ['an agent that is not', { as: 'layer-999', text: 'x' }, [404, 'agent.unknown']],
  ])('is refused with %s', async (_, body, expected) => {
    const { id } = await world.post('/incidents', { agent: 'layer-9', category: 'performance', title: 'x' })
    expect(await refusal(`/incidents/${id}/notes`, body)).toEqual(expected)
    expect(await refusal('/incidents/01JZZZZZZZZZZZZZZZZZZZZZZZ/notes', { text: 'x' })).toEqual([
      404,
      'incident.unknown',
    ])
  })
})

describe('a silence', () => {
  it('is added, listed and ended, and what it held back is notified', async () => {
    const silence = await world.post('/silences', { agent: 'layer-7', until: '2h', reason: 'maintenance' })
    expect((await world.get('/silences')).silences).toMatchObject([{ id: silence.id, held: 0 }])
    const { state } = await world.world.open({ agent: 'layer-7', category: 'performance', title: 'slow' })
    expect(await world.post(`/silences/${silence.id}/end`)).toMatchObject({ incidents: [state.id] })
    expect(await refusal(`/silences/${silence.id}/end`)).toEqual([409, 'silence.over'])
    expect(await refusal('/silences', { agent: 'layer-7', until: 'yesterday', reason: 'x' })).toEqual([
      400,
      'usage.until',
    ])
  })
})

describe('a token', () => {
  it('is shown once, kept by its hash alone, and revoked permanently', async () => {
    const asked = { as: 'layer-2', person: 'ada', scopes: ['incidents:ack'], for: '1h' }
    const before = await world.get('/tokens')
    expect(await refusal('/tokens', asked)).toEqual([401, 'auth.token-required'])
    expect(await world.get('/tokens')).toEqual(before)
    const made = await world.send('/tokens', asked, await world.world.token('operator', 'admin'))
    expect(made.headers.get('cache-control')).toBe('no-store')
    const { token, ...shown } = (await made.json()) as { token: string; id: string }
    const { tokens } = await world.get('/tokens')
    expect(tokens).toContainEqual(shown)
    expect(JSON.stringify(tokens)).not.toContain(token)
    expect(await world.get('/incidents', token)).toBeDefined()
    expect(await world.post(`/tokens/${shown.id}/revoke`)).toEqual({ id: shown.id, revoked: true })
    const refused = await world.request('/incidents', { headers: { authorization: `Bearer ${token}` } })
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ code: 'auth.token-revoked' })
  })
})

describe('a statement', () => {
  const statement = 'drop table old_orders'

  it('is shown whole with its hash, and approved by that hash and a token alone', async () => {
    const token = await world.world.personToken('Cem', 'chief-1', 'incidents:write')
    await world.world.advance(1)
    const body = {
      target: 'shop',
      statement,
      kind: 'destructive',
      askedBy: 'layer-1',
      because: 'unused since May',
    }
    const { state } = await world.world.host.open({ type: 'approval', key: 'shop x', from: 'operator', body })
    await world.world.settle()
    const { approvals } = await world.get('/approvals')
    expect(approvals).toMatchObject([{ id: state.id, statement, target: 'shop' }])
    const shown = await world.get(`/approvals/${state.id}`)
    const given = { as: 'chief-1', hash: shown.hash }
    expect(await refusal(`/approvals/${state.id}/approve`, given)).toEqual([401, 'auth.token-required'])
    const service = await world.world.token('chief-1', 'incidents:write')
    expect(await refusal(`/approvals/${state.id}/approve`, given, service)).toEqual([
      403,
      'approval.not-a-person',
    ])
    expect(await refusal(`/approvals/${state.id}/approve`, { ...given, hash: 'other' }, token)).toEqual([
      403,
      'approval.other-statement',
    ])
    const { given: by } = await world.post(`/approvals/${state.id}/approve`, given, token)
    expect(by).toMatchObject([{ as: 'chief-1' }])
  })
})

describe('a target', () => {
  it('is worked on by name, and the run can be read again', async () => {
    const run = await world.post('/db/targets/shop/explain', { sql: 'select 1' })
    expect(run).toMatchObject({
      work: 'explain',
      state: 'done',
      result: { target: 'shop', input: { sql: 'select 1' } },
    })
    expect(await world.get(`/db/runs/${run.id}`)).toEqual(run)
    expect((await world.get('/db/runs')).runs).toEqual([run])
    expect(await refusal('/db/targets/elsewhere/measure')).toEqual([404, 'target.unknown'])
    const url = encodeURIComponent('postgres://10.0.0.1/x')
    expect(await refusal(`/db/targets/${url}/measure`)).toEqual([404, 'target.unknown'])
  })

  it('is frozen and thawed in its database and in the log of Layer 1', async () => {
    expect(await world.post('/db/targets/shop/freeze', { reason: 'rows are missing' })).toMatchObject({
      frozen: true,
      by: 'tester',
    })
    expect(await world.post('/db/targets/shop/unfreeze')).toMatchObject({ frozen: false, reason: 'a drill' })
    expect(await world.world.log('layer-1')).toEqual(
      expect.arrayContaining(['target.frozen', 'target.thawed']),
    )
  })
})
