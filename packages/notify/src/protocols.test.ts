import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { type Announced, type Announcement, type ChannelSpec, channelSpecSchema } from '@esa/protocol'
import { announce } from './announce.ts'
import { announcement } from '../testing/announcement.ts'
import { slackRequest } from './slack.ts'
import { PAGERDUTY_URL, pagerdutyRequests } from './pagerduty.ts'
import { type Received, stubReceiver } from '../testing/stub-receiver.ts'

/*
 * Each protocol is spoken to a stub that is written here after the protocol's documentation: no account of a real service
 * takes part.
 */

const SECRET = `whsec_${Buffer.from('a key of thirty-two bytes, or so').toString('base64')}`
const NOW = new Date()
const PAGERDUTY = 'events.eu.pagerduty.com'

let close = (): void => {}

afterEach(() => close())

/** Announces by a channel of a stub, and gives what that got. */
async function announced(spec: object, given: Announcement, status = 202): Promise<Received> {
  const stub = await stubReceiver(status)
  close = stub.close
  const environment = { KEY: SECRET, SLACK: `${stub.url}/services/T0/B0/canary`, ROUTING: 'R0'.repeat(16) }
  const local = { allowPrivate: true, allowPlain: true }
  // The host of PagerDuty is PagerDuty's; its address is the stub's.
  const base =
    'kind' in spec && spec.kind === 'pagerduty' ? stub.url.replace('127.0.0.1', PAGERDUTY) : stub.url
  const at = 'url' in spec ? { url: `${base}${String(spec.url)}` } : {}
  const find = async () => [{ address: '127.0.0.1', family: 4 }]
  const whole: ChannelSpec = channelSpecSchema.parse({ ...spec, ...at, ...local })
  expect(await announce(whole, given, { environment, now: () => NOW, find })).toBe(status)
  expect(stub.got).toHaveLength(1)
  return stub.got[0]!
}

describe('a webhook', () => {
  const spec = { kind: 'webhook', url: '/in', secret: 'env:KEY' }

  it('is signed as Standard Webhooks has it: the library verifies it, and no other key or body', async () => {
    const { body, headers } = await announced(spec, announcement())
    const signed = headers as Record<string, string>
    expect(new Webhook(SECRET).verify(body, signed)).toEqual(JSON.parse(body))
    expect(() => new Webhook(SECRET).verify(body.replace('pool', 'pond'), signed)).toThrow('signature')
    const other = `whsec_${Buffer.from('another key of thirty-two bytes.').toString('base64')}`
    expect(() => new Webhook(other).verify(body, signed)).toThrow('signature')
    expect(headers['webhook-id']).toBe(announcement().id)
    expect(body).not.toContain(SECRET)
  })

  it('has a CloudEvents 1.0 envelope: all that is required, and JSON data', async () => {
    const { body, headers } = await announced(spec, announcement())
    expect(headers['content-type']).toMatch(/^application\/cloudevents\+json/)
    const { id, at, source, incidentId, ...rest } = announcement()
    const data: Partial<Announcement> = { ...rest }
    delete data.announced
    expect(JSON.parse(body)).toEqual({
      specversion: '1.0',
      id,
      source: `/esa/${source}`,
      type: 'esa.incident.notified',
      subject: incidentId,
      time: at,
      datacontenttype: 'application/json',
      data: { incidentId, ...data },
    })
  })

  it('whose key is not base64 says so without it', async () => {
    const given = channelSpecSchema.parse({ kind: 'webhook', url: 'https://x.org', secret: 'env:BAD' })
    const ports = { environment: { BAD: 'whsec_canary!!!' }, now: () => NOW }
    const error: unknown = await announce(given, announcement(), ports).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'channel.secret-invalid', kind: 'terminal' })
    expect(JSON.stringify([String(error), error, (error as Error).cause ?? null])).not.toContain('canary')
  })
})

describe('Slack', () => {
  const blocksOf = (given: Announcement) => {
    const { body } = slackRequest('https://x', given)
    return JSON.parse(body) as {
      text: string
      blocks: { type: string; text?: { text: string }; elements?: { url?: string }[] }[]
    }
  }

  it('gets blocks with a button that leads to the page of the acknowledgement', async () => {
    const { body, path } = await announced({ kind: 'slack', secret: 'env:SLACK' }, announcement(), 200)
    expect(path).toBe('/services/T0/B0/canary')
    const { blocks, text } = JSON.parse(body) as ReturnType<typeof blocksOf>
    expect(text).toContain('pool exhausted')
    expect(blocks.map(({ type }) => type)).toEqual(['header', 'section', 'actions', 'context'])
    expect(blocks[2]?.elements?.[0]?.url).toBe(announcement().ackUrl)
    expect(blocksOf(announcement({ ackUrl: null })).blocks.map(({ type }) => type)).not.toContain('actions')
  })

  it('keeps to the limits of Block Kit, whatever it is about', () => {
    const { blocks, text } = blocksOf(
      announcement({ title: '😀'.repeat(500), evidence: { rows: '<&>'.repeat(5_000) } }),
    )
    expect(blocks.length).toBeLessThanOrEqual(50)
    expect(blocks[0]!.text!.text.length).toBeLessThanOrEqual(150)
    expect(blocks[1]!.text!.text.length).toBeLessThanOrEqual(3_000)
    expect(blocks[1]!.text!.text.match(/```/g)).toHaveLength(2)
    expect(text.length).toBeLessThanOrEqual(4_000)
    expect(blocks[0]!.text!.text.isWellFormed()).toBe(true)
  })

  it('shows markup as text', () => {
    const { text, blocks } = blocksOf(
      announcement({ title: '<!channel> <https://evil|here>', evidence: '<!here>' }),
    )
    expect(text).not.toMatch(/[<>]/)
    expect(blocks[1]!.text!.text).not.toMatch(/[<>]/)
  })
})

describe('PagerDuty', () => {
  const eventOf = (given: Announcement) =>
    JSON.parse(pagerdutyRequests(PAGERDUTY_URL, 'R0'.repeat(16), given)[0]!.body) as {
      event_action: string
      dedup_key: string
      payload?: { summary: string; severity: string; custom_details: { evidence: unknown } }
    }

  it('gets an event with what it requires, under its routing key', async () => {
    const { body } = await announced(
      { kind: 'pagerduty', url: '/v2/enqueue', secret: 'env:ROUTING' },
      announcement(),
    )
    expect(JSON.parse(body)).toMatchObject({
      routing_key: 'R0'.repeat(16),
      event_action: 'trigger',
      dedup_key: announcement().incidentId,
      links: [{ href: announcement().ackUrl, text: expect.any(String) }],
      payload: {
        summary: 'ESA layer-1, performance: pool exhausted',
        source: expect.stringContaining('esa'),
        severity: 'error',
        timestamp: announcement().at,
      },
    })
  })

  it.each([
    'https://pagerduty.com/v2/enqueue',
    'https://evil.pagerduty.com/v2/enqueue',
    'https://events.pagerduty.com.example.org/v2/enqueue',
    'https://events.pagerduty.com\\example.org/v2/enqueue',
    'https://example.org/?events.pagerduty.com',
    'http://127.0.0.1:1/v2/enqueue',
  ])('is at its two hosts, and no routing key leaves for %s, whatever addresses are open', async (url) => {
    const stub = await stubReceiver(202)
    close = stub.close
    const find = async () => [{ address: '127.0.0.1', family: 4 }]
    const at = url.replace(/^https?:/, 'http:').replace(/(?<=[a-z])\/v2/, `:${new URL(stub.url).port}/v2`)
    const local = { allowPrivate: true, allowPlain: true }
    const spec = channelSpecSchema.parse({ kind: 'pagerduty', url: at, secret: 'env:ROUTING', ...local })
    const ports = { environment: { ROUTING: 'R0'.repeat(16) }, now: () => NOW, find }
    await expect(announce(spec, announcement(), ports)).rejects.toMatchObject({
      code: 'channel.not-pagerduty',
    })
    expect(stub.got).toEqual([])
  })

  it.each<[Announced, string]>([
    ['incident.notice', 'trigger'],
    ['incident.copy', 'trigger'],
    ['incident.acknowledged', 'acknowledge'],
    ['incident.taken', 'acknowledge'],
    ['incident.closed', 'resolve'],
  ])('%s is %s of the same alert', (what, action) => {
    const event = eventOf(announcement({ announced: what }))
    expect(event).toMatchObject({ event_action: action, dedup_key: announcement().incidentId })
    expect(event.payload === undefined).toBe(action !== 'trigger')
  })

  it('pages again for each round, and ends all of them, the last ones of many', () => {
    const keysOf = (given: Announcement) =>
      pagerdutyRequests(PAGERDUTY_URL, 'R0'.repeat(16), given).map(
        ({ body }) => (JSON.parse(body) as { dedup_key: string }).dedup_key,
      )
    const { incidentId } = announcement()
    expect(keysOf(announcement({ visit: 3 }))).toEqual([`${incidentId}.3`])
    for (const what of ['incident.acknowledged', 'incident.taken', 'incident.closed'] as const)
      expect(keysOf(announcement({ announced: what, visit: 3 }))).toEqual([
        `${incidentId}.3`,
        `${incidentId}.2`,
        incidentId,
      ])
    expect(keysOf(announcement({ announced: 'incident.closed', visit: 90 }))).toHaveLength(20)
  })

  it.each<[Partial<Announcement>, string]>([
    [{ level: 'domain' }, 'warning'],
    [{ level: 'ceo' }, 'critical'],
    [{ category: 'data-loss', level: 'chief' }, 'critical'],
    [{ announced: 'channel.test' }, 'info'],
  ])('%j is %s', (more, severity) => expect(eventOf(announcement(more)).payload?.severity).toBe(severity))

  it('keeps to the limits of the Events API, whatever it is about', () => {
    const event = eventOf(
      announcement({ title: 'x'.repeat(5_000), incidentId: 'i'.repeat(500), evidence: 'e'.repeat(600_000) }),
    )
    expect(event.payload!.summary.length).toBeLessThanOrEqual(1_024)
    expect(event.dedup_key.length).toBeLessThanOrEqual(255)
    expect(JSON.stringify(event).length).toBeLessThanOrEqual(512 * 1024)
    expect(event.payload!.custom_details.evidence).toBe('too large for this channel')
  })
})
