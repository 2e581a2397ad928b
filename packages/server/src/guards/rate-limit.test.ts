import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { Binding } from '../ports.ts'
import { rateLimit } from './rate-limit.ts'

const BINDING: Binding = { host: '127.0.0.1', port: 0, loopback: true }

/** Answers of an edge that lets so many requests through. */
function edge(requests: number, binding = BINDING, valid: string[] = []) {
  const tokens = { isValid: async (secret: string | null) => valid.includes(secret ?? '') }
  const app = new Hono()
    .use(rateLimit('test', { requests, windowS: 60 }, { binding, tokens }))
    .get('/', (it) => it.text('ok'))
  app.onError((error, context) => context.json(error, 429))
  return async (headers: Record<string, string> = {}) => await app.request('/', { headers })
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('the rate of requests', () => {
  it('has an end, and says what is left and when to try again', async () => {
    const ask = edge(2)
    const answers = [await ask(), await ask(), await ask()]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"test";q=2;w=60')
    expect(answers.map(({ headers }) => headers.get('ratelimit'))).toEqual([
      expect.stringMatching(/^"test";r=1;t=(60|59)$/),
      expect.stringMatching(/^"test";r=0;t=(60|59)$/),
      expect.stringMatching(/^"test";r=0;t=(60|59)$/),
    ])
    expect(await answers[2]!.json()).toMatchObject({
      code: 'request.too-many',
      details: { retryAfterS: expect.any(Number) },
    })
  })

  it('is that of an address, whatever tokens it tries', async () => {
    const ask = edge(2)
    const statuses = [await ask(bearer('a')), await ask(bearer('b')), await ask(bearer('c'))]
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429])
  })

  it('is that of a token, wherever it comes from, and of clients behind a configured proxy', async () => {
    const ask = edge(2, { ...BINDING, loopback: false, publicUrl: 'https://esa.example.org' })
    const from = (address: string, token?: string) =>
      ask({ 'x-forwarded-for': `10.9.9.9, ${address}`, ...(token === undefined ? {} : bearer(token)) })
    const status = async (address: string, token?: string) => (await from(address, token)).status
    expect([await status('10.0.0.1'), await status('10.0.0.1'), await status('10.0.0.1')]).toEqual([
      200, 200, 429,
    ])
    expect(await status('10.0.0.2', 'a')).toBe(200)
    expect(await status('10.0.0.3', 'a')).toBe(200)
    expect(await status('10.0.0.4', 'a')).toBe(429)
  })

  it('of an address refuses no valid token, and that of a token does', async () => {
    const ask = edge(2, BINDING, ['good'])
    for (let n = 0; n < 5; n += 1) await ask()
    expect((await ask(bearer('bad'))).status).toBe(429)
    const answers = [await ask(bearer('good')), await ask(bearer('good')), await ask(bearer('good'))]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(answers[0]!.headers.get('ratelimit')).toMatch(/r=1;/)
  })

  it('believes no header where no proxy was announced', async () => {
    const ask = edge(1)
    expect((await ask({ 'x-forwarded-for': '10.0.0.1' })).status).toBe(200)
    expect((await ask({ 'x-forwarded-for': '10.0.0.2' })).status).toBe(429)
  })
})
