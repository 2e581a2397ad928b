import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisInstalled, redisServer } from '@esa/runtime/testing'
import { EsaHome, type Problem, type Ran } from './run-esa.ts'

/** A word that must never be read again. */
const SECRET = 'hunter2'

let esa: EsaHome
let url: string

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  url = (await ensureEmbeddedServer(esa)).url
})
afterAll(() => esa.remove())

/** Runs a command that must fail, as loudly as it can talk. */
async function failing(args: string[], environment: NodeJS.ProcessEnv): Promise<Ran & { problem: Problem }> {
  const ran = await esa.run([...args, '--json'], { ESA_LOG: 'debug', ...environment })
  expect(ran.stdout).toBe('')
  expect(ran.stderr).not.toContain(SECRET)
  // What a worker logs before it gives up are JSON lines too; the problem is the last.
  const problem = JSON.parse(ran.stderr.trimEnd().split('\n').at(-1) ?? '') as Problem
  expect(problem.hint).toEqual(expect.any(String))
  return { ...ran, problem }
}

const COMMANDS = [['status'], ['incidents', 'ls'], ['migrate'], ['up'], ['worker']]

describe('DATABASE_URL', () => {
  it.each([
    ['of a server that is away', `postgres://ada:${SECRET}@127.0.0.1:1/x`, 7, 'database.unreachable'],
    ['of an unknown host', `postgres://ada:${SECRET}@nowhere.invalid/x`, 7, 'database.unreachable'],
    ['of another database’s kind', `mysql://ada:${SECRET}@127.0.0.1/x`, 3, 'config.invalid'],
    ['that is cut short', SECRET, 3, 'config.invalid'],
    ['with a lone % in its password', `postgres://ada:${SECRET}%@127.0.0.1/x`, 3, 'config.invalid'],
    ['with a # in its password', `postgres://ada:${SECRET}#1@127.0.0.1/x`, 3, 'config.invalid'],
    ['with an impossible port', `postgres://ada:${SECRET}@127.0.0.1:99999/x`, 3, 'config.invalid'],
  ])('%s', async (_, given, code, problem) => {
    for (const args of COMMANDS) {
      const failed = await failing(args, { DATABASE_URL: given })
      expect([args, failed.code, failed.problem.code]).toEqual([args, code, problem])
    }
  })

  it('with a wrong password, or the name of no database', async () => {
    const wrong = new URL(url)
    wrong.password = SECRET
    const gone = new URL(url)
    gone.pathname = '/nowhere'
    for (const args of COMMANDS) {
      expect(await failing(args, { DATABASE_URL: wrong.href })).toMatchObject({
        code: 5,
        problem: { code: 'database.auth' },
      })
      const absent = await failing(args, { DATABASE_URL: gone.href })
      expect(absent).toMatchObject({ code: 7, problem: { code: 'database.absent' } })
      expect(absent.stderr).not.toContain(gone.password)
    }
  })
})

describe('a schema of another version', () => {
  async function sql(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }

  it('that is newer is refused by all', async () => {
    await sql(`insert into esa_migrations.applied (hash, created_at) values ('later', 9999999999999)`)
    for (const args of COMMANDS)
      expect(await failing(args, {})).toMatchObject({ code: 6, problem: { code: 'store.schema-newer' } })
    await sql(`delete from esa_migrations.applied where hash = 'later'`)
  })

  it('that is older is refused by all that do not migrate', async () => {
    await sql(`update esa_migrations.applied set created_at = created_at - 9000000000000`)
    for (const args of [['status'], ['incidents', 'ls'], ['worker'], ['up', '--no-migrate']])
      expect(await failing(args, {})).toMatchObject({
        code: 6,
        problem: { code: 'store.schema-older', hint: expect.stringContaining('esa migrate') },
      })
    await sql(`update esa_migrations.applied set created_at = created_at + 9000000000000`)
    expect((await esa.run(['status'])).code).toBe(0)
  })
})

describe('REDIS_URL', () => {
  it.each([
    ['of a server that is away', `redis://ada:${SECRET}@127.0.0.1:1`, 7, 'queue.unreachable'],
    ['of another kind', `http://ada:${SECRET}@127.0.0.1`, 3, 'config.invalid'],
    ['with a lone % in its password', `redis://ada:${SECRET}%@127.0.0.1`, 3, 'config.invalid'],
  ])('%s', async (_, given, code, problem) => {
    const failed = await failing(['worker'], { REDIS_URL: given })
    expect([failed.code, failed.problem.code]).toEqual([code, problem])
  })

  it.runIf(redisInstalled())('with a wrong password, or with none where one is required', async () => {
    const redis = await redisServer(['--user', 'ada', 'on', '>right', '~*', '+@all'])
    await redis.run('CONFIG', 'SET', 'requirepass', 'right')
    for (const who of [`:${SECRET}@`, `ada:${SECRET}@`, '']) {
      const failed = await failing(['worker'], { REDIS_URL: redis.url.replace('//', `//${who}`) })
      expect([failed.code, failed.problem.code]).toEqual([5, 'queue.auth'])
      expect(failed.stderr).not.toContain('right@')
    }
    await redis.close()
  })

  it.runIf(redisInstalled())('of a server that evicts keys', async () => {
    const redis = await redisServer(['--maxmemory-policy', 'allkeys-lru'])
    expect(await failing(['worker'], { REDIS_URL: redis.url })).toMatchObject({
      code: 3,
      problem: { code: 'queue.evicting', hint: expect.stringContaining('noeviction') },
    })
    await redis.close()
  })
})
