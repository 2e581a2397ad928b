import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { Task } from '@a2a-js/sdk'
import type { Incident } from '@esa/escalation'
import { embeddedServerStatus } from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { a2aClient, lineOf, message } from '../protocols/a2a-client.ts'
import { call, mcpClient } from '../protocols/mcp-client.ts'
import { EsaHome, says } from './run-esa.ts'

/** Half an hour is four seconds for what the server opens. */
const SCALE = '450'

/** What a model in the seat of Layer 2 subscribes to. */
const INBOX = 'esa://agents/layer-2/inbox'

let esa: EsaHome
let url: string
let operator: Client
let seat: Client
let tokens: { operator: string; layer2: string }

/** Asks the server as this machine's user. */
async function post<T>(path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await answer.json()) as T
}

async function token(as: string, ...scopes: string[]): Promise<string> {
  const scope = scopes.flatMap((one) => ['--scope', one])
  const made = ['tokens', 'create', '--as', as, ...scope, '--for', '1d', '--person', 'a model']
  return (await esa.json<{ token: string }>(...made)).token
}

beforeAll(async () => {
  esa = await EsaHome.create()
  const up = esa.start(['up'], { ESA_TIME_SCALE: SCALE, ESA_LOG: 'silent' })
  url = /http:\/\/\S+/.exec(await says(up, 'ready in '))![0]
  tokens = {
    operator: await token('operator', 'admin'),
    layer2: await token('layer-2', 'agents:read', 'incidents:write'),
  }
  for (const agent of ['layer-2', 'layer-3']) await post(`agents/${agent}/seat`, { seat: 'human' })
  operator = await mcpClient(url, tokens.operator)
  seat = new Client({ name: 'a model', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  const { command, args } = esa.command(['mcp', '--stdio'])
  await seat.connect(
    new StdioClientTransport({ command, args, env: { ...esa.environment, ESA_TOKEN: tokens.layer2 } }),
  )
})
afterAll(async () => {
  await seat?.close()
  await operator?.close()
  await esa.remove()
})

describe('a model that sits in the seat of Layer 2, over stdio', () => {
  it('finds the incident in its inbox and answers it before the deadline', async () => {
    const told = new Promise((resolve) =>
      seat.setNotificationHandler('notifications/resources/updated', ({ params }) => resolve(params.uri)),
    )
    await seat.listen({ resourceSubscriptions: [INBOX] })
    // The command knows no scale: it leaves half an hour, however slow this machine is.
    const opening = ['--agent', 'layer-1', '--category', 'integration', '--title', 'pool exhausted']
    const { id } = await esa.json<Incident>('incidents', 'open', ...opening)
    const { news } = await call<{ news: string[] }>(seat, 'inbox_wait', { agent: 'layer-2' })
    expect(news).toEqual([id])
    expect(await told).toBe(INBOX)
    const { heldBy, level, deadlineAt, nowAt } = await call<Incident>(seat, 'incidents_ack', { id })
    expect({ heldBy, level }).toEqual({ heldBy: 'layer-2', level: 'peer' })
    expect(Date.parse(deadlineAt!)).toBeGreaterThan(Date.parse(nowAt))
    const cause = 'a client that kept its connections'
    expect(await call<Incident>(seat, 'incidents_resolve', { id, cause })).toMatchObject({
      status: 'resolved',
    })
    const { events } = await call<{ events: { type: string; actor?: string }[] }>(
      operator,
      'incidents_timeline',
      { id },
    )
    expect(events.map(({ type }) => type)).not.toContain('incident.escalated')
    expect(events.find(({ type }) => type === 'incident.resolved')).toMatchObject({ actor: 'layer-2' })
  })

  it('lets one pass: over A2A it is seen how the chief takes over', async () => {
    const client = await a2aClient(url, 'layer-1', tokens.operator)
    const opening = { type: 'incident.open', category: 'integration' }
    const stream = client.sendMessageStream(message('pool exhausted', opening))
    const first = (await stream.next()).value!
    expect(lineOf(first)).toMatch(/^INPUT_REQUIRED peer layer-2/)
    let last = ''
    for await (const event of stream) {
      last = lineOf(event)
      if (last.includes(' chief ')) break
    }
    expect(last).toMatch(/chief-1/)
    const after = await call<Incident>(seat, 'incidents_show', { id: (first.payload!.value as Task).id })
    expect(after).toMatchObject({ level: 'chief' })
  })
})

it('says how it is to be called', async () => {
  const { code, problem } = await esa.refused('mcp')
  expect([code, problem.code]).toEqual([2, 'usage.mcp'])
})

describe('an operator’s model', () => {
  it('reads cards in the words of who wrote them, and the runbook', async () => {
    const text = async (uri: string): Promise<string> => {
      const { contents } = await operator.readResource({ uri })
      return (contents[0] as { text: string }).text
    }
    expect(JSON.parse(await text('esa://agents/layer-2'))).toMatchObject({
      data: { id: 'layer-2', markdown: expect.stringContaining('# Layer Agent #2: API Structure') },
    })
    expect(await text('esa://runbook')).toContain('# ')
  })

  it('asks Layer 1 about a database', async () => {
    const { server } = await embeddedServerStatus(esa)
    await esa.json('targets', 'add', 'own', server!.url, '--allow-owner')
    const { targets } = await call<{ targets: { name: string }[] }>(operator, 'databases_list')
    expect(targets.map(({ name }) => name)).toEqual(['own'])
    const explained = await call<Run>(operator, 'databases_explain', { target: 'own', sql: 'SELECT 1' })
    expect(explained).toMatchObject({ state: 'done', target: 'own' })
    const refused = await call<Run>(operator, 'databases_explain', { target: 'own', sql: 'DROP TABLE x' })
    expect(refused.problem?.code).toBe('sql.not-a-read')
    const simulated = await call<{ path: { level: string }[] }>(operator, 'simulate', {
      agent: 'layer-1',
      category: 'integration',
    })
    expect(simulated.path.map(({ level }) => level)).toEqual(['peer', 'chief', 'ceo'])
  })
})

interface Run {
  state: string
  problem: { code: string } | null
}
