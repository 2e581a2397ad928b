import type { Incident } from '@esa/escalation'
import { commandIncident } from '@esa/operations'
import {
  addChannel,
  addPerson,
  listDeliveries,
  onCall,
  putStandIn,
  redeliver,
  removeChannel,
  testChannel,
  useAckLink,
} from '@esa/operations/notifications'
import { verifyStream } from '@esa/operations/views'
import type { EsaError } from '@esa/protocol'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { type NotificationWorld, notificationWorld, until } from './notification-world.fixture.ts'
import { stubMailServer } from '@esa/notify/stub-mail-server'
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

/** Waits until a channel has as many tries in the log as that, turning the clock past each pause. */
async function tried({ store, turn }: NotificationWorld, channel: string, times: number) {
  return await until(`${times} tries by ${channel}`, async () => {
    const rows = await listDeliveries(store, { channel })
    if (rows.length >= times) return rows
    turn(1_000)
    return null
  })
}

/** Waits for an event of a type, turning the clock by a little. */
async function eventOf({ events, turn }: NotificationWorld, stream: string, type: string, turnMs = 0) {
  return await until(`${type} of ${stream}`, async () => {
    turn(turnMs)
    return (await events(stream)).find((event) => event.type === type)
  })
}

const typesOf = async ({ events }: NotificationWorld, stream: string) =>
  (await events(stream)).map(({ type }) => type)

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
  const { ackUrl } = (JSON.parse(body) as { data: { ackUrl: string } }).data
  const [, secret] = /^https:\/\/esa\.example\.org\/ack\/([\w-]{43})$/.exec(ackUrl)!
  expect(await useAckLink(world, secret!)).toMatchObject({ id: incident.id, heldBy: incident.addressees[0] })
})

it('gets what fits all of its filters and nothing else', async () => {
  const { world, open } = await begin()
  const [fits, other] = [await receiver(204), await receiver(204)]
  await addChannel(world, 'fits', webhook(fits.url, { category: 'performance', level: 'domain' }))
  for (const [name, filter] of Object.entries({
    level: { level: 'ceo' },
    category: { category: 'blocker' },
    agent: { agent: 'layer-9' },
    personal: { personal: true },
  }))
    await addChannel(world, name, webhook(other.url, filter))
  await open('layer-1', 'performance')
  await until('it arrives', async () => fits.got.length > 0)
  expect(other.got).toEqual([])
})

describe('a seat that a person holds', () => {
  it('is passed at once, with an alarm, when every channel of theirs is dead', async () => {
    const all = await begin()
    const { world, alarms, logged } = all
    const dead = await receiver(500)
    await addChannel(world, 'dead', webhook(dead.url, { personal: true }))
    const incident = await holding(all, 'dead')
    await eventOf(all, incident.id, 'incident.level_passed', 1_000)
    expect(dead.got).toHaveLength(6)
    const ids = new Set(dead.got.map(({ headers }) => headers['webhook-id']))
    expect(ids.size).toBe(1)
    const types = await typesOf(all, incident.id)
    expect(types.find((type) => type.startsWith('notice.'))).toBe('notice.failed')
    expect(types).not.toContain('incident.escalated')
    await until('an alarm', async () =>
      alarms.some(({ why }) => why === 'level passed: nobody there can be reached'),
    )
    const chief = (await all.events(incident.id)).findLast(({ type }) => type === 'incident.notified')
    expect(chief?.level).toBe('chief')
    expect(logged()).not.toContain(SECRET)
  })

  it('counts as told once by the first channel that gets through, whatever the others do', async () => {
    const all = await begin()
    const { world } = all
    const [dead, live] = [await receiver(500), await receiver(204)]
    await addChannel(world, 'dead', webhook(dead.url, { personal: true }))
    await addChannel(world, 'live', webhook(live.url, { personal: true }))
    const incident = await holding(all, 'dead', 'live')
    await tried(all, 'dead', 6)
    await until('it ends', async () => {
      const types = await typesOf(all, await notificationOf(all, 'live'))
      return types.includes('notification.ended')
    })
    const types = await typesOf(all, incident.id)
    expect(types.filter((type) => type.startsWith('notice.'))).toEqual(['notice.sent'])
    expect(types).not.toContain('incident.level_passed')
  })

  it('is told by mail at its own address, and by a channel that all read only once', async () => {
    const all = await begin()
    const { world, seat, open } = all
    const server = await stubMailServer()
    ends.push(server.close)
    const team = await receiver(204)
    await addChannel(world, 'mail', {
      kind: 'email',
      secret: 'env:SMTP_URL',
      from: 'esa@example.org',
      allowPrivate: true,
      allowPlain: true,
    })
    await addChannel(world, 'team', webhook(team.url, { level: 'domain' }))
    all.environment['SMTP_URL'] = `smtp://127.0.0.1:${server.port}`
    await seat('domain-1')
    await addPerson(world, {
      person: 'Ada',
      agent: 'domain-1',
      email: ['ada@example.org'],
      channels: ['team'],
    })
    await open('layer-1', 'performance')
    await tried(all, 'mail', 1)
    await tried(all, 'team', 1)
    expect(server.taken).toMatchObject([{ from: 'esa@example.org', to: ['ada@example.org'] }])
    expect(server.taken[0]!.data).toContain('Ada, on call for domain-1')
    expect(team.got).toHaveLength(1)
  })

  it('counts as told in its inbox where nobody is on call', async () => {
    const all = await begin()
    const incident = await holding(all)
    await eventOf(all, incident.id, 'notice.sent')
  })

  it('is not called any more once its level was left', async () => {
    const all = await begin()
    const busy = await receiver(503, 204)
    await addChannel(all.world, 'busy', webhook(busy.url, { personal: true }))
    const incident = await holding(all, 'busy')
    await tried(all, 'busy', 1)
    await commandIncident(all.world, incident.id, { type: 'escalate', as: 'operator' })
    const rows = await tried(all, 'busy', 2)
    expect(rows[0]).toMatchObject({ status: 'dropped', why: 'its level was left' })
    await eventOf(all, incident.id, 'notice.dropped')
    expect(busy.got).toHaveLength(1)
  })

  it('is not called any more once somebody has answered', async () => {
    const all = await begin()
    const busy = await receiver(503, 204)
    await addChannel(all.world, 'busy', webhook(busy.url, { personal: true }))
    const incident = await holding(all, 'busy')
    await tried(all, 'busy', 1)
    await commandIncident(all.world, incident.id, { type: 'acknowledge', as: 'domain-1', forMs: 3_600_000 })
    await eventOf(all, incident.id, 'notice.dropped', 1_000)
    const rows = await listDeliveries(all.store, { channel: 'busy' })
    expect(rows.filter(({ notice }) => notice === 'incident.notice')).toMatchObject([
      { status: 'dropped', why: 'it is acknowledged meanwhile' },
      { status: 'failed' },
    ])
  })

  it('is passed to whoever stands in at its level, for as long as they do', async () => {
    const all = await begin()
    const { world, turn } = all
    const [own, deputy] = [await receiver(204), await receiver(204)]
    await addChannel(world, 'own', webhook(own.url, { personal: true }))
    await addChannel(world, 'deputy', webhook(deputy.url, { personal: true }))
    await addPerson(world, { person: 'Bob', channels: ['deputy'] })
    await putStandIn(world, { level: 'domain', person: 'Bob', until: '1h' })
    const first = await holding(all, 'own')
    await until('Bob is told', async () => deputy.got.length === 1)
    const [domain] = first.path
    expect(await onCall(world, domain!.agents[0]!, 'domain')).toMatchObject({
      people: [{ person: 'Bob', standsIn: 'domain' }],
    })
    turn(3_600_000)
    expect(await onCall(world, domain!.agents[0]!, 'domain')).toMatchObject({ people: [{ person: 'Ada' }] })
    await all.open('layer-1', 'performance', { dedupKey: 'again' })
    await until('Ada is told', async () => own.got.length === 1)
    expect(deputy.got).toHaveLength(1)
  })
})

it('a pager is triggered, acknowledged and resolved under one key', async () => {
  const all = await begin()
  const { world } = all
  const { url, got } = await receiver(202)
  const pager = { kind: 'pagerduty', url, secret: 'env:HOOK_SECRET', allowPrivate: true, allowPlain: true }
  await addChannel(world, 'pager', pager)
  const incident = await holding(all, 'pager')
  await eventOf(all, incident.id, 'notice.sent')
  await commandIncident(world, incident.id, { type: 'acknowledge', as: 'domain-1' })
  await tried(all, 'pager', 3)
  await commandIncident(world, incident.id, { type: 'resolve', as: 'domain-1', cause: 'restarted' })
  await until('it is over', async () => got.some(({ body }) => body.includes('"resolve"')))
  const events = got.map(({ body }) => JSON.parse(body) as { event_action: string; dedup_key: string })
  expect([...new Set(events.map(({ event_action }) => event_action))]).toEqual([
    'trigger',
    'acknowledge',
    'resolve',
  ])
  expect(new Set(events.map(({ dedup_key }) => dedup_key))).toEqual(new Set([incident.id]))
})

it('a dead channel holds up nobody who reads an inbox', async () => {
  const all = await begin()
  const dead = await receiver(500)
  await addChannel(all.world, 'dead', webhook(dead.url, { level: 'domain' }))
  const incident = await all.open('layer-1', 'performance')
  await eventOf(all, incident.id, 'notice.sent')
  await tried(all, 'dead', 6)
  expect(await typesOf(all, incident.id)).not.toContain('incident.level_passed')
})

it('tries again under the same id, no sooner than the receiver asked', async () => {
  const all = await begin()
  const { world } = all
  const busy = await receiver({ status: 429, headers: { 'retry-after': '30' } }, 204)
  await addChannel(world, 'busy', webhook(busy.url, { level: 'domain' }))
  await all.open('layer-1', 'performance')
  const [first] = await tried(all, 'busy', 1)
  expect(first).toMatchObject({ status: 'failed', code: 429 })
  const [second] = await tried(all, 'busy', 2)
  expect(second).toMatchObject({ status: 'sent', id: first!.id, attempt: 2 })
  expect(Date.parse(second!.at) - Date.parse(first!.at)).toBeGreaterThanOrEqual(30_000)
})

it('delivers once more by hand, under the same id, and the ladder hears nothing of it', async () => {
  const all = await begin()
  const { world } = all
  const { url, got } = await receiver(204)
  await addChannel(world, 'hook', webhook(url, { personal: true }))
  const incident = await holding(all, 'hook')
  const [first] = await tried(all, 'hook', 1)
  await eventOf(all, incident.id, 'notice.sent')
  const before = await typesOf(all, incident.id)
  await redeliver(world, first!.id)
  const rows = await tried(all, 'hook', 2)
  expect(rows.map(({ id, status }) => `${id} ${status}`)).toEqual(Array(2).fill(`${first!.id} sent`))
  expect(got.map(({ headers }) => headers['webhook-id'])).toEqual([first!.id, first!.id])
  expect(await typesOf(all, incident.id)).toEqual(before)
  const actors = await all.store.listActors({})
  expect(actors.map(({ state }) => state.type)).toContain('notification')
  for (const actor of actors) {
    const checked = verifyStream(world.registry, actor, await all.store.readStream(actor.state.id))
    expect(checked).toEqual({ replay: 'identical', chain: 'unbroken' })
  }
  await expect(redeliver(world, 'msg_none')).rejects.toMatchObject({ code: 'delivery.unknown' })
})

it('a channel can be tried; one that was removed fails, and one whose secret is not there says where it should be', async () => {
  const all = await begin()
  const { world } = all
  const { url, got } = await receiver(204)
  await addChannel(world, 'hook', webhook(url, { personal: true }))
  const { id } = await testChannel(world, 'hook')
  expect(await tried(all, 'hook', 1)).toMatchObject([{ id, status: 'sent', notice: 'channel.test' }])
  expect(JSON.parse(got[0]!.body)).toMatchObject({ type: 'esa.channel.test' })
  await addChannel(world, 'keyless', webhook(url, { secret: 'env:NOT_SET' }))
  await testChannel(world, 'keyless')
  const [row] = await tried(all, 'keyless', 1)
  expect(row).toMatchObject({
    status: 'failed',
    why: 'channel.secret-missing: there is no secret at env:NOT_SET',
  })
  await removeChannel(world, 'keyless')
  await expect(testChannel(world, 'keyless')).rejects.toMatchObject({ code: 'channel.unknown' })
})

it('a secret is in no row, no event, no log and no answer, and none is taken where its place belongs', async () => {
  const all = await begin()
  const { world, store, logged } = all
  const { url } = await receiver(500)
  const added = await addChannel(world, 'hook', webhook(url, { level: 'domain' }))
  await expect(addChannel(world, 'given', webhook(url, { secret: SECRET }))).rejects.toSatisfy(
    (error: EsaError) =>
      error.code === 'usage.channel' && !JSON.stringify([error.message, error]).includes(SECRET),
  )
  await all.open('layer-1', 'performance')
  await tried(all, 'hook', 6)
  const kept = [
    added,
    logged(),
    await store.notifications.channels(),
    await listDeliveries(store, {}),
    await store.listActors({}),
    await store.listMessages({ limit: 1_000 }),
    await store.feed(0, 10_000),
  ]
  expect(logged()).toContain('activity failed')
  expect(JSON.stringify(kept)).not.toContain(SECRET)
})

/** An incident of layer-1 whose first level is a person, Ada, who is reached by these channels. */
async function holding(all: NotificationWorld, ...channels: string[]): Promise<Incident> {
  const { world, seat, open } = all
  const agent = 'domain-1'
  await seat(agent)
  if (channels.length > 0) await addPerson(world, { person: 'Ada', agent, channels })
  const incident = await open('layer-1', 'performance')
  expect(incident.path[0]).toMatchObject({ level: 'domain', agents: [agent] })
  return incident
}

/** The notification that had something delivered by a channel. */
async function notificationOf({ store }: NotificationWorld, channel: string): Promise<string> {
  const [row] = await listDeliveries(store, { channel })
  return row!.notificationId
}
