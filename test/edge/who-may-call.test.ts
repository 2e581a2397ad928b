import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProtocolWorld } from '../protocols/protocol-world.ts'

let near: ProtocolWorld
let far: ProtocolWorld
beforeAll(async () => {
  near = await ProtocolWorld.start()
  far = await ProtocolWorld.start({ loopback: false })
})
afterAll(() => Promise.all([near.close(), far.close()]))

/** A request with exactly these headers: fetch would not let a test name its host. */
function send(url: string, method: string, path: string, headers: Record<string, string>, body = '') {
  const { hostname, port, host } = new URL(url)
  return new Promise<{ status: number; code: string }>((resolve, reject) => {
    const given = { host, ...(body === '' ? {} : { 'content-length': body.length }), ...headers }
    const sent = request({ hostname, port, method, path, headers: given, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (more: string) => (text += more))
      answer.on('end', () => {
        const code = text.startsWith('{') ? ((JSON.parse(text) as { code?: string }).code ?? '') : ''
        resolve({ status: answer.statusCode!, code })
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }
const OPENING = JSON.stringify({ agent: 'layer-1', category: 'integration', title: 'pool' })
const open = (headers: Record<string, string>) =>
  send(near.url, 'POST', '/api/v1/incidents', { ...JSON_TYPE, ...headers }, OPENING)
const list = (headers: Record<string, string>, url = near.url) =>
  send(url, 'GET', '/api/v1/incidents', headers)

describe('on loopback, the machine’s user', () => {
  it('needs no login', async () => {
    expect(await list({})).toMatchObject({ status: 200 })
    expect(await open({})).toMatchObject({ status: 200 })
  })

  it.each(['evil.example', 'evil.example:4310', 'localhost.evil.example', '127.0.0.1.nip.io', '0x7f.1.evil'])(
    'is not reached by another name: %j',
    async (host) => expect(await list({ host })).toEqual({ status: 421, code: 'request.host-unknown' }),
  )

  it.each(['localhost', 'localhost:9999', '127.0.0.1', '[::1]:4310', 'LOCALHOST'])(
    'is reached as %s',
    async (host) => expect(await list({ host })).toMatchObject({ status: 200 }),
  )

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
  ])('is not reached by another site’s page: %j', async (headers) => {
    expect(await open(headers)).toEqual({ status: 403, code: 'request.cross-site' })
  })

  it('is reached by its own page', async () => {
    const own = { origin: near.url, 'sec-fetch-site': 'same-origin' }
    expect(await open(own)).toMatchObject({ status: 200 })
  })

  it('follows a link from elsewhere, and is read by no script of elsewhere', async () => {
    const foreign = { 'sec-fetch-site': 'cross-site' }
    expect(await list({ ...foreign, 'sec-fetch-mode': 'navigate' })).toMatchObject({ status: 200 })
    expect(await list({ ...foreign, 'sec-fetch-mode': 'no-cors' })).toMatchObject({ status: 403 })
    expect((await fetch(`${near.url}/api/v1/incidents`)).headers.has('access-control-allow-origin')).toBe(
      false,
    )
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
  ])('sends a body as JSON, not as %s', async (type) =>
    expect(await open({ 'content-type': type })).toEqual({ status: 415, code: 'request.not-json' }),
  )

  it('sends a body of bounded size and depth', async () => {
    const post = (body: string) => send(near.url, 'POST', '/api/v1/incidents', JSON_TYPE, body)
    expect(await post('{"agent":')).toEqual({ status: 400, code: 'request.unreadable' })
    expect(await post(`{"evidence":${'['.repeat(40)}${']'.repeat(40)}}`)).toEqual({
      status: 400,
      code: 'message.too-deep',
    })
    expect(await post(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toMatchObject({
      code: 'message.too-deep',
    })
    expect(await post(`{"title":"${'x'.repeat(257 * 1024)}"}`)).toEqual({
      status: 413,
      code: 'message.too-large',
    })
    expect(await post(`{"title":"${'x'.repeat(400 * 1024)}"}`)).toEqual({
      status: 413,
      code: 'payload.too-large',
    })
    expect(await send(near.url, 'GET', '/api/v1/incidents', { cookie: 'x'.repeat(20_000) })).toMatchObject({
      status: 431,
    })
  })
})

/** Logs in as a browser would, and gives its cookie. */
async function logIn(
  token: string,
  next = '/',
  url = far.url,
): Promise<{ cookie: string; answer: Response }> {
  const answer = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ token, next }),
  })
  return { answer, cookie: answer.headers.get('set-cookie') ?? '' }
}

describe('beyond this machine', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  it('every caller needs a token', async () => {
    expect(await list({}, far.url)).toEqual({ status: 401, code: 'auth.token-required' })
    expect(await list(bearer('esa_guess'), far.url)).toEqual({ status: 401, code: 'auth.token-unknown' })
    const token = await far.token('layer-2', 'incidents:ack')
    expect(await list(bearer(token), far.url)).toMatchObject({ status: 200 })
    expect(await list(bearer(await far.token('layer-2', 'agents:read')), far.url)).toEqual({
      status: 403,
      code: 'auth.scope',
    })
  })

  it('a browser logs in once, with a cookie that no script and no other site gets', async () => {
    const token = await far.token('layer-2', 'incidents:ack')
    const { answer, cookie } = await logIn(token, '/incidents?open=true')
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/incidents?open=true'])
    expect(cookie).toMatch(/^esa_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(token)
    const session = { cookie: cookie.split(';')[0]! }
    expect(await list(session, far.url)).toMatchObject({ status: 200 })
    const who = await (await fetch(`${far.url}/api/v1/session`, { headers: session })).json()
    expect(who).toMatchObject({
      by: 'token',
      as: 'layer-2',
      person: "layer-2's model",
      scopes: ['incidents:ack'],
    })
    const post = (headers: Record<string, string>) =>
      send(far.url, 'POST', '/api/v1/incidents/x/ack', { ...JSON_TYPE, ...session, ...headers }, '{}')
    expect(await post({ origin: far.url })).toMatchObject({ status: 404 })
    expect(await post({ origin: 'https://evil.example' })).toMatchObject({ code: 'request.cross-site' })
    expect(await post({})).toMatchObject({ code: 'request.cross-site' })
  })

  it('a revoked token ends its sessions at once, and a logout ends one', async () => {
    const token = await far.token('layer-2', 'incidents:ack')
    const [one, other] = [await logIn(token), await logIn(token)].map(({ cookie }) => ({
      cookie: cookie.split(';')[0]!,
    }))
    await fetch(`${far.url}/logout`, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...one!, origin: far.url },
    })
    expect(await list(one!, far.url)).toEqual({ status: 401, code: 'auth.token-unknown' })
    expect(await list(other!, far.url)).toMatchObject({ status: 200 })
    const [{ id } = { id: '' }] = (await far.store.listTokens()).slice(-1)
    await far.store.revokeToken(id)
    expect(await list(other!, far.url)).toEqual({ status: 401, code: 'auth.token-revoked' })
  })

  it('a wrong token gets an error that says so, and goes nowhere else', async () => {
    const { answer, cookie } = await logIn('esa_guess<script>', '//evil.example')
    expect([answer.status, cookie]).toEqual([401, ''])
    expect(await answer.text()).not.toContain('<script>')
    const token = await far.token('operator', 'admin')
    for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)'])
      expect((await logIn(token, next)).answer.headers.get('location')).toBe('/')
  })

  it('a page comes after the login, with nothing but itself allowed', async () => {
    const page = await mkdtemp(join(tmpdir(), 'esa-page-'))
    await writeFile(join(page, 'index.html'), '<!doctype html><title>ESA</title>')
    const world = await ProtocolWorld.start({ loopback: false, page })
    const get = (headers: Record<string, string> = {}) =>
      fetch(`${world.url}/incidents/1?seq=2`, { redirect: 'manual', headers })
    const answer = await get()
    expect([answer.status, answer.headers.get('location')]).toEqual([
      302,
      '/login?next=%2Fincidents%2F1%3Fseq%3D2',
    ])
    expect(
      await (await get({ authorization: `Bearer ${await world.token('operator', 'admin')}` })).text(),
    ).not.toContain('ESA')
    const { cookie } = await logIn(await world.token('operator', 'admin'), '/', world.url)
    const shown = await get({ cookie: cookie.split(';')[0]! })
    expect(await shown.text()).toContain('<title>ESA</title>')
    expect(shown.headers.get('content-security-policy')).toMatch(
      /^default-src 'self'; .*frame-ancestors 'none'/,
    )
    const gone = await get({ cookie: 'esa_session=old' })
    expect([gone.status, gone.headers.get('set-cookie')]).toEqual([302, expect.stringContaining('Max-Age=0')])
    await world.close()
    await rm(page, { recursive: true })
  })

  it('is slow to try tokens', async () => {
    const statuses: number[] = []
    for (let tries = 0; tries < 10; tries += 1) statuses.push((await logIn('esa_guess')).answer.status)
    expect(statuses.at(-1)).toBe(429)
  })

  it('goes by its address, or by the name that it was given', async () => {
    expect(await list({ host: 'evil.example' }, far.url)).toMatchObject({ status: 421 })
    const publicUrl = 'https://esa.example.org'
    const binding = { host: '127.0.0.1', port: 0, loopback: false, publicUrl }
    const proxied = await ProtocolWorld.start({ binding })
    const token = await proxied.token('operator', 'incidents:read')
    const asked = (host: string) => list({ host, ...bearer(token) }, proxied.url)
    expect(await asked('esa.example.org')).toMatchObject({ status: 200 })
    expect(await asked('evil.example')).toMatchObject({ status: 421 })
    const answer = await fetch(`${proxied.url}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: publicUrl },
      body: new URLSearchParams({ token }),
    })
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-esa_session=.*; Secure; SameSite=Strict$/)
    const [, secret] = /=([\w-]{43});/.exec(answer.headers.get('set-cookie')!)!
    const host = { host: 'esa.example.org' }
    const by = async (headers: Record<string, string>) =>
      (await list({ ...host, ...headers }, proxied.url)).status
    expect(await by({ cookie: `__Host-esa_session=${secret}` })).toBe(200)
    // Another host of the domain, or a page without https, could have set this one.
    expect(await by({ cookie: `esa_session=${secret}` })).toBe(401)
    // A cookie is a session and no token; a header is a token and no session.
    expect(await by({ cookie: `__Host-esa_session=${token}` })).toBe(401)
    for (const bearer of [secret!, `session:${secret}`])
      expect(await by({ authorization: `Bearer ${bearer}` })).toBe(401)
    await proxied.close()
  })
})
