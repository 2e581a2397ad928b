import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { requestTimeout } from './request-timeout.ts'

it('a request that takes too long is answered', async () => {
  const app = new Hono().use(requestTimeout(1)).get('/never', () => new Promise<Response>(() => {}))
  app.onError((error, context) => context.json(error, 504))
  const answer = await app.request('/never')
  expect(await answer.json()).toMatchObject({ code: 'request.timed-out', kind: 'transient' })
})
