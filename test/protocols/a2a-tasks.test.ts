import { AgentCard, type Message, Role, type Task, TaskState } from '@a2a-js/sdk'
import type { Client } from '@a2a-js/sdk/client'
import { seatAgent } from '@esa/operations'
import { startServer } from '@esa/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { a2aClient, EVERYTHING, line, lineOf, message } from './a2a-client.ts'
import { PATIENCE_MS, ProtocolWorld } from './protocol-world.ts'

let world: ProtocolWorld
let client: Client
beforeAll(async () => {
  world = await ProtocolWorld.start()
  const caller = {
    actAs: async () => 'tester',
    approveAs: async () => 'tester',
    account: async () => null,
    onHost: false,
    scopes: async () => null,
  }
  await seatAgent({ ...world.ports().world, caller }, 'layer-2', 'human')
  client = await a2aClient(world.url, 'layer-2')
})
afterAll(() => world.close())

async function sent(words: string, data?: object): Promise<Task> {
  const returnImmediately = {
    acceptedOutputModes: [],
    taskPushNotificationConfig: undefined,
    returnImmediately: true,
  }
  const task = (await client.sendMessage({
    ...message(words, { as: 'operator', ...data }),
    configuration: returnImmediately,
  })) as Task
  await world.settle()
  return task
}

describe('a card', { timeout: PATIENCE_MS }, () => {
  it('is made of the agent’s own: what it can answer, its responsibilities, and the extension', async () => {
    const card = await client.getAgentCard()
    expect(card).toMatchObject({
      name: 'API Structure (layer-2)',
      supportedInterfaces: [
        { url: `${world.url}/a2a/layer-2`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      ],
      capabilities: {
        streaming: true,
        pushNotifications: false,
        extensions: [{ uri: 'urn:esa:a2a:escalation:v1', required: false }],
      },
    })
    expect(card.skills.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['incident.open', 'about:metrics', 'responsibility-1']),
    )
    expect(card.skills.find(({ description }) => description.startsWith('Version interfaces'))).toBeDefined()
  })

  it('is there for every agent, and the server’s own is the CEO’s', async () => {
    const { agents } = (await (await fetch(`${world.url}/a2a`)).json()) as {
      agents: { id: string; card: string }[]
    }
    expect(agents).toHaveLength(105)
    const cards = await Promise.all(
      agents.map(async ({ card }) => AgentCard.fromJSON(await (await fetch(card)).json())),
    )
    expect(cards.every(({ skills, name }) => skills.length > 4 && name.length > 5)).toBe(true)
    const own = AgentCard.fromJSON(await (await fetch(`${world.url}/.well-known/agent-card.json`)).json())
    expect(own.name).toContain('agent-0')
  })

  it('of an unknown agent is missing', async () => {
    expect((await fetch(`${world.url}/a2a/layer-999/.well-known/agent-card.json`)).status).toBe(404)
    expect(
      (
        await fetch(`${world.url}/a2a/layer-999`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{}',
        })
      ).status,
    ).toBe(404)
  })
})

describe('a message', { timeout: PATIENCE_MS }, () => {
  it('that asks for a fact is answered at once', async () => {
    const { parts, role } = (await client.sendMessage(
      message('what do you promise?', { as: 'operator' }),
    )) as Message
    expect(role).toBe(Role.ROLE_AGENT)
    expect(JSON.stringify(parts)).toContain('API response time')
  })

  it('becomes a task of the organization, waits for who sits there, and ends with the answer', async () => {
    const { id, contextId } = await sent('please version the interfaces')
    const stream = client.resubscribeTask({ tenant: '', id })
    expect(lineOf((await stream.next()).value!)).toBe('INPUT_REQUIRED layer-2')
    await client.sendMessage(message('version 2 is out', { as: 'layer-2' }, id))
    await world.settle()
    expect(lineOf((await stream.next()).value!)).toBe('artifact agent.answered')
    expect(lineOf((await stream.next()).value!)).toBe('COMPLETED')
    expect((await stream.next()).done).toBe(true)
    const task = await client.getTask({ tenant: '', id })
    expect(task.contextId).toBe(contextId)
    expect(JSON.stringify(task.history)).toContain('please version the interfaces')
    expect(JSON.stringify(task.artifacts)).toContain('version 2 is out')
    expect((await client.getTask({ tenant: '', id, historyLength: 0 })).history).toEqual([])
  })

  it('is the same task at another server of this store', async () => {
    const { id } = await sent('please limit rates fairly')
    const other = await startServer(world.ports())
    const there = await a2aClient(other.url, 'layer-2')
    expect(line(await there.getTask({ tenant: '', id }))).toBe('INPUT_REQUIRED layer-2')
    await there.sendMessage(message('done', { as: 'layer-2' }, id))
    expect(line(await client.getTask({ tenant: '', id }))).toBe('COMPLETED')
    await other.stop()
  })

  it('is listed, page by page and by state', async () => {
    await sent('please publish contracts')
    const all = await client.listTasks(EVERYTHING)
    expect(all.totalSize).toBeGreaterThan(2)
    const first = await client.listTasks({ ...EVERYTHING, pageSize: 1 })
    const second = await client.listTasks({ ...EVERYTHING, pageSize: 1, pageToken: first.nextPageToken })
    expect([first.tasks[0]!.id, second.tasks[0]!.id]).toEqual(all.tasks.slice(0, 2).map(({ id }) => id))
    const waiting = await client.listTasks({ ...EVERYTHING, status: TaskState.TASK_STATE_INPUT_REQUIRED })
    expect(waiting.tasks.map((task) => line(task))).toEqual(['INPUT_REQUIRED layer-2'])
  })
})

describe('what is refused', { timeout: PATIENCE_MS }, () => {
  it('says why, with our code', async () => {
    await expect(client.getTask({ tenant: '', id: 'nothing' })).rejects.toThrow('task.unknown')
    const { id } = await sent('please version the interfaces again')
    await expect(client.cancelTask({ tenant: '', id, metadata: undefined })).rejects.toThrow('not taken back')
    const elsewhere = await a2aClient(world.url, 'layer-40')
    await expect(elsewhere.getTask({ tenant: '', id })).rejects.toThrow('task.unknown')
    const asked = { tenant: '', taskId: id, pageSize: 1, pageToken: '' }
    // By the card, which declares none, the client does not even ask.
    const push = async () => client.listTaskPushNotificationConfig(asked)
    await expect(push()).rejects.toThrow('Push Notification')
  })

  it('the same message, sent again, opens no second incident', async () => {
    const opening = message('pool exhausted', {
      type: 'incident.open',
      category: 'integration',
      as: 'operator',
    })
    const [first, again] = [await client.sendMessage(opening), await client.sendMessage(opening)] as [
      Task,
      Task,
    ]
    expect(again.id).toBe(first.id)
    expect((await world.incident(first.id)).duplicates).toBe(1)
  })

  it('an incident is canceled by withdrawing it', async () => {
    const opening = { type: 'incident.open', category: 'integration', as: 'operator' }
    const { id } = (await client.sendMessage(message('nothing after all', opening))) as Task
    const operator = await a2aClient(world.url, 'layer-2', await world.token('operator', 'admin'))
    expect(line(await operator.cancelTask({ tenant: '', id, metadata: undefined }))).toMatch(/^CANCELED/)
  })
})

describe('a token', { timeout: PATIENCE_MS }, () => {
  it('acts as its holder, within its scopes', async () => {
    const opening = { type: 'incident.open', category: 'integration' }
    const layer3 = await a2aClient(
      world.url,
      'layer-2',
      await world.token('layer-3', 'agents:read', 'incidents:write'),
    )
    await expect(layer3.sendMessage(message('not mine', opening))).rejects.toThrow('auth.other-holder')
    await expect(layer3.sendMessage(message('version the interfaces', { as: 'layer-2' }))).rejects.toThrow(
      'auth.other-holder',
    )
    const reader = await a2aClient(world.url, 'layer-2', await world.token('layer-3', 'agents:read'))
    await expect(reader.sendMessage(message('what do you promise?', { as: 'layer-3' }))).rejects.toThrow(
      'auth.scope',
    )
    await expect(reader.listTasks(EVERYTHING)).rejects.toThrow('auth.scope')
    await expect(a2aClient(world.url, 'layer-2', 'esa_forged')).rejects.toThrow('401')
  })
})
