import { commandIncident } from '@esa/operations'
import { stubMailServer } from '@esa/notify/testing'
import {
  addChannel,
  addPerson,
  listDeliveries,
  onCall,
  putStandIn,
  removeChannel,
  removePerson,
} from '@esa/operations/notifications'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../testing/notification-world.ts'
import {
  begin,
  endAll,
  endWithTest,
  eventOf,
  holding,
  notificationOf,
  receiver,
  SECRET,
  tried,
  typesOf,
  webhook,
} from '../testing/notices.ts'

afterEach(endAll)

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

  it('counts as notified once by the first channel that gets through, whatever the others do', async () => {
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

  it('is notified by mail at its own address, and by a channel that all read only once', async () => {
    const all = await begin()
    const { world, seat, open } = all
    const server = await stubMailServer()
    endWithTest(server.close)
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

  it('counts as notified in its inbox where no one is on call', async () => {
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

  it('is no longer called after an answer', async () => {
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

  it('is passed to the override of its level, for as long as they do', async () => {
    const all = await begin()
    const { world, turn } = all
    const [own, deputy] = [await receiver(204), await receiver(204)]
    await addChannel(world, 'own', webhook(own.url, { personal: true }))
    await addChannel(world, 'deputy', webhook(deputy.url, { personal: true }))
    await addPerson(world, { person: 'Bob', channels: ['deputy'] })
    await putStandIn(world, { level: 'domain', person: 'Bob', until: '1h' })
    const first = await holding(all, 'own')
    await until('Bob is notified', async () => deputy.got.length === 1)
    const [domain] = first.path
    expect(await onCall(world, domain!.agents[0]!, 'domain')).toMatchObject({
      people: [{ person: 'Bob', standsIn: 'domain' }],
    })
    turn(3_600_000)
    expect(await onCall(world, domain!.agents[0]!, 'domain')).toMatchObject({ people: [{ person: 'Ada' }] })
    await all.open('layer-1', 'performance', { dedupKey: 'again' })
    await until('Ada is notified', async () => own.got.length === 1)
    expect(deputy.got).toHaveLength(1)
  })

  it('is its own again when its substitute is taken off call', async () => {
    const all = await begin()
    const { world } = all
    const [own, deputy] = [await receiver(204), await receiver(204)]
    await addChannel(world, 'own', webhook(own.url, { personal: true }))
    await addChannel(world, 'deputy', webhook(deputy.url, { personal: true }))
    await addPerson(world, { person: 'Bob', channels: ['deputy'] })
    await putStandIn(world, { level: 'domain', person: 'Bob', until: '1h' })
    await removePerson(world, 'Bob', null)
    await holding(all, 'own')
    await until('Ada is notified', async () => own.got.length === 1)
    expect(await onCall(world, 'domain-1', 'domain')).toMatchObject({
      people: [{ person: 'Ada', standsIn: null }],
    })
    expect(deputy.got).toEqual([])
  })

  it('keeps the channels by which it is reached', async () => {
    const all = await begin()
    const { world } = all
    await addChannel(world, 'own', webhook('http://127.0.0.1:9', { personal: true }))
    await addPerson(world, { person: 'Ada', agent: 'domain-1', channels: ['own'] })
    await expect(removeChannel(world, 'own')).rejects.toMatchObject({
      code: 'channel.in-use',
      message: expect.stringContaining('Ada') as string,
    })
    await removePerson(world, 'Ada', 'domain-1')
    await removeChannel(world, 'own')
  })

  it('is called also when the incident is suppressed before that succeeds: there is no notice after it', async () => {
    const all = await begin()
    const busy = await receiver(503, 204)
    await addChannel(all.world, 'busy', webhook(busy.url, { personal: true }))
    const incident = await holding(all, 'busy')
    await tried(all, 'busy', 1)
    await commandIncident(all.world, incident.id, { type: 'suppress', as: 'operator', forMs: 3_600_000 })
    const [row] = await tried(all, 'busy', 2)
    expect(row).toMatchObject({ status: 'sent' })
    await eventOf(all, incident.id, 'notice.sent')
  })
})
