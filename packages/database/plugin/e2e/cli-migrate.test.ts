import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, withDatabase } from '@esa/pg-server'
import type { Applied, RolledBack } from '@esa/database-migrations/apply'
import type { Verdict } from '@esa/database-migrations/verify'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, EsaHome, type Problem, type Ran } from '@esa/test/testing'

const SHOP = `create table orders (id int primary key, note text not null);
  insert into orders select g, 'note ' || g from generate_series(1, 500) g`

const FILES = {
  'lossy.sql': 'alter table orders alter note type varchar(6) using left(note, 6)',
  'kept.sql': `alter table orders add label text; update orders set label = split_part(note, ' ', 2) where id > 0`,
  'index.sql': 'create index concurrently orders_note_idx on orders (note); alter table orders add total int',
  'wrong.sql': `update orders set note = upper(note) where id < 10`,
  'drop.sql': 'drop table orders',
  'broken.sql': 'alter table orders addd total int',
  'beside.sql': 'create table beside (i int)',
  'flag.sql': 'alter table orders add flag int not null default 1',
}

let esa: EsaHome
let pool: Pool
let url: string

const migrate = (verb: string, file: keyof typeof FILES | null, ...args: string[]): Promise<Ran> =>
  esa.run(['db', 'migrate', verb, ...(file === null ? [] : [join(esa.folder, file)]), ...args, '--json'], {
    SHOP_URL: url,
  })
const refusal = ({ code, stdout, stderr }: Ran) => [code, stdout, (JSON.parse(stderr) as Problem).code]
const TARGET = ['--target', 'shop']

/** The statements that one command requests approvals for; the requests are withdrawn. */
async function ask(file: keyof typeof FILES): Promise<string[]> {
  const args = [join(esa.folder, file), ...TARGET, '--because', 'it was wrong', '--json']
  const { stdout } = await esa.run(['db', 'approvals', 'ask', '--migration', ...args], { SHOP_URL: url })
  const { approvals } = JSON.parse(stdout) as { approvals: { id: string; statement: string }[] }
  for (const { id } of approvals) await esa.json('db', 'approvals', 'withdraw', id)
  return approvals.map(({ statement }) => statement)
}

beforeAll(async () => {
  esa = await EsaHome.create()
  const { adminUrl } = await ensureEmbeddedServer({ home: esa.home })
  await createDatabase(adminUrl, 'shop')
  url = withDatabase(adminUrl, 'shop')
  pool = await connectPool(url, { max: 2 })
  await pool.query(SHOP)
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(esa.folder, name), text)
  await esa.json('targets', 'add', 'shop', 'env:SHOP_URL')
})
afterAll(async () => {
  await pool.end()
  await esa.remove()
})

describe('esa db migrate', () => {
  it('verify finds a loss on a copy, tells the CEO, and leaves the target alone', async () => {
    const { code, stdout } = await migrate('verify', 'lossy.sql', ...TARGET)
    const verdict = JSON.parse(stdout) as Verdict & { incident: string }
    expect([code, verdict.lossless]).toEqual([1, false])
    expect(verdict.mismatches).toMatchObject([{ relation: 'public.orders', column: 'note' }])
    expect(await esa.json('incidents', 'show', verdict.incident)).toMatchObject({
      category: 'data-loss',
      level: 'ceo',
      evidence: { target: 'shop', migration: 'lossy.sql', rehearsed: true },
    })
    expect(
      (
        await pool.query(
          `select from pg_attribute where attrelid = 'orders'::regclass and attname = 'note' and atttypmod = -1`,
        )
      ).rows,
    ).toHaveLength(1)
    // What the copy has lost is what an approval names, with and without --yes, and one command requests it.
    const measured = `${FILES['lossy.sql']}\n-- measured: public.orders.note gets another type`
    expect(verdict.effects).toMatchObject({ 'statement-1': [{ what: 'type-changed', column: 'note' }] })
    for (const yes of [[], ['--yes']]) {
      const refused = await migrate('apply', 'lossy.sql', ...TARGET, ...yes)
      expect(refusal(refused)).toEqual([5, '', 'approval.missing'])
      expect(JSON.parse(refused.stderr)).toMatchObject({ details: { missing: [{ statement: measured }] } })
    }
    expect(await ask('lossy.sql')).toEqual([measured])
  })

  it('verify says that nothing is lost, and the apply of the same file is verified by it', async () => {
    const { code, stdout } = await migrate('verify', 'kept.sql', ...TARGET)
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { lossless: true, mismatches: [], incident: null }])
    const { migrations } = JSON.parse((await migrate('apply', 'kept.sql', ...TARGET)).stdout) as {
      migrations: Applied[]
    }
    expect(migrations).toMatchObject([{ id: 'kept.sql', state: 'done', verification: { state: 'verified' } }])
  })

  it('apply and rollback go forth and back', async () => {
    expect((await migrate('apply', 'index.sql', ...TARGET)).code).toBe(0)
    const { migrations } = JSON.parse((await migrate('rollback', null, ...TARGET)).stdout) as {
      migrations: RolledBack
    }
    expect(migrations).toMatchObject([
      { id: 'index.sql', steps: [{ id: 'statement-2' }, { id: 'statement-1' }] },
    ])
    expect((await pool.query(`select to_regclass('orders_note_idx') as index`)).rows).toEqual([
      { index: null },
    ])
  })

  it('shows the statement of a way back that takes approvals, and how to ask for it', async () => {
    expect((await migrate('apply', 'flag.sql', ...TARGET)).code).toBe(0)
    const refused = await migrate('rollback', null, ...TARGET)
    expect(refusal(refused)).toEqual([5, '', 'approval.missing'])
    const { details, hint } = JSON.parse(refused.stderr) as Problem & {
      details: { statement: string; hash: string }
    }
    expect(hint).toContain(`--statement '${details.statement}'`)
    const asked = ['--target', 'shop', '--statement', details.statement, '--because', 'it was wrong']
    const { approvals } = await esa.json<{ approvals: { hash: string; id: string }[] }>(
      'db',
      'approvals',
      'ask',
      ...asked,
    )
    expect(approvals.map(({ hash }) => hash)).toEqual([details.hash])
    await esa.json('db', 'approvals', 'withdraw', approvals[0]!.id)
    expect((await esa.refused('db', 'approvals', 'withdraw', approvals[0]!.id)).code).toBe(6)
  })

  it('refuses with one problem and the exit code of its reason', async () => {
    for (const yes of [[], ['--yes']])
      expect(refusal(await migrate('apply', 'wrong.sql', ...TARGET, ...yes))).toEqual([
        5,
        '',
        'approval.missing',
      ])
    expect(await ask('wrong.sql')).toEqual([
      `${FILES['wrong.sql']}\n-- measured: at most 10 rows of public.orders are overwritten`,
    ])
    expect(refusal(await migrate('apply', 'drop.sql', ...TARGET))).toEqual([5, '', 'approval.missing'])
    expect(refusal(await migrate('apply', 'broken.sql', ...TARGET))).toEqual([2, '', 'sql.syntax'])
    expect(
      refusal(await migrate('apply', 'index.sql', '--target', 'postgres://nobody@127.0.0.1:1/x')),
    ).toEqual([7, '', 'database.unreachable'])
    expect(
      refusal(await migrate('apply', 'index.sql', '--target', 'postgres://a@b/x?pgbouncer=true')),
    ).toEqual([6, '', 'migration.pooled'])
    expect(refusal(await migrate('rollback', null, ...TARGET, '--to', 'nothing.sql'))).toEqual([
      6,
      '',
      'migration.unknown',
    ])
    expect(
      (await pool.query('select count(*)::int as rows from orders where note ~ $1', ['^note'])).rows,
    ).toEqual([{ rows: 500 }])
  })

  it('a target with the record of another tool is refused, and its leftover is named', async () => {
    await pool.query('create table _prisma_migrations (id text)')
    const other = await migrate('apply', 'beside.sql', ...TARGET)
    expect(refusal(other)).toEqual([6, '', 'migration.other-ledger'])
    expect((JSON.parse(other.stderr) as Problem).hint).toContain('--beside-ledger prisma')
    expect(refusal(await migrate('apply', 'beside.sql', ...TARGET, '--beside-ledger', 'flyway'))[2]).toBe(
      'migration.other-ledger',
    )
    const there = `select to_regclass('beside') is not null as there`
    expect((await pool.query(there)).rows).toEqual([{ there: false }])
    expect((await migrate('apply', 'beside.sql', ...TARGET, '--beside-ledger', 'prisma')).code).toBe(0)
    expect((await pool.query(there)).rows).toEqual([{ there: true }])
    await pool.query('drop table _prisma_migrations')
  })

  it('Ctrl-C stops it while it waits for a lock, with exit 130 and nothing left behind', async () => {
    const other = await pool.connect()
    await other.query('begin; select from orders')
    const path = join(esa.folder, 'index.sql')
    await writeFile(path, 'alter table orders add later int')
    const apply = esa.start(['db', 'migrate', 'apply', path, ...TARGET], { SHOP_URL: url })
    let said = ''
    apply.stderr!.on('data', (text: Buffer) => (said += text.toString()))
    while (!said.includes('got no lock')) await once(apply.stderr!, 'data')
    apply.kill('SIGINT')
    const { code } = await ended(apply)
    await other.query('rollback')
    other.release()
    expect(code).toBe(130)
    expect(said).toMatch(/in its way: pid \d+ of postgres.*select from orders/)
    expect(
      (await pool.query(`select from pg_stat_activity where application_name = 'esa layer-1'`)).rows,
    ).toEqual([])
  })
})
