import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { a2aClient, message } from '../protocols/a2a-client.ts'
import { call, mcpClient } from '../protocols/mcp-client.ts'
import { asAnalyst } from './as-analyst.ts'
import { EsaHome, says } from './run-esa.ts'

const POLL = { timeout: 20_000, interval: 100 }

const READ = 'select count(*) from kept where a > 0'

/** It would never end. */
const ENDLESS = 'with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r'

let esa: EsaHome
let admin: pg.Client
let shopUrl: string
let url: string
let log = ''
/** The same databases by an address that is not known for this machine's own. */
const away: Record<string, string> = {}

beforeAll(async () => {
  esa = await EsaHome.create()
  const { adminUrl } = await ensureEmbeddedServer({ home: esa.home })
  shopUrl = await createDatabase(adminUrl, 'shop')
  admin = new pg.Client({ connectionString: shopUrl })
  admin.on('error', () => {})
  await admin.connect()
  await admin.query(`create table kept (a int); insert into kept values (1), (2);
    create role loud login password 'p'; grant select on kept to loud;
    create table notes (whose text, note text); insert into notes values ('ada', 'swordfish'), ('loud', '7');
    create view own_notes as select note from notes where lower(whose) = lower(current_user::text);
    grant select on own_notes to loud`)
  const loud = Object.assign(new URL(shopUrl), { username: 'loud', password: 'p' }).href
  const readerUrl = await asAnalyst(esa, shopUrl)
  await esa.json('targets', 'add', 'never', loud, '--guard-log', 'never')
  await esa.json('targets', 'add', 'owned', shopUrl, '--allow-owner')
  const file = join(esa.home, 'targets.json')
  const more = {
    strong: { at: shopUrl },
    reader: { at: readerUrl },
    loud: { at: loud },
    brief: { at: readerUrl, timeoutMs: 1_000 },
  }
  await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), ...more }))
  away['strong'] = shopUrl.replace('127.0.0.1', '0.0.0.0')
  away['reader'] = readerUrl.replace('127.0.0.1', '0.0.0.0')
  const up = esa.start(['up'], { ESA_LOG: 'silent' })
  up.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()))
  url = /http:\/\/\S+/.exec(await says(up, 'ready in '))![0]
})
afterAll(async () => {
  await admin.end()
  await esa.remove()
})

/** How often the table was read. Counts of a session that has ended are there at once. */
async function reads(): Promise<number> {
  const { rows } = await admin.query(
    `select pg_stat_clear_snapshot(), (select seq_scan from pg_stat_user_tables where relname = 'kept')::int as n`,
  )
  return rows[0].n as number
}

async function http(path: string, body?: object): Promise<string> {
  const answer = await fetch(`${url}/api/v1/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return answer.text()
}

async function task(target: string, sql = READ): Promise<string> {
  const sent = {
    from: 'operator',
    to: ['layer-1'],
    type: 'task_request',
    subject: 'explain',
    body: { task: 'explain', data: { target, sql } },
  }
  const { id } = (JSON.parse(await http('tasks', sent)) as { sent: { id: string }[] }).sent[0]!
  let said = ''
  await expect
    .poll(async () => {
      const { answers } = JSON.parse(await http(`tasks/${id}`)) as { answers: unknown[] }
      said = JSON.stringify(answers)
      return answers.length
    }, POLL)
    .toBe(1)
  return said
}

async function mcp(target: string): Promise<string> {
  const client = await mcpClient(url)
  try {
    return JSON.stringify(await call(client, 'databases_explain', { target, sql: READ }))
  } finally {
    await client.close()
  }
}

async function a2a(target: string): Promise<string> {
  const client = await a2aClient(url, 'layer-1')
  return JSON.stringify(
    await client.sendMessage(message('explain this query', { as: 'operator', target, sql: READ })),
  )
}

async function cli(target: string, sql = READ, ...more: string[]): Promise<string> {
  const { stdout, stderr } = await esa.run(['db', 'explain', '--target', target, ...more, '--', sql])
  return `${stdout}${stderr}`
}

describe('a foreign statement', () => {
  it.each([
    ['HTTP', (target: string) => http(`db/targets/${target}/explain`, { sql: READ })],
    ['MCP', mcp],
    ['A2A', a2a],
    ['a task', task],
    ['the command line, on another machine', (target: string) => cli(away[target]!)],
  ])('by %s is read by a reader, and not by a role that could do harm', async (_, path) => {
    const before = await reads()
    const refused = await path('strong')
    expect(refused).toMatch(/sql\.role-too-strong/)
    expect(refused).toMatch(/GRANT SELECT ON ALL TABLES IN SCHEMA .*public.* TO esa_analyst/)
    expect(await reads()).toBe(before)
    expect(await path('reader')).not.toMatch(/sql\./)
    await expect.poll(reads, POLL).toBeGreaterThan(before)
  })
})

it('is read by the owner where the operator of the target allows that', async () => {
  expect(await http('db/targets/owned/explain', { sql: READ })).toMatch(/"state":"done"/)
  expect(await cli('owned')).not.toMatch(/warning/)
})

it('on the command line of this machine a strong role is laid aside, and that is said', async () => {
  expect(await cli('strong')).toMatch(/warning.* sql\.strong-role strong: .*pg_read_all_data/)
  const document = JSON.parse(await cli('strong', 'select * from kept', '--json')) as {
    warnings: { code: string }[]
  }
  expect(document.warnings.map(({ code }) => code)).toEqual(['sql.strong-role'])
})

describe('a server that would log what is judged', () => {
  it('is reported to the operator once', async () => {
    for (let nth = 0; nth < 2; nth += 1)
      expect(await http('db/targets/loud/explain', { sql: READ })).toMatch(/"state":"done"/)
    expect(log.match(/sql\.logged loud/g)?.length).toBe(1)
  })

  it('is said by db measure once, in its document where that is JSON', async () => {
    const workload = join(esa.folder, 'typical.sql')
    await writeFile(workload, `-- id: kept\n${READ};\n`)
    const args = ['db', 'measure', '--target', 'loud', '--workload', workload]
    const [text, json] = [await esa.run(args), await esa.run([...args, '--json'])]
    expect(text.stderr.match(/warning.* sql\.logged loud/g)?.length).toBe(1)
    const { warnings } = JSON.parse(json.stdout) as { warnings: { code: string; hint: string }[] }
    expect(warnings).toEqual([expect.objectContaining({ code: 'sql.logged', hint: expect.any(String) })])
    expect(json.stderr).toBe('')
  })

  it('is not tried where its operator says never', async () => {
    expect(await http('db/targets/never/explain', { sql: READ })).toMatch(/sql\.logged/)
    expect(await cli('never')).toMatch(/sql\.logged/)
  })
})

describe('a statement without an end', () => {
  it.each([
    ['HTTP', () => http('db/targets/brief/explain', { sql: ENDLESS })],
    ['a task', () => task('brief', ENDLESS)],
    ['the command line', () => cli('reader', ENDLESS, '--timeout', '1s')],
  ])('is stopped, and that is said, by %s', async (_, path) => {
    expect(await path()).toMatch(/the statement was stopped: it did not end within 1000 ms/)
  })
})

describe('an error over a row that the role may not read', () => {
  const CAST = 'select * from own_notes where note::int > 5'
  it.each([
    ['HTTP', () => http('db/targets/loud/explain', { sql: CAST })],
    ['a task', () => task('loud', CAST)],
    ['the command line', () => cli('loud', CAST)],
  ])('does not show it by %s', async (_, path) => {
    const said = await path()
    expect(said).toMatch(/a text is not written as its type is \(SQLSTATE 22P02\)/)
    expect(said).not.toMatch(/swordfish/)
    expect(log).not.toMatch(/swordfish/)
  })
})
