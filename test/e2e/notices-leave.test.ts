import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Incident } from '@esa/escalation'
import { stubReceiver } from '@esa/notify/testing'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ended, EsaHome, says } from './run-esa.ts'

const KEY = Buffer.from('canary-signing-key-of-32-bytes-1').toString('base64')
const SECRET = `whsec_${KEY}`

/** Longer than a worker takes from a row to its delivery, ms. */
const WITHIN_MS = 15_000

let esa: EsaHome
let stub: Awaited<ReturnType<typeof stubReceiver>>

beforeEach(async () => {
  esa = await EsaHome.create()
  stub = await stubReceiver(204)
})

afterEach(async () => {
  stub.close()
  await esa.remove()
})

interface Delivery {
  id: string
  status: string
  code: number
}

it('from esa webhooks add to a receiver: signed, logged, delivered again, and the key is shown nowhere', async () => {
  const file = join(esa.folder, 'key')
  await writeFile(file, `${SECRET}\n`)
  const worker = esa.start(['up'], { HOOK_URL: `${stub.url}/in`, ESA_LOG: 'debug' })
  const gone = ended(worker)
  await says(worker, 'ready in')
  const hook = ['--kind', 'webhook', '--url', 'env:HOOK_URL', '--secret', `file:${file}`]
  const said = [
    await esa.json(
      'webhooks',
      'add',
      'hook',
      ...hook,
      '--level',
      'domain',
      '--allow-private',
      '--allow-plain',
    ),
  ]
  const opening = ['--agent', 'layer-1', '--category', 'performance', '--title', 'pool exhausted']
  const incident = await esa.json<Incident>('incidents', 'open', ...opening)
  await expect.poll(() => stub.got.length, { timeout: WITHIN_MS }).toBe(1)
  const [got] = stub.got
  expect(new Webhook(SECRET).verify(got!.body, got!.headers as Record<string, string>)).toMatchObject({
    specversion: '1.0',
    type: 'esa.incident.notified',
    subject: incident.id,
  })
  const deliveries = () => esa.json<{ deliveries: Delivery[] }>('webhooks', 'deliveries', 'hook')
  await expect.poll(deliveries, { timeout: WITHIN_MS }).toMatchObject({
    deliveries: [{ id: got!.headers['webhook-id'], status: 'sent', code: 204 }],
  })
  await esa.json('webhooks', 'redeliver', got!.headers['webhook-id'] as string)
  await expect.poll(() => stub.got.length, { timeout: WITHIN_MS }).toBe(2)
  expect(stub.got[1]?.headers['webhook-id']).toBe(got!.headers['webhook-id'])

  expect(await esa.refused('webhooks', 'add', 'leak', ...hook.slice(0, 4), '--secret', SECRET)).toMatchObject(
    {
      code: 2,
      problem: { code: 'usage.channel', detail: expect.not.stringContaining(KEY) },
    },
  )
  said.push(await esa.json('webhooks', 'show', 'hook'))
  worker.kill('SIGTERM')
  expect(JSON.stringify([said, await gone])).not.toContain(KEY)
}, 60_000)
