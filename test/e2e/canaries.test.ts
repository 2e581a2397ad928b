import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisInstalled, type RedisServer, redisServer, until } from '@esa/runtime/testing'
import { EsaHome, ended, says } from './run-esa.ts'

/** A secret of each kind of configuration; nothing else in the world contains it. */
const CANARY = {
  database: 'canary-database-7f3a',
  owner: 'canary-owner-91bc',
  redis: 'canary-redis-5e20',
  hookUser: 'canary-hookuser-c4d1',
  hookToken: 'canary-hooktoken-0b8e',
  target: 'canary-target-d2f6',
  pgPassword: 'canary-pgpassword-66aa',
}
const CANARIES = Object.values(CANARY)

/** Places where one of them was seen, by the place's name. */
function seenIn(places: Record<string, string>): string[] {
  return Object.entries(places).flatMap(([place, text]) =>
    CANARIES.filter((canary) => text.includes(canary)).map((canary) => `${canary} in ${place}`),
  )
}

describe.runIf(redisInstalled())('secrets of the configuration', () => {
  let esa: EsaHome
  let redis: RedisServer
  let hook: Server
  let admin: pg.Client
  let environment: NodeJS.ProcessEnv
  let tokens: string[]

  beforeAll(async () => {
    esa = await EsaHome.create()
    redis = await redisServer()
    await redis.run('CONFIG', 'SET', 'requirepass', CANARY.redis)
    const server = await ensureEmbeddedServer(esa)
    admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    await admin.query(`create role ada login password '${CANARY.owner}'`)
    await admin.query(`create role work login password '${CANARY.database}'`)
    await admin.query('create database world owner ada')
    await admin.end()
    hook = createServer((_, response) => response.writeHead(503).end()).listen(0, '127.0.0.1')
    await once(hook, 'listening')
    const as = (role: string, password: string): string => {
      const url = new URL(server.url)
      Object.assign(url, { username: role, password, pathname: '/world' })
      return url.href
    }
    const { port } = hook.address() as AddressInfo
    environment = {
      DATABASE_URL: as('work', CANARY.database),
      ESA_OWNER_URL: as('ada', CANARY.owner),
      REDIS_URL: redis.url.replace('redis://', `redis://:${CANARY.redis}@`),
      ESA_ALARM_WEBHOOK: `http://127.0.0.1:${port}/${CANARY.hookToken}?token=${CANARY.hookToken}`,
      SHOP: as('ada', CANARY.owner),
      PGPASSWORD: CANARY.pgPassword,
      ESA_LOG: 'debug',
      ESA_TIME_SCALE: '14400',
    }
    const url = new URL(server.url)
    Object.assign(url, { pathname: '/world' })
    admin = new pg.Client({ connectionString: url.href })
    await admin.connect()
    tokens = []
  })
  afterAll(async () => {
    await admin.end()
    hook.close()
    await redis.close()
    await esa.remove()
  })

  const run = async (line: string, more: NodeJS.ProcessEnv = {}) => {
    const ran = await esa.run(line.split(' '), { ...environment, ...more })
    return { ...ran, said: ran.stdout + ran.stderr }
  }

  it('appear in no log, answer, error, event, job, export or file of a world that runs, alarms and fails', async () => {
    const places: Record<string, string> = {}
    const say = async (line: string, more: NodeJS.ProcessEnv = {}): Promise<string> => {
      const { said, stdout } = await run(line, more)
      places[`${line} ${Object.keys(more).join()} ${Object.keys(places).length}`] = said
      return stdout
    }
    await say('migrate')
    const worker = esa.start(['up'], environment)
    let log = ''
    worker.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text))
    await says(worker, 'ready in ')
    const made = JSON.parse(await say('tokens create --as layer-2 --scope incidents:ack --json')) as {
      token: string
    }
    tokens.push(made.token)
    const opened = await say('incidents open --agent layer-1 --category security --title leak --json')
    const { id } = JSON.parse(opened) as { id: string }
    await say('targets add shop env:SHOP')
    await say('targets ls --json')
    await say(`targets add bad postgresql://x:${CANARY.target}@127.0.0.1:1/x`)
    await say('targets ls')
    await say('targets test bad --json')
    await say('db measure --target shop --window 1s --json')
    await say('db watch --target bad --every 1s')
    // The alarm leaves the bus, and its webhook does not take it.
    await until(
      'the webhook was tried',
      async () => (log.includes('alarm.webhook') ? true : undefined),
      60_000,
    )
    for (const line of [
      'status --json',
      'status',
      'doctor --json',
      'doctor',
      'incidents ls --json',
      `replay show ${id} --json`,
      `replay export ${id}`,
      `replay export ${id} --format md`,
      `replay export ${id} -o ${join(esa.folder, 'events.jsonl')}`,
      `replay heads -o ${join(esa.folder, 'heads.json')}`,
      'replay verify --all --json',
      'tokens ls --json',
      'tasks ls --json',
      `retain --older-than 1h -o ${join(esa.folder, 'retained.jsonl')}`,
    ])
      await say(line)
    // Everything that can be wrong with each of them.
    const wrong = (name: string, change: (url: URL) => void): NodeJS.ProcessEnv => {
      const url = new URL(environment[name]!)
      change(url)
      return { [name]: url.href }
    }
    const faults: NodeJS.ProcessEnv[] = [
      ...['DATABASE_URL', 'REDIS_URL', 'ESA_OWNER_URL'].flatMap((name) => [
        wrong(name, (url) => (url.port = '1')),
        wrong(name, (url) => (url.password = `${url.password}x`)),
        wrong(name, (url) => (url.hostname = 'nowhere.invalid')),
      ]),
      { DATABASE_URL: `mysql://ada:${CANARY.database}@db/x`, REDIS_URL: `http://${CANARY.redis}@x` },
      { DATABASE_URL: `postgres://ada:${CANARY.database}%@db/x` },
      { DATABASE_URL: `postgres://ada:${CANARY.database}@127.0.0.1:99999/x` },
      { REDIS_URL: `redis://:${CANARY.redis}@127.0.0.1:1` },
      { ESA_ALARM_WEBHOOK: `ftp://${CANARY.hookToken}` },
      { ESA_ALARM_WEBHOOK: `http://ada:${CANARY.hookUser}@127.0.0.1:1/` },
    ]
    // Most of each is waiting until something is given up.
    const tried = faults.map(async (fault) => {
      await say('doctor --json', fault)
      await say('incidents ls --json', fault)
      await say('migrate', fault)
      if (!('ESA_OWNER_URL' in fault)) {
        const failing = esa.start(['worker'], { ...environment, ...fault })
        const end = ended(failing)
        const late = setTimeout(() => failing.kill('SIGTERM'), 6_000)
        const { stdout, stderr } = await end
        clearTimeout(late)
        places[`worker ${Object.keys(fault).join()} ${Object.keys(places).length}`] = stdout + stderr
      }
    })
    await Promise.all(tried)
    const client = new Redis(environment['REDIS_URL']!)
    const keys = await client.keys('*')
    const dumps = await Promise.all(keys.map((key) => client.dumpBuffer(key)))
    client.disconnect()
    expect(keys.length).toBeGreaterThan(0)
    places['redis'] = `${keys.join(' ')} ${dumps.map((dump) => dump?.toString('latin1')).join(' ')}`
    const { rows: tables } = await admin.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('esa', 'esa_migrations', 'bullmq')`,
    )
    for (const { name } of tables) {
      const { rows } = await admin.query<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t`)
      places[name] = rows.map(({ row }) => row).join('\n')
    }
    expect(places['esa.events']).toContain('incident.opened')
    worker.kill('SIGTERM')
    await once(worker, 'exit')
    places['the worker’s log'] = log
    expect(log).toContain('"level"')
    const files = globSync('**/*', { cwd: esa.folder, exclude: (name) => name === 'postgres' })
    // The targets file is where a target's URL is kept, readable by its owner alone.
    for (const file of files.filter((name) => !name.endsWith('targets.json')))
      places[file] = await readFile(join(esa.folder, file), 'utf8').catch(() => '')
    expect(seenIn(places)).toEqual([])
    for (const [place, text] of Object.entries(places).filter(
      ([place]) => !place.startsWith('tokens create'),
    ))
      for (const token of tokens) expect([place, text.includes(token.slice(4))]).toEqual([place, false])
  })
})
