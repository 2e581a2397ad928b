import { embeddedServerStatus } from '@esa/pg-server'
import { buildDirectory } from '@esa/org'
import type { JsonObject } from '@esa/protocol'
import { ActorHost, Registry } from '@esa/runtime'
import { openPostgresStore, type Store } from '@esa/store'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EsaHome, says } from './run-esa.ts'

/** A worker finds a row without a wake-up within its sweep, a second; ten are for a busy machine. */
const POLL = { timeout: 10_000, interval: 200 }

/** Enough that an order to hand over moves some, and too few for an incident. */
const TASKS = 18

let esa: EsaHome
let store: Store
beforeAll(async () => {
  esa = await EsaHome.create()
  await says(esa.start(['up']), 'ready ')
  const { server } = await embeddedServerStatus({ home: esa.home })
  store = await openPostgresStore({ url: server!.url, max: 2 })
})
afterAll(async () => {
  await store.close()
  await esa.remove()
})

/** Posts past every check of the edge: what a mailbox does with it is what counts. */
async function post(from: string, bodies: JsonObject[]): Promise<string[]> {
  const directory = buildDirectory([])
  const registrations = {
    definitions: [],
    agentType: () => 'agent',
    activities: [],
    directory: () => directory,
  }
  const host = new ActorHost({
    store,
    registry: new Registry(registrations),
    random: Math.random,
    rings: false,
  })
  const messages = bodies.map((body) => ({ from, to: 'layer-5', type: 'task_request', body }))
  return await host.postAll(() => ({ messages }))
}

const inbox = async (agent: string): Promise<string[]> =>
  (await esa.json<{ items: { id: string }[] }>('inbox', 'ls', '--agent', agent)).items.map(({ id }) => id)

it('an order to hand over to an agent that is not there loses no task', async () => {
  // No other agent may take one by itself.
  const { peers } = await esa.json<{ peers: string[] }>('agents', 'show', 'layer-5')
  for (const peer of peers) await esa.json('agents', 'stop', peer)
  const ids = await post(
    'operator',
    Array.from({ length: TASKS }, () => ({ task: 'cache it' })),
  )
  await expect.poll(async () => (await inbox('layer-5')).toSorted(), POLL).toEqual(ids.toSorted())

  const body = { task: 'hand-over', data: { to: 'layer-999' } }
  const order = ['tasks', 'send', '--from', 'chief-1', '--to', 'layer-5', '--subject', 'load', '--body']
  const refused = await esa.refused(...order, JSON.stringify(body))
  expect(refused).toMatchObject({
    code: 4,
    problem: { code: 'agent.unknown', hint: expect.stringContaining('did you mean layer-9') },
  })
  const self = JSON.stringify({ ...body, data: { to: 'layer-5' } })
  expect((await esa.refused(...order, self)).problem.code).toBe('message.to-self')

  const [sent] = await post('chief-1', [body])
  await expect
    .poll(async () => (await esa.json<{ answers: object[] }>('tasks', 'show', sent!)).answers, POLL)
    .toMatchObject([
      {
        from: 'layer-5',
        said: { result: { moved: 0, why: expect.stringContaining('layer-999') as string } },
      },
    ])
  expect((await inbox('layer-5')).toSorted()).toEqual(ids.toSorted())
  expect(await store.backlog()).toMatchObject({ dead: 0 })
  expect(await esa.json('replay', 'verify', 'layer-5')).toMatchObject({ diverged: [], chain: { broken: [] } })

  // One who is there takes what is moved.
  const [good] = await post('chief-1', [{ task: 'hand-over', data: { to: 'layer-30' } }])
  await expect
    .poll(async () => (await esa.json<{ answers: object[] }>('tasks', 'show', good!)).answers.length, POLL)
    .toBe(1)
  await expect
    .poll(async () => [...(await inbox('layer-5')), ...(await inbox('layer-30'))].toSorted(), POLL)
    .toEqual(ids.toSorted())
  expect((await inbox('layer-30')).length).toBeGreaterThan(0)
})
