import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hasOtherPostgres, startOtherPostgres, type TestServer } from '@esa/pg-server/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome } from './run-esa.ts'

const SCRIPT = fileURLToPath(new URL('../../docs/deploy/init-roles.sh', import.meta.url))

describe.runIf(hasOtherPostgres())('the roles of docs/deploy/compose.yaml', () => {
  let server: TestServer
  let home: EsaHome
  const as = (role: string): string => {
    const url = new URL(server.url)
    url.username = role
    url.pathname = '/esa'
    return url.href
  }
  beforeAll(async () => {
    server = await startOtherPostgres()
    home = await EsaHome.create()
    const { hostname, port, username } = new URL(server.url)
    // As PostgreSQL's image runs it: a quote in a password must not end it.
    const passwords = { ESA_OWNER_PASSWORD: "o'wner", ESA_RUNTIME_PASSWORD: 'runtime' }
    execFileSync('sh', [SCRIPT], {
      env: { ...process.env, PGHOST: hostname, PGPORT: port, POSTGRES_USER: username, ...passwords },
      stdio: 'pipe',
    })
  })
  afterAll(async () => {
    await server.close()
    await home.remove()
  })

  it('let the owner migrate, and the runtime open an incident that it cannot take out of the log', async () => {
    const environment = { DATABASE_URL: as('esa_runtime'), REDIS_URL: 'redis://127.0.0.1:1' }
    const migrated = await home.run(['migrate'], { ...environment, ESA_OWNER_URL: as('esa_owner') })
    expect([migrated.code, migrated.stderr]).toEqual([0, expect.any(String)])
    const about = ['--agent', 'layer-1', '--category', 'integration', '--title', 'pools', '--json']
    expect((await home.run(['incidents', 'open', ...about], environment)).code).toBe(0)
    const client = new pg.Client(as('esa_runtime'))
    await client.connect()
    try {
      const count = async () =>
        (await client.query('select count(*)::int n from esa.events')).rows[0].n as number
      const before = await count()
      expect(before).toBeGreaterThan(0)
      for (const sql of ['delete from esa.events', 'drop table esa.events', 'truncate esa.events'])
        await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' })
      expect(await count()).toBe(before)
    } finally {
      await client.end()
    }
  })
})
