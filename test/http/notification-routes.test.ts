import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintAckLink, useAckLink } from '@esa/operations/notifications'
import type { IncidentCommand } from '@esa/escalation'
import type { EsaError } from '@esa/protocol'
import { HttpWorld } from './http-world.ts'

let world: HttpWorld
beforeAll(async () => {
  // Every caller needs a token here: a link needs none.
  world = await HttpWorld.start({ loopback: false })
})
afterAll(() => world.close())

/** An incident whose domain has been notified, and the URL of a link that acknowledges it. */
async function told(title = 'pool exhausted') {
  const opened = await world.world.open({ agent: 'layer-8', category: 'performance', title })
  const incident = await world.world.incident(opened.state.id)
  const agent = incident.addressees[0]!
  const about = { incidentId: incident.id, epoch: incident.epoch, agent, person: 'Ada' }
  const secret = await mintAckLink({ store: world.world.store }, about)
  return { id: incident.id, agent, secret, url: `${world.world.url}/ack/${secret}` }
}

const pageOf = async (url: string, method = 'GET') => {
  const response = await fetch(url, { method })
  return { status: response.status, text: await response.text(), headers: response.headers }
}
const statusOf = async (id: string) => (await world.world.incident(id)).status
const command = (id: string, given: IncidentCommand) => world.world.command(id, given)

describe('a link that acknowledges', () => {
  it('says what it will do, changes nothing when it is looked at, and acknowledges when its button is pressed', async () => {
    const { id, agent, url } = await told()
    for (const method of ['GET', 'HEAD', 'GET']) expect((await pageOf(url, method)).status).toBe(200)
    const { text, headers } = await pageOf(url)
    expect(text).toContain(`Ada, for ${agent}`)
    expect(text).toContain('pool exhausted')
    expect(text).toContain('<form method="post">')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(await statusOf(id)).toBe('triggered')
    const pressed = await pageOf(url, 'POST')
    expect([pressed.status, await statusOf(id)]).toEqual([200, 'acknowledged'])
    expect(await world.world.incident(id)).toMatchObject({ heldBy: agent })
    const { events } = await world.world.history(id)
    const by = events.find(({ type }) => type === 'incident.acknowledged')?.data['by']
    expect(by).toMatch(/^Ada \(link 01[0-9A-Z]+\)$/)
  })

  it('works once', async () => {
    const { url, id } = await told()
    const presses = await Promise.all([pageOf(url, 'POST'), pageOf(url, 'POST'), pageOf(url, 'POST')])
    expect(presses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 410, 410])
    const { events } = await world.world.history(id)
    expect(events.filter(({ type }) => type === 'incident.acknowledged')).toHaveLength(1)
    expect((await pageOf(url)).text).toContain('used already')
  })

  it('is used up by one of those who come at the very same moment', async () => {
    const { secret } = await told()
    const { world: operated } = world.world.ports()
    const uses = await Promise.allSettled([1, 2, 3].map(() => useAckLink(operated, secret)))
    const refused = uses.flatMap((use) => (use.status === 'rejected' ? [(use.reason as EsaError).code] : []))
    expect(refused).toEqual(['link.used', 'link.used'])
  })

  it('is of no use once the incident has moved on, or is over', async () => {
    const first = await told()
    await command(first.id, { type: 'escalate', as: 'operator' })
    expect(await pageOf(first.url)).toMatchObject({ status: 410, text: expect.stringContaining('moved on') })
    expect((await pageOf(first.url, 'POST')).status).toBe(410)
    expect(await statusOf(first.id)).toBe('triggered')
    const second = await told()
    await command(second.id, { type: 'resolve', as: 'operator', cause: 'restarted' })
    expect((await pageOf(second.url, 'POST')).status).toBe(410)
  })

  it('is of no use once its deadline has passed, though it was not served yet', async () => {
    const { id, url } = await told()
    world.world.freeze((await world.world.incident(id)).path[0]!.waitMs + 1)
    expect(await pageOf(url, 'POST')).toMatchObject({
      status: 410,
      text: expect.stringContaining('moved on'),
    })
    await world.world.advance(0)
    expect(await world.world.incident(id)).toMatchObject({ status: 'triggered', level: 'chief' })
  })

  it('expires', async () => {
    const { store } = world.world
    const { id, secret, url } = await told()
    await world.world.advance(24 * 3_600_000)
    expect((await pageOf(url, 'POST')).status).toBe(410)
    expect((await pageOf(url)).text).toContain('expired')
    expect(await statusOf(id)).not.toBe('acknowledged')
    expect(JSON.stringify(await store.listActors({}))).not.toContain(secret)
  })

  it('that was never made leads nowhere', async () => {
    expect((await pageOf(`${world.world.url}/ack/${'A'.repeat(43)}`)).status).toBe(404)
    expect((await pageOf(`${world.world.url}/ack/${'A'.repeat(43)}`, 'POST')).status).toBe(404)
  })

  it('shows text as text, and runs no script', async () => {
    const { url } = await told('<script>alert(1)</script> "quoted" &amp;')
    const { text, headers } = await pageOf(url)
    expect(text).not.toContain('<script')
    expect(text).toContain('&lt;script&gt;')
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  it('is refused to a page of another site', async () => {
    const { url, id } = await told()
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    const response = await fetch(url, { method: 'POST', headers })
    expect(response.status).toBe(403)
    expect(await statusOf(id)).toBe('triggered')
  })
})

describe('channels and people over HTTP', () => {
  it('are added, listed, tried and removed, and a secret is never taken', async () => {
    const admin = await world.world.token('operator', 'admin')
    const ops = { name: 'ops', kind: 'webhook', url: 'https://ops.example.org/in', secret: 'env:OPS' }
    expect(await world.post('/webhooks', ops, admin)).toMatchObject({ ...ops, personal: false })
    const { channels } = await world.get('/webhooks', admin)
    expect(channels).toMatchObject([ops])
    expect(await world.get('/webhooks/ops', admin)).toMatchObject(ops)
    const refused = await world.send('/webhooks', { ...ops, name: 'other', secret: 'whsec_canary' }, admin)
    expect(refused.status).toBe(400)
    expect(await refused.text()).not.toContain('canary')
    expect((await world.send('/webhooks', ops, admin)).status).toBe(409)

    expect((await world.post('/webhooks/ops/test', undefined, admin)).id).toMatch(/^msg_/)
    expect(await world.get('/webhooks/ops/deliveries', admin)).toEqual({ deliveries: [] })
    expect((await world.send('/webhooks/deliveries/msg_x/redeliver', undefined, admin)).status).toBe(404)

    const ada = { person: 'Ada', agent: 'chief-1', channels: ['ops'] }
    expect(await world.post('/people', ada, admin)).toMatchObject({
      contacts: [{ channel: 'ops', to: null }],
    })
    await world.post('/people', { ...ada, person: 'Bob' }, admin)
    await world.post('/people/override', { level: 'chief', person: 'Bob', until: '1h' }, admin)
    const onCall = () => world.get('/people/on-call?agent=chief-1&level=chief', admin)
    expect((await onCall()).people).toMatchObject([{ person: 'Bob', standsIn: 'chief' }])
    expect((await world.get('/people', admin)).standIns).toMatchObject([{ level: 'chief', active: true }])
    await world.post('/people/override/end', { level: 'chief' }, admin)
    expect((await onCall()).people.map(({ person }: { person: string }) => person)).toEqual(['Ada', 'Bob'])
    await world.post('/people/remove', { person: 'Bob', agent: 'chief-1' }, admin)
    expect((await onCall()).people).toMatchObject([{ person: 'Ada' }])
    expect((await world.send('/people/remove', { person: 'Bob', agent: 'chief-1' }, admin)).status).toBe(404)
    expect((await world.send('/webhooks/ops/remove', undefined, admin)).status).toBe(409)
    await world.post('/people/remove', { person: 'Ada', agent: 'chief-1' }, admin)
    expect(await world.post('/webhooks/ops/remove', undefined, admin)).toEqual({ name: 'ops', removed: true })
    expect((await world.send('/webhooks/ops/test', undefined, admin)).status).toBe(404)
  })
})
