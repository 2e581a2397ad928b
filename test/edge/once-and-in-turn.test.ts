import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer } from '@esa/server'
import type { Incident } from '@esa/escalation'
import { ProtocolWorld } from '../protocols/protocol-world.ts'

let world: ProtocolWorld
let other: { url: string; stop(): Promise<void> }
beforeAll(async () => {
  world = await ProtocolWorld.start()
  other = await startServer(world.ports())
})
afterAll(async () => {
  await other.stop()
  await world.close()
})

const post = (path: string, body: object, headers: Record<string, string> = {}, url = world.url) =>
  fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
const opening = (title: string) => ({ agent: 'layer-1', category: 'integration', title })
const incidents = async () => (await world.store.listActors({ type: 'incident' })).length
const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code

describe('a POST with a key', () => {
  it('happens once, and every server gives the same answer', async () => {
    const before = await incidents()
    const key = { 'idempotency-key': 'one' }
    const first = await post('/incidents', opening('once'), key)
    const said = await first.text()
    expect(first.status).toBe(200)
    for (const url of [world.url, other.url]) {
      const again = await post('/incidents', opening('once'), key, url)
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true'])
      expect(await again.text()).toBe(said)
    }
    expect(await incidents()).toBe(before + 1)
  })

  it('is another’s when another sends it', async () => {
    const before = await incidents()
    const token = await world.token('operator', 'incidents:write')
    const key = { 'idempotency-key': 'mine' }
    await post('/incidents', opening('mine'), key)
    const theirs = await post('/incidents', opening('mine'), { ...key, authorization: `Bearer ${token}` })
    expect([theirs.status, theirs.headers.has('idempotency-replayed')]).toEqual([200, false])
    expect(await incidents()).toBe(before + 2)
  })

  it('is refused for another request', async () => {
    const key = { 'idempotency-key': 'two' }
    await post('/incidents', opening('this'), key)
    const answer = await post('/incidents', opening('that'), key, other.url)
    expect([answer.status, await codeOf(answer)]).toEqual([422, 'request.key-reused'])
  })

  it('is refused while it is being answered, and not tried again when its outcome is unknown', async () => {
    const { edge } = world.store
    const key = { 'idempotency-key': 'three' }
    await post('/incidents', opening('claimed'), key)
    const claimed: Parameters<typeof edge.claimRequest>[0][] = []
    const claim = edge.claimRequest
    edge.claimRequest = (given) => {
      claimed.push(given)
      return claim(given)
    }
    await post('/incidents', opening('claimed'), key)
    edge.claimRequest = claim
    await edge.claimRequest({ ...claimed[0]!, key: 'four' })
    const busy = await post('/incidents', opening('claimed'), { 'idempotency-key': 'four' }, other.url)
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([409, '1'])
    expect(await codeOf(busy)).toBe('request.key-in-use')
    await world.advance(31_000)
    const lost = await post('/incidents', opening('claimed'), { 'idempotency-key': 'four' })
    expect([lost.status, await codeOf(lost)]).toEqual([409, 'request.outcome-unknown'])
  })

  it('of many at once happens once', async () => {
    const before = await incidents()
    const key = { 'idempotency-key': 'five' }
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        post('/incidents', opening('at once'), key, index % 2 === 0 ? world.url : other.url),
      ),
    )
    expect(await incidents()).toBe(before + 1)
    expect(all.map(({ status }) => status).every((status) => status === 200 || status === 409)).toBe(true)
  })

  it('that made a secret is answered once, and the secret is kept nowhere', async () => {
    const wanted = { as: 'operator', scopes: ['admin'], for: '1d', person: 'Ada' }
    const admin = await world.token('operator', 'admin')
    const key = { 'idempotency-key': 'secret', authorization: `Bearer ${admin}` }
    const kept: unknown[] = []
    const answer = world.store.edge.answerRequest
    world.store.edge.answerRequest = (...given) => {
      kept.push(given)
      return answer(...given)
    }
    const first = await post('/tokens', wanted, key)
    const { token } = (await first.json()) as { token: string }
    expect([first.status, token]).toEqual([200, expect.stringMatching(/^esa_/)])
    const again = await post('/tokens', wanted, key, other.url)
    expect([again.status, await codeOf(again)]).toEqual([409, 'request.answered-once'])
    expect(kept).toHaveLength(1)
    expect(JSON.stringify(kept)).not.toContain(token)
    world.store.edge.answerRequest = answer
  })

  it('can be tried again with another token when it was refused before it began', async () => {
    const key = { 'idempotency-key': 'six' }
    const expired = { ...key, authorization: 'Bearer esa_guess' }
    expect((await post('/incidents', opening('later'), expired)).status).toBe(401)
    const again = await post('/incidents', opening('later'), expired)
    expect([again.status, again.headers.has('idempotency-replayed')]).toEqual([401, false])
  })
})

describe('a command with If-Match', () => {
  it('is done at the epoch that its caller saw, and refused when it moved on', async () => {
    const { id, epoch } = (await (await post('/incidents', opening('match'))).json()) as Incident
    const seen = await fetch(`${world.url}/api/v1/incidents/${id}`)
    expect(seen.headers.get('etag')).toBe(`"${epoch}"`)
    const ack = (match: string) =>
      post(`/incidents/${id}/ack`, { as: 'operator' }, { 'if-match': match }, other.url)
    const events = async () => (await world.store.readStream(id)).length
    const before = await events()
    const stale = await ack(`"${epoch + 1}"`)
    expect([stale.status, await codeOf(stale)]).toEqual([412, 'request.conflict'])
    expect(await events()).toBe(before)
    expect((await ack('"x"')).status).toBe(400)
    const done = await ack(`"${epoch}"`)
    expect(done.status).toBe(200)
    const after = (await done.json()) as Incident
    expect(done.headers.get('etag')).toBe(`"${after.epoch}"`)
    expect((await ack(`W/"${epoch}"`)).status).toBe(412)
    expect((await ack('*')).status).not.toBe(412)
  })
})

describe('a list', () => {
  interface Page {
    incidents: Incident[]
    next: string | null
  }
  const page = async (query: string, url = world.url): Promise<Page> => {
    const answer = await fetch(`${url}/api/v1/incidents?${query}`)
    expect(answer.status).toBe(200)
    return (await answer.json()) as Page
  }

  it('comes page by page, from whichever server, and misses nothing though more is opened meanwhile', async () => {
    const all = (await page('limit=1000')).incidents.map(({ id }) => id)
    expect(all).toEqual(all.toSorted().toReversed())
    const seen: string[] = []
    let cursor = ''
    for (const url of [world.url, other.url, world.url, other.url, world.url, other.url]) {
      const { incidents: some, next } = await page(`limit=3${cursor}`, url)
      seen.push(...some.map(({ id }) => id))
      await post('/incidents', opening(`during ${seen.length}`))
      if (next === null) break
      cursor = `&cursor=${next}`
    }
    expect(seen).toEqual(all.slice(0, seen.length))
    expect(seen.length).toBeGreaterThan(6)
  })

  it('is chosen by the store', async () => {
    const { id } = (await (
      await post('/incidents', { ...opening('Needle in hay'), category: 'security' })
    ).json()) as Incident
    await post(`/incidents/${id}/ack`, { as: 'operator' })
    const ids = async (query: string) => (await page(query)).incidents.map((incident) => incident.id)
    expect(await ids('search=NEEDLE')).toEqual([id])
    expect(await ids('category=security')).toEqual([id])
    expect(await ids('status=acknowledged&limit=1')).toEqual([id])
    expect(await ids('agent=layer-2')).toEqual([])
    const { level } = (await page('search=needle')).incidents[0]!
    expect(await ids(`level=${level}&search=needle`)).toEqual([id])
    await post(`/incidents/${id}/resolve`, { as: 'operator', cause: 'found' })
    expect(await ids('open=true&search=needle')).toEqual([])
  })

  it('refuses a cursor of another list, and a page without end', async () => {
    const code = async (query: string) => codeOf(await fetch(`${world.url}/api/v1/incidents?${query}`))
    const foreign = Buffer.from('["tasks","x"]').toString('base64url')
    for (const query of [`cursor=${foreign}`, 'cursor=x', 'limit=0', 'limit=1001', 'limit=many'])
      expect(await code(query)).toBe('request.invalid')
  })
})
