import { addChannel, listDeliveries } from '@esa/operations/notifications'
import { Webhook } from 'standardwebhooks'
import { afterEach, expect, it } from 'vitest'
import { type NotificationWorld, notificationWorld, until } from './notification-world.fixture.ts'
import { stubReceiver } from '@esa/notify/stub-receiver'

const SECRET = `whsec_${Buffer.from('a canary that is thirty-two long').toString('base64')}`

let ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends) await end()
  ends = []
})

async function begin(): Promise<NotificationWorld> {
  const world = await notificationWorld({
    environment: { HOOK_SECRET: SECRET },
    publicUrl: 'https://esa.example.org',
  })
  ends.push(world.stop)
  return world
}

async function receiver(...answers: Parameters<typeof stubReceiver>): ReturnType<typeof stubReceiver> {
  const stub = await stubReceiver(...answers)
  ends.push(stub.close)
  return stub
}

const webhook = (url: string, more: object = {}) => ({
  kind: 'webhook',
  url,
  secret: 'env:HOOK_SECRET',
  allowPrivate: true,
  allowPlain: true,
  ...more,
})

it('an incident that opens reaches a webhook as a CloudEvent whose signature the library verifies', async () => {
  const { world, open, store } = await begin()
  const { url, got } = await receiver(204)
  await addChannel(world, 'hook', webhook(`${url}/in`, { level: 'domain' }))
  const incident = await open('layer-1', 'performance')
  const [first] = await until('it arrives', async () => got.length > 0 && got)
  const { headers, body } = first!
  expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toMatchObject({
    specversion: '1.0',
    id: headers['webhook-id'],
    type: 'esa.incident.notified',
    subject: incident.id,
    data: { agent: 'layer-1', category: 'performance', level: 'domain', title: 'pool exhausted' },
  })
  const [delivery] = await until('it is logged', async () => {
    const rows = await listDeliveries(store, { channel: 'hook' })
    return rows.length > 0 && rows
  })
  expect(delivery).toMatchObject({ status: 'sent', code: 204, attempt: 1, id: headers['webhook-id'] })
})
