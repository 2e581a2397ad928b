import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectPool,
  createDatabase,
  ensureEmbeddedServer,
  ensureSandbox,
  stopEmbeddedServer,
} from '@esa/pg-server'
import type { IndexAdvice } from '@esa/database-advice/advise'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seedBigShop } from '../bench/shop/big-shop.ts'
import { EsaHome } from '@esa/test/testing'

let esa: EsaHome
let folder: string
let url: string
let shop: Pool

beforeAll(async () => {
  esa = await EsaHome.create()
  folder = await mkdtemp(join(tmpdir(), 'esa-shop-'))
  const { adminUrl } = await ensureEmbeddedServer({ home: folder })
  url = await createDatabase(adminUrl, 'shop')
  shop = await connectPool(url, { max: 1 })
  await seedBigShop(shop, { orders: 30_000 })
  // What was loaded is counted now, and not during a comparison.
  await shop.query('select pg_stat_force_next_flush()')
  await shop.query('select 1')
})
afterAll(async () => {
  await shop.end()
  await stopEmbeddedServer({ home: folder, mode: 'immediate' })
  await rm(folder, { recursive: true, force: true })
  await esa.remove()
})

/** Everything that may change in a database, as one text. */
async function fingerprint(): Promise<unknown> {
  const { rows } =
    await shop.query(`select (select array_agg(oid || relname order by oid) from pg_class) as relations,
    (select array_agg(extname order by 1) from pg_extension) as extensions,
    (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables) as written`)
  return rows[0]
}

it('advises on a copy, in the shape that scripts read, and leaves the target as it was', async () => {
  const workload = join(folder, 'workload.sql')
  await writeFile(
    workload,
    `-- id: contains
-- weight: 3
select id from shop.orders where payload @> '{"coupon": "SPRING3"}';
-- id: words
select id from shop.products where to_tsvector('english', description) @@ to_tsquery('english', 'porcelain');
-- id: paging
select id from shop.orders order by total_cents offset 20000 limit 5;`,
  )
  const before = await fingerprint()
  const asked = `db indexes advise --target ${url} --workload ${workload} --budget 20MB`
  const advice = await esa.json<IndexAdvice & { rows: object }>(...asked.split(' '))
  expect(await fingerprint()).toEqual(before)
  expect(advice.totalBytes).toBe(advice.recommendations.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  expect(advice.totalBytes).toBeLessThanOrEqual(20 * 2 ** 20)
  expect(advice.recommendations.length).toBeGreaterThan(0)
  for (const { ddl, method, queries } of advice.recommendations) {
    expect(method).toBe('rehearsed')
    expect(
      queries.every((one) => Number.isInteger(one.p95MsBefore) && Number.isInteger(one.p95MsAfter)),
    ).toBe(true)
    // Each on its own, as the answer says.
    await shop.query(ddl)
  }
  expect(advice.queries.map(({ id, weight }) => [id, weight])).toEqual([
    ['contains', 3],
    ['words', 1],
    ['paging', 1],
  ])
  expect(advice.rows).toMatchObject({ sampled: [] })
  const { code } = await esa.refused(
    'db',
    'indexes',
    'advise',
    '--target',
    'postgresql://ada@db.example.com/shop',
  )
  expect(code).toBe(8)
})

it('leaves no copy behind', async () => {
  const { adminUrl } = await ensureSandbox({ home: esa.home })
  const rehearsals = await connectPool(adminUrl, { max: 1 })
  const { rows } = await rehearsals.query(
    `select datname from pg_database where datname like 'esa_rehearsal%'`,
  )
  await rehearsals.end()
  expect(rows).toEqual([])
})
