import { commandIncident } from '@esa/operations'
import {
  addChannel,
  listDeliveries,
  redeliver,
  removeChannel,
  testChannel,
  useAckLink,
} from '@esa/operations/notifications'
import { verifyStream } from '@esa/operations/views'
import type { EsaError } from '@esa/protocol'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../testing/notification-world.ts'
import {
  begin,
  endAll,
  eventOf,
  holding,
  receiver,
  SECRET,
  tried,
  typesOf,
  webhook,
} from '../testing/notices.ts'

afterEach(endAll)

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

/** A channel of PagerDuty whose host leads to this machine: the world's names all do. */
const PAGER = { kind: 'pagerduty', allowPrivate: true, allowPlain: true }
const pagerdutyAt = (url: string): string => url.replace('127.0.0.1', 'events.pagerduty.com')

describe('a pager', () => {
  const pages = (got: { body: string }[]) =>
    got.map(({ body }) => {
      const { event_action, dedup_key } = JSON.parse(body) as { event_action: string; dedup_key: string }
      return `${event_action} ${dedup_key}`
    })
  const paging = async () => {
    const all = await begin()
    const { url, got } = await receiver(202)
    const pager = { ...PAGER, url: pagerdutyAt(url), secret: 'env:ROUTING_KEY' }
    all.environment['ROUTING_KEY'] = 'R0'.repeat(16)
    await addChannel(all.world, 'pager', pager)
    return { ...all, got }
  }

  it('is triggered, acknowledged and resolved under one key', async () => {
    const all = await paging()
    const { id } = await holding(all, 'pager')
    await eventOf(all, id, 'notice.sent')
    await commandIncident(all.world, id, { type: 'acknowledge', as: 'domain-1' })
    await until('it is quiet', async () => pages(all.got).includes(`acknowledge ${id}`))
    await commandIncident(all.world, id, { type: 'resolve', as: 'domain-1', cause: 'restarted' })
    await until('it is over', async () => pages(all.got).includes(`resolve ${id}`))
    expect([...new Set(pages(all.got))]).toEqual([`trigger ${id}`, `acknowledge ${id}`, `resolve ${id}`])
  })

  it('pages again when an acknowledgement runs out, and is quiet for all of it at the end', async () => {
    const all = await paging()
    const { id } = await holding(all, 'pager')
    await eventOf(all, id, 'notice.sent')
    await commandIncident(all.world, id, { type: 'acknowledge', as: 'domain-1', forMs: 60_000 })
    await until('it is quiet', async () => pages(all.got).includes(`acknowledge ${id}`))
    all.turn(60_001)
    await until('it rings', async () => pages(all.got).includes(`trigger ${id}.2`))
    await commandIncident(all.world, id, { type: 'resolve', as: 'domain-1', cause: 'restarted' })
    await until('all of it is over', async () =>
      [`resolve ${id}`, `resolve ${id}.2`].every((page) => pages(all.got).includes(page)),
    )
  })

  it('sends only a routing key, and to PagerDuty alone', async () => {
    const all = await begin()
    const { url, got } = await receiver(202)
    const pager = { ...PAGER, url: pagerdutyAt(url), secret: 'env:HOOK_SECRET' }
    await addChannel(all.world, 'pager', pager)
    await testChannel(all.world, 'pager')
    const [row] = await tried(all, 'pager', 1)
    expect(row).toMatchObject({ status: 'failed', why: expect.stringMatching(/^channel.secret-invalid: /) })
    expect(got).toEqual([])
    const elsewhere = { ...PAGER, secret: 'env:KEY' }
    for (const host of ['pagerduty.com.example.org', 'evil.pagerduty.com', '127.0.0.1'])
      await expect(
        addChannel(all.world, 'other', { ...elsewhere, url: `https://${host}/v2/enqueue` }),
      ).rejects.toMatchObject({ code: 'usage.channel' })
    await addChannel(all.world, 'eu', { ...elsewhere, url: 'https://events.eu.pagerduty.com/v2/enqueue' })
  })
})

it('a dead channel does not delay inboxes', async () => {
  const all = await begin()
  const dead = await receiver(500)
  await addChannel(all.world, 'dead', webhook(dead.url, { level: 'domain' }))
  const incident = await all.open('layer-1', 'performance')
  await eventOf(all, incident.id, 'notice.sent')
  await tried(all, 'dead', 6)
  expect(await typesOf(all, incident.id)).not.toContain('incident.level_passed')
})

it('tries again under the same id, no sooner than Retry-After', async () => {
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
