import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { applicationTables } from '@esa/database-catalog'
import { conversionPlan } from './partition-plan.ts'
import { readForm } from './table-form.ts'

const server = ownServer()
let pool: Pool

beforeAll(async () => {
  pool = await connectPool(await createDatabase(server.adminUrl, 'converted'), { max: 1 })
})
afterAll(() => pool?.end())

const LONG = `a "long" name's table ${'x'.repeat(41)}`
const name = `"${LONG.replaceAll('"', '""')}"`

/** Converts a table by the column `at`, and says what its plan says to people. */
async function convert(bare: string): Promise<string> {
  const tables = await applicationTables(pool)
  const table = tables.find((one) => one.name === bare)!
  await pool.query('begin')
  const form = await readForm(pool, table.oid)
  await pool.query('commit')
  const key = table.columns.find((column) => column.name === 'at')!
  const plan = conversionPlan({
    table,
    form,
    key,
    interval: '1 month',
    newest: '2025-06-15',
    referencedBy: [],
  })
  const lines = plan.split('\n')
  for (const line of lines.filter((one) => !one.startsWith('--'))) await pool.query(line)
  return lines.filter((one) => one.startsWith('--')).join('\n')
}

describe('a conversion runs', () => {
  it('for a table with a serial, a key that has the column already, and names that are long and quoted', async () => {
    await pool.query(
      `create table ${name} (id serial, at date, "Other" int default 7, twice int generated always as ("Other" * 2) stored,
         constraint ${name.replace('a ', 'k ')} primary key (at, id) include (twice) deferrable initially deferred,
         constraint ${name.replace('a ', 'u ')} unique ("Other", at));
       insert into ${name} (at, "Other") values ('2025-01-01', 1), ('2025-06-15', 2)`,
    )
    const { rows: had } = await pool.query(
      `select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = $1::regclass and contype <> 'n' order by 1`,
      [`public.${name}`],
    )
    const said = await convert(LONG)
    expect(said).toContain('OWNED BY')
    const { rows: has } = await pool.query(
      `select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = $1::regclass and contype <> 'n' order by 1`,
      [`public.${name}`],
    )
    expect(has).toEqual(had)
    const { rows } = await pool.query(`insert into ${name} (at) values ('2025-08-01') returning id, twice`)
    expect(rows).toEqual([{ id: 3, twice: 14 }])
  })

  it('for a table without a key whose column may be NULL, which excludes and hides rows', async () => {
    await pool.query(
      `create table plain (at timestamptz, room int, seats int check (seats > 0), constraint apart exclude (room with =));
       create function look() returns trigger language plpgsql as 'begin return new; end';
       create trigger seen before insert on plain for each row execute function look();
       alter table plain enable row level security; insert into plain values ('2025-06-15', 1, 1)`,
    )
    const said = await convert('plain')
    for (const one of ['apart excludes', 'triggers (seen)', 'row security']) expect(said).toContain(one)
    await expect(pool.query(`insert into plain values ('2025-08-15', 2, 0)`)).rejects.toThrow('seats')
  })
})
