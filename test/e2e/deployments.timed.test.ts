import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { hasPgBouncer, openWebSocketProxy, startPgBouncer, type TestServer } from '@esa/pg-server/testing'
import { openPostgresStore } from '@esa/store'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisInstalled, type RedisServer, redisServer, until } from '@esa/runtime/testing'
import { EsaHome, type Problem, says } from './run-esa.ts'

interface Status {
  wake: { listen: boolean; pollMs: number }
  muted: boolean
}

const fronts = [
  ...(hasPgBouncer() ? [{ name: 'a pooler', open: startPgBouncer, listens: false }] : []),
  { name: 'Neon’s driver and a WebSocket proxy', open: openWebSocketProxy, listens: true },
]

describe.runIf(redisInstalled()).each(fronts)('a runtime behind $name', ({ open: openFront, listens }) => {
  let home: EsaHome
  let front: TestServer
  let redis: RedisServer
  let environment: NodeJS.ProcessEnv

  beforeAll(async () => {
    home = await EsaHome.create()
    front = await openFront((await ensureEmbeddedServer(home)).url)
    redis = await redisServer()
    environment = { DATABASE_URL: front.url, ESA_TIME_SCALE: '600' }
  })
  afterAll(async () => {
    await redis.close()
    await front.close()
    await home.remove()
  })

  it('is migrated, refuses queues on PostgreSQL, and climbs its ladder with queues on Redis', async () => {
    expect((await home.run(['migrate'], environment)).code).toBe(0)
    const refused = await home.run(['worker', '--json'], environment)
    expect(refused.code).toBe(3)
    expect(JSON.parse(refused.stderr) as Problem).toMatchObject({
      code: 'config.queues-without-session',
      hint: expect.stringContaining('REDIS_URL'),
    })

    const withRedis = { ...environment, REDIS_URL: redis.url }
    const worker: ChildProcess = home.start(['up'], withRedis)
    await says(worker, 'ready in ')
    const about = ['--agent', 'layer-1', '--category', 'integration', '--title', 'pools', '--json']
    const { stdout } = await home.run(['incidents', 'open', ...about], withRedis)
    const { id } = JSON.parse(stdout) as { id: string }
    const store = await openPostgresStore({ url: front.url, max: 2 })
    const climbed = await until('it climbs', async () =>
      (await store.readStream(id)).find(({ type }) => type === 'incident.escalated'),
    )
    expect(climbed.lateMs).toBeLessThanOrEqual(1_000)
    await store.close()

    const status = JSON.parse((await home.run(['status', '--json'], withRedis)).stdout) as Status
    expect(status).toMatchObject({ wake: { listen: listens, pollMs: 500 }, muted: false })
    const shown = (await home.run(['status'], withRedis)).stdout
    expect(shown.includes('no LISTEN through a pooler')).toBe(!listens)
    const gone = once(worker, 'exit')
    worker.kill('SIGTERM')
    expect((await gone)[0]).toBe(0)
  })
})

/** Takes back what the newest migration made; the next one changes this. */
const NEWEST_UNDONE = 'drop index esa.actors_owner'

describe('a database whose schema is another version’s', () => {
  let home: EsaHome
  let admin: pg.Client

  beforeAll(async () => {
    home = await EsaHome.create()
    await home.json('migrate')
    admin = new pg.Client({ connectionString: (await ensureEmbeddedServer(home)).url })
    await admin.connect()
  })
  afterAll(async () => {
    await admin.end()
    await home.remove()
  })

  const commands = [['incidents', 'ls'], ['status'], ['worker'], ['up', '--no-migrate']]

  it('is refused while it is newer, and left alone', async () => {
    await admin.query(
      `insert into esa_migrations.applied (hash, created_at) values ('from the future', 9999999999999)`,
    )
    for (const command of [...commands, ['migrate'], ['up']]) {
      const { code, problem } = await home.refused(...command)
      expect([code, problem.code, problem.hint]).toEqual([
        6,
        'store.schema-newer',
        expect.stringContaining('update'),
      ])
    }
    await admin.query(`delete from esa_migrations.applied where hash = 'from the future'`)
  })

  it('is refused while it is older, until it is migrated', async () => {
    await admin.query(
      'delete from esa_migrations.applied where created_at = (select max(created_at) from esa_migrations.applied)',
    )
    await admin.query(NEWEST_UNDONE)
    for (const command of commands) {
      const { code, problem } = await home.refused(...command)
      expect([code, problem.code, problem.hint]).toEqual([
        6,
        'store.schema-older',
        expect.stringContaining('esa migrate'),
      ])
    }
    expect(await home.json('migrate')).toEqual({ before: 'older', after: 'current' })
    expect(await home.json('status')).toMatchObject({ muted: false, running: false })
  })
})
