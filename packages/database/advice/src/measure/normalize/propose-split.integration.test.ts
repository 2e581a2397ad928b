import { withDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { normalizeDatabase, type TableNormalization } from './normalize-database.ts'

const server = ownServer()

/** What a look says of a table in a database of its own. */
async function lookAt(name: string, sql: string, relation: string): Promise<[TableNormalization, Pool]> {
  const pool = await server.database(name, sql)
  const { tables } = await normalizeDatabase(pool)
  return [tables.find((table) => table.relation === `public.${relation}`)!, pool]
}

/** Runs a proposal as it is printed; `back` then joins the table together, and every row must be what it was. */
async function runAndRejoin(pool: Pool, ddl: string[], table: string, back: string): Promise<number> {
  await pool.query(`create table before as table ${table}`)
  for (const statement of ddl) await pool.query(statement)
  const { rows } = await pool.query(`select count(*)::int as n from (table before except all (${back})) d`)
  return rows[0]!['n'] as number
}

/** 600 orders of customers 1 to 50, of whom 41 to 50 are not there. */
const ORPHANS = `create table cust (id int primary key); insert into cust select generate_series(1, 40);
  create table ord (id int primary key, cust_id int not null, cust_city text, cust_name text);
  insert into ord select i, 1 + i % 50, 'city ' || i % 50 % 23, 'name ' || i % 50 from generate_series(1, 3000) i;`

const UNTRUE: [string, string][] = [
  ['was never validated', `alter table ord add foreign key (cust_id) references cust not valid`],
  [
    'has its triggers switched off',
    `insert into cust select generate_series(41, 50); alter table ord add foreign key (cust_id) references cust; alter table ord disable trigger all; alter table cust disable trigger all; delete from cust where id > 40`,
  ],
  [
    'was switched off for a while',
    `insert into cust select generate_series(41, 50); alter table ord add foreign key (cust_id) references cust; alter table cust disable trigger all; delete from cust where id > 40; alter table cust enable trigger all`,
  ],
]

describe('a foreign key that some rows do not keep', () => {
  it.each(UNTRUE)('takes no column into its table, as rows would lose it: one that %s', async (why, key) => {
    const [found, pool] = await lookAt(why.replaceAll(' ', '_'), ORPHANS + key, 'ord')
    expect(found.violations.map(({ determinant }) => determinant)).toContainEqual(['cust_id'])
    const tables = found.proposal?.tables ?? []
    expect(tables.map(({ relation }) => relation)).not.toContain('public.cust')
    const parts = tables.map(({ relation, key: by }) => `join ${relation} using (${by.join()})`)
    const back = `select id, cust_id, cust_city, cust_name from ord ${parts.join(' ')}`
    expect(await runAndRejoin(pool, found.proposal?.ddl ?? [], 'ord', back)).toBe(0)
  })
})

const TAXES = (columns: string): string => `
  create table sales (id int primary key, product_id int not null, ${columns}, amount int);
  insert into sales (id, product_id, category_code, region_code, tax_class, amount)
    select i, p, 'c' || p % 12, 'r' || r, 'tax ' || (p % 12 * 7 + r * 5) % 31, (i * 7919) % 1009
    from (select i, (hashint4(i) & 2147483647) % 60 as p, (hashint4(i + 100000) & 2147483647) % 9 as r from generate_series(1, 4000) i) g`

describe('a determinant with a moved part', () => {
  it.each([
    'category_code text not null, region_code text not null, tax_class text',
    'region_code text not null, category_code text not null, tax_class text',
  ])('is proposed so that its DDL runs, and every row comes back: %s', async (columns) => {
    const name = `taxes_${columns.slice(0, 6)}`
    const [found, pool] = await lookAt(name, TAXES(columns), 'sales')
    const determinants = found.violations.map(({ determinant }) => determinant.toSorted().join())
    expect(determinants.toSorted()).toEqual(['category_code,region_code', 'product_id'])
    const { proposal } = found
    expect(proposal!.lossless.proven).toBe(true)
    const parts = proposal!.tables.map(({ relation, key }) => `join ${relation} using (${key.join()})`)
    const order = (await pool.query('select * from sales limit 0')).fields.map((field) => field.name).join()
    const back = `select ${order} from sales ${parts.join(' ')}`
    expect(await runAndRejoin(pool, proposal!.ddl, 'sales', back)).toBe(0)
    // What is referenced stays referenced: a key that is dropped with its column would be gone unsaid.
    const { rows } = await pool.query(`select count(*)::int as n from pg_constraint where contype = 'f'`)
    expect(rows[0]!['n']).toBe(proposal!.tables.length)
  })
})

describe('a column that moves to a table that is there already', () => {
  it('may itself determine others, under the name that it has there', async () => {
    const sql = `create table buyers (id int primary key); insert into buyers select generate_series(1, 60);
      create table bills (id int primary key, buyer_id int not null references buyers, buyer_city text, city_country text, amount int);
      insert into bills select i, 1 + b, 'city ' || b % 20, 'land ' || b % 20 % 6, i * 7919 % 1009
        from (select i, (hashint4(i) & 2147483647) % 60 as b from generate_series(1, 3000) i) g`
    const [{ proposal }, pool] = await lookAt('chained', sql, 'bills')
    expect(proposal!.lossless.proven).toBe(true)
    const back = `select b.id, b.buyer_id, u.bills_buyer_city, c.city_country, b.amount from bills b
      join buyers u on u.id = b.buyer_id join bills_buyer_city c on c.buyer_city = u.bills_buyer_city`
    expect(await runAndRejoin(pool, proposal!.ddl, 'bills', back)).toBe(0)
  })
})

describe('a foreign key whose columns move', () => {
  it('is declared again where they are then', async () => {
    const sql = `create table makers (id int primary key); insert into makers select generate_series(1, 20);
      create table sold (id int primary key, product_no int not null, maker_id int not null references makers, amount int);
      insert into sold select i, p, 1 + p % 20, i * 7919 % 1009 from (select i, (hashint4(i) & 2147483647) % 60 as p from generate_series(1, 3000) i) g`
    const [{ proposal }, pool] = await lookAt('carried', sql, 'sold')
    const back = `select s.id, product_no, p.maker_id, s.amount from sold s join sold_product_no p using (product_no)`
    expect(await runAndRejoin(pool, proposal!.ddl, 'sold', back)).toBe(0)
    const { rows } = await pool.query(
      `select conrelid::regclass::text as home, confrelid::regclass::text as to, convalidated from pg_constraint where contype = 'f' order by 1`,
    )
    expect(rows).toEqual([
      { home: 'sold', to: 'sold_product_no', convalidated: true },
      { home: 'sold_product_no', to: 'makers', convalidated: true },
    ])
  })
})

const ALIKE = `insert into parts select i, (case when i % 3 = 0 then 'K' else 'k' end) || i % 20, WHAT, i * 7919 % 1009 from generate_series(1, 2000) i`

const EQUAL_BUT_WRITTEN_OTHERWISE: [string, string][] = [
  [
    'texts of a collation that takes no notice of case',
    `create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
     create table parts (id int primary key, kind_code text collate loose, label text collate loose, amount int);
     ${ALIKE.replace('WHAT', `(case when i % 3 = 0 then 'Label ' else 'label ' end) || i % 20`)}`,
  ],
  [
    'numbers of more and of fewer decimals',
    `create table parts (id int primary key, kind_code text, price numeric, amount int);
     ${ALIKE.replace(`(case when i % 3 = 0 then 'K' else 'k' end)`, `'k'`).replace('WHAT', `((i % 20) || case when i % 3 = 0 then '.5' else '.50' end)::numeric`)}`,
  ],
]

describe('values that are equal and written otherwise', () => {
  it.each(EQUAL_BUT_WRITTEN_OTHERWISE)(
    'are not called proven, as one of them would stand for both: %s',
    async (why, sql) => {
      const [found, pool] = await lookAt(why.slice(0, 7), sql, 'parts')
      expect(found.violations).not.toEqual([])
      for (const statement of found.proposal?.ddl ?? []) await pool.query(statement)
      expect(found.proposal).toBeUndefined()
    },
  )
})

describe('a table with rows hidden from the role', () => {
  it('is not split: of the others nothing is known', async () => {
    const rows = (what: string) =>
      `select i, i % 20, ${what}, i * 7919 % 1009 from generate_series(1, 2000) i`
    await server.database(
      'hidden',
      `create table seen (id int primary key, thing int, label text, amount int);
      insert into seen ${rows(`'l' || i % 20`)}; insert into seen select -id, thing, 'other ' || id, amount from seen;
      alter table seen enable row level security; create policy own on seen using (id > 0);
      create role onlooker login password 'onlooker'; grant select on seen to onlooker`,
    )
    const url = new URL(withDatabase(server.adminUrl, 'hidden'))
    Object.assign(url, { username: 'onlooker', password: 'onlooker' })
    const { tables } = await normalizeDatabase(await server.connect(url.href))
    expect(tables[0]?.proposal?.lossless.proven ?? null).toBeNull()
  })
})

describe('a table that is there already and has a column of the new name', () => {
  it('gets the column under another name', async () => {
    const sql = `create table buyers (id int primary key, bills_city text); insert into buyers select i, 'own ' || i from generate_series(1, 60) i;
      create table bills (id int primary key, buyer_id int not null references buyers, city text, amount int);
      insert into bills select i, 1 + b, 'city ' || b % 20, i * 7919 % 1009 from (select i, (hashint4(i) & 2147483647) % 60 as b from generate_series(1, 3000) i) g`
    const [{ proposal }, pool] = await lookAt('named', sql, 'bills')
    const back = `select b.id, b.buyer_id, u.bills_city_2, b.amount from bills b join buyers u on u.id = b.buyer_id`
    expect(await runAndRejoin(pool, proposal!.ddl, 'bills', back)).toBe(0)
  })
})

describe('a column with a collation of its own', () => {
  it('keeps it where it moves, so that its foreign key can be declared', async () => {
    const sql = `create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table pieces (id int primary key, kind_code text collate loose, label text collate "C", amount int);
      insert into pieces select i, 'k' || i % 20, 'label ' || i % 20, i * 7919 % 1009 from generate_series(1, 2000) i`
    const [{ proposal }, pool] = await lookAt('collated', sql, 'pieces')
    const back = `select p.id, kind_code, k.label, p.amount from pieces p join pieces_kind_code k using (kind_code)`
    expect(await runAndRejoin(pool, proposal!.ddl, 'pieces', back)).toBe(0)
  })
})
