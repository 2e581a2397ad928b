import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  connectPool,
  createDatabase,
  ensureEmbeddedServer,
  ensureSandbox,
  stopSandbox,
  withDatabase,
} from '@esa/pg-server'
import type { CopiedTable, RehearsedStatement } from '@esa/database-sandbox'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, EsaHome, type Problem, type Ran } from '@esa/test/testing'

const SHOP = `
  create table orders (id int primary key, note text);
  insert into orders select n, case when n > 1 then 'x' end from generate_series(1, 1000) n`

const FILES = {
  'good.sql': 'alter table orders add total int;\nbegin;\nupdate orders set total = id;\ncommit;\n',
  'slow.sql': 'select pg_sleep(600)',
  'bad.sql': 'select 1;\nalter table orders alter note set not null;\ndrop table orders;\n',
}

const HOUR_MS = 3_600_000

let esa: EsaHome
let url: string
const rehearse = (file: keyof typeof FILES, ...args: string[]): Promise<Ran> =>
  esa.run(['db', 'migrate', 'rehearse', join(esa.folder, file), ...args, '--json'], { SHOP_URL: url })
const answerOf = ({ stdout }: Ran) =>
  JSON.parse(stdout) as { statements: RehearsedStatement[]; tables: CopiedTable[] }
const refusal = ({ code, stderr }: Ran) => [code, (JSON.parse(stderr) as Problem).code]

/** Hours that this test lies within. */
function aroundNow(): string {
  const [from, to] = [-HOUR_MS, HOUR_MS].map((shift) =>
    new Date(Date.now() + shift).toTimeString().slice(0, 5),
  )
  return `${from}-${to}`
}

beforeAll(async () => {
  esa = await EsaHome.create()
  const { adminUrl } = await ensureEmbeddedServer({ home: esa.home })
  await createDatabase(adminUrl, 'shop')
  url = withDatabase(adminUrl, 'shop')
  const pool = await connectPool(url, { max: 1 })
  await pool.query(SHOP)
  await pool.end()
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(esa.folder, name), text)
})
afterAll(() => esa.remove())

async function onGround<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
  const { adminUrl } = await ensureSandbox({ home: esa.home })
  const pool = await connectPool(adminUrl, { max: 1 })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

const leftOver = () =>
  onGround(
    async (pool) =>
      (await pool.query(`select datname from pg_database where datname like 'esa\\_rehearsal%'`)).rows,
  )

describe('esa db migrate rehearse', () => {
  it('tries files on a copy with rows, and leaves the target as it was', async () => {
    const ran = await rehearse('good.sql', '--target', 'env:SHOP_URL', '--copy-rows', 'full')
    expect(ran.code).toBe(0)
    const { statements, tables } = answerOf(ran)
    expect(statements.map(({ line, outcome }) => [line, outcome])).toEqual([
      [1, 'ok'],
      [2, 'ok'],
      [3, 'ok'],
      [4, 'ok'],
    ])
    expect(tables).toEqual([{ relation: 'public.orders', rows: 1_000, complete: true }])
    const pool = await connectPool(url, { max: 1 })
    const { rows } = await pool.query('select * from orders limit 1')
    await pool.end()
    expect(Object.keys(rows[0] as object)).toEqual(['id', 'note'])
  })

  it('ends with 1 where a statement fails on the rows that are there, and runs nothing after it', async () => {
    const ran = await rehearse('bad.sql', '--target', 'env:SHOP_URL', '--copy-rows')
    expect(ran.code).toBe(1)
    const [first, second, third] = answerOf(ran).statements
    expect([first!.outcome, second!.outcome, third!.outcome]).toEqual(['ok', 'failed', 'skipped'])
    expect(second!.error).toMatchObject({ sqlState: '23502' })
    // Without rows the same statement goes through.
    expect((await rehearse('bad.sql', '--target', 'env:SHOP_URL')).code).toBe(0)
  })

  it('takes folders: the schema before, and what comes after it, in the order of their names', async () => {
    const folder = join(esa.folder, 'migrations')
    await mkdir(folder)
    await writeFile(join(folder, '0001.sql'), 'create table orders (id int primary key);')
    await writeFile(
      join(folder, '0002.sql'),
      'alter table orders add note text; grant select on orders to reporting;',
    )
    await writeFile(join(folder, '0002.down.sql'), 'alter table orders drop note;')
    const whole = await esa.json<{ statements: RehearsedStatement[] }>('db', 'migrate', 'rehearse', folder)
    expect(whole.statements.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
    expect((await rehearse('good.sql', '--schema', folder)).code).toBe(0)
  })

  it('refuses what was not agreed to, what is not there, and heavy work in quiet hours', async () => {
    expect(refusal(await rehearse('good.sql', '--copy-rows'))).toEqual([2, 'usage.rehearsal'])
    expect(refusal(await rehearse('good.sql', '--target', 'nobody'))).toEqual([4, 'target.unknown'])
    const { adminUrl } = await ensureEmbeddedServer({ home: esa.home })
    const absent = withDatabase(adminUrl, 'absent')
    expect(
      (
        await esa.run(
          ['db', 'migrate', 'rehearse', join(esa.folder, 'good.sql'), '--target', 'env:GONE', '--json'],
          { GONE: absent },
        )
      ).code,
    ).toBe(7)
    await esa.json(
      'targets',
      'add',
      'shop',
      'env:SHOP_URL',
      '--quiet',
      aroundNow(),
      '--timeout',
      '20s',
      '--connections',
      '2',
    )
    const quiet = await rehearse('good.sql', '--target', 'shop', '--copy-rows')
    expect(refusal(quiet)).toEqual([6, 'target.quiet'])
    expect((await rehearse('good.sql', '--target', 'shop')).code).toBe(0)
  })

  it('drops its copy when it is interrupted', async () => {
    const child = esa.start(['db', 'migrate', 'rehearse', join(esa.folder, 'slow.sql')])
    const over = ended(child)
    await onGround(async (pool) => {
      for (let asleep = false; !asleep;)
        asleep =
          (await pool.query(`select 1 from pg_stat_activity where query = 'select pg_sleep(600)'`)).rows
            .length > 0
    })
    child.kill('SIGINT')
    expect(await over).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringContaining('interrupted') as string,
    })
    expect(await leftOver()).toEqual([])
  })

  it('leaves no database, and `esa down` stops its server too', async () => {
    expect(await leftOver()).toEqual([])
    await esa.json('down')
    expect(await stopSandbox({ home: esa.home })).toBe(false)
  })
})
