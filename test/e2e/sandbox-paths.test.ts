import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { a2aClient, message } from '../protocols/a2a-client.ts'
import { call, mcpClient } from '../protocols/mcp-client.ts'
import { EsaHome, says } from './run-esa.ts'

/** A busy machine takes seconds to start its sandbox and to try a script there. */
const POLL = { timeout: 20_000, interval: 100 }

/** What a migration may hold: where it runs as a superuser, each of these is a shell. The last one says that it was tried. */
const attack = (mark: string): string => `create table bait (a int);
do $$ begin copy (select 1) to program 'touch ${mark}'; exception when others then null; end $$;
do $$ begin perform lo_export(lo_from_bytea(0, 'x'), '${mark}'); exception when others then null; end $$;
do $$ begin copy (select 1) to program 'touch ${mark}'; end $$;
`

/** What an attempt could change on the server of the runtime and of the target. */
const STATE = `select json_build_array(
  (select json_agg(r order by rolname) from pg_roles r), (select json_agg(datname order by datname) from pg_database),
  (select json_agg(relname order by oid) from pg_class where oid >= 16384), (select json_agg(k order by a) from kept k))::text as state`

let esa: EsaHome
let target: pg.Client
let before: string
let env: NodeJS.ProcessEnv
let mark: string
let file: string
let url: string
let token: string
let narrow: string

beforeAll(async () => {
  esa = await EsaHome.create()
  const { adminUrl } = await ensureEmbeddedServer({ home: esa.home })
  env = { SHOP_URL: await createDatabase(adminUrl, 'shop') }
  target = new pg.Client({ connectionString: env['SHOP_URL'] })
  // The last test stops the server.
  target.on('error', () => {})
  await target.connect()
  await target.query('create table kept (a int); insert into kept values (1), (2)')
  // Any account may write there.
  mark = join('/tmp', `esa-pwned-${process.pid}`)
  file = join(esa.folder, 'attack.sql')
  await writeFile(file, attack(mark))
  url = /http:\/\/\S+/.exec(await says(esa.start(['up'], { ...env, ESA_LOG: 'silent' }), 'ready in '))![0]
  await esa.json('targets', 'add', 'shop', 'env:SHOP_URL')
  const scopes = ['db:plan', 'db:read']
  ;[token, narrow] = (await Promise.all(scopes.map((scope) => tokenOf('incidents:write', scope)))) as [
    string,
    string,
  ]
  before = await state()
})
afterAll(async () => {
  await target.end()
  await esa.remove()
})

async function tokenOf(...scopes: string[]): Promise<string> {
  const scope = ['agents:read', ...scopes].flatMap((one) => ['--scope', one])
  const made = ['tokens', 'create', '--as', 'operator', ...scope, '--for', '1d', '--person', scopes.join(' ')]
  return (await esa.json<{ token: string }>(...made)).token
}

async function state(): Promise<string> {
  return (await target.query<{ state: string }>(STATE)).rows[0]!.state
}

/** What a way in says to an attempt, and what that left: the file, or a change of the server. */
async function tried(
  path: () => Promise<string>,
): Promise<{ said: string; wasMade: boolean; state: string }> {
  const said = await path()
  const wasMade = existsSync(mark)
  await rm(mark, { force: true })
  return { said, wasMade, state: await state() }
}

/** The API, with or without a token: its answer as text. */
async function http(path: string, body?: object, as?: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return answer.text()
}

/** A task for Layer 1, and what it answered. */
async function task(name: string, as?: string): Promise<string> {
  const body = { task: name, data: { target: 'shop', sql: attack(mark) } }
  const sent = { from: 'operator', to: ['layer-1'], type: 'task_request', subject: name, body }
  const { id } = (JSON.parse(await http('tasks', sent, as)) as { sent: { id: string }[] }).sent[0]!
  let said = ''
  await expect
    .poll(async () => {
      const { answers } = JSON.parse(await http(`tasks/${id}`, undefined, as)) as { answers: unknown[] }
      said = JSON.stringify(answers)
      return answers.length
    }, POLL)
    .toBe(1)
  return said
}

async function mcp(as?: string): Promise<string> {
  const client = await mcpClient(url, as)
  try {
    return JSON.stringify(await call(client, 'databases_lint', { target: 'shop', sql: attack(mark) }))
  } finally {
    await client.close()
  }
}

async function a2a(as?: string): Promise<string> {
  const client = await a2aClient(url, 'layer-1', as)
  const data = { as: 'operator', target: 'shop', sql: attack(mark) }
  return JSON.stringify(await client.sendMessage(message('lint this migration', data)))
}

async function cli(...words: string[]): Promise<string> {
  const { stdout, stderr } = await esa.run([...words, '--json'], env)
  return `${stdout}${stderr}`
}

describe('a program in a DO block does not run', () => {
  it.each([
    ['HTTP', () => http('db/targets/shop/lint', { sql: attack(mark) }, token)],
    ['loopback, without a token', () => http('db/targets/shop/lint', { sql: attack(mark) })],
    ['MCP', () => mcp(token)],
    ['A2A', () => a2a(token)],
    ['a task of lint', () => task('lint', token)],
    ['a task of verify, without a token', () => task('verify')],
    ['lint', () => cli('db', 'migrate', 'lint', file, '--target', 'env:SHOP_URL')],
    ['lint of a schema', () => cli('db', 'migrate', 'lint', file, '--schema', file)],
    ['rehearse', () => cli('db', 'migrate', 'rehearse', file, '--target', 'env:SHOP_URL')],
    ['rehearse without a target', () => cli('db', 'migrate', 'rehearse', file)],
    ['verify', () => cli('db', 'migrate', 'verify', file, '--target', 'env:SHOP_URL')],
    ['plan', () => cli('db', 'migrate', 'plan', file, '--target', 'env:SHOP_URL')],
  ])('by %s', async (_, path) => {
    // It was tried, and the server refused it.
    const said = expect.stringMatching(/permission denied to COPY/)
    expect(await tried(path)).toEqual({ said, wasMade: false, state: before })
  })

  it('as a query of advise', async () => {
    const queries = attack(mark).split('\n').slice(1, 4)
    const { said, ...left } = await tried(() => http('db/targets/shop/advise', { queries }, token))
    expect(said.match(/sql\.not-a-read/g)?.length).toBeGreaterThanOrEqual(queries.length)
    expect(left).toEqual({ wasMade: false, state: before })
  })

  it('as a statement of a caller without the scope: nothing is tried', async () => {
    expect(await http('db/targets/shop/lint', { sql: attack(mark) }, narrow)).toMatch(/auth\.scope/)
    await expect(mcp(narrow)).rejects.toThrow(/auth\.scope|not found/)
    expect(await task('lint', narrow)).toMatch(/lint takes the scope db:plan/)
    expect(await a2a(narrow)).toMatch(/lint takes the scope db:plan/)
  })
})

it('a server for rehearsals is neither the runtime’s nor the target’s', async () => {
  const words = ['db', 'migrate', 'rehearse', file, '--target', 'env:SHOP_URL', '--json']
  const ran = await esa.run(words, { ...env, ESA_REHEARSAL_URL: env['SHOP_URL']! })
  expect(ran.stderr).toMatch(/is the server of the runtime/)
  expect(ran.code).not.toBe(0)
  const hosted = await esa.run(words, { ...env, ESA_REHEARSAL_URL: 'postgres://ada:x@shop.neon.tech/shop' })
  expect(hosted.stderr).toMatch(/hosted server/)
})

it('doctor says what confines the sandbox, and down stops it', async () => {
  const { checks } = JSON.parse((await esa.run(['doctor', '--json'], env)).stdout) as {
    checks: { name: string; message: string }[]
  }
  expect(checks.find(({ name }) => name === 'sandbox')?.message).toMatch(/account|bubblewrap/)
  expect((await esa.run(['down'], env)).code).toBe(0)
})
