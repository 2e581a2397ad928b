import { expect, it } from 'vitest'
import { rehearsalGround } from './rehearsal-ground.ts'

it('a rehearsal takes place on no pooler, and no password is repeated', async () => {
  const rehearsalUrl = 'postgres://ada:hunter2@db.example/shop?pgbouncer=true'
  const error: unknown = await rehearsalGround(
    { home: 'unused', rehearsalUrl, databaseUrl: null, sandboxUid: 1 },
    null,
  ).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'usage.rehearsal-url' })
  expect(String(error)).not.toContain('hunter2')
})
