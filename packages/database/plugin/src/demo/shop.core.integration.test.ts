import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { buildIndexConcurrently } from '@esa/database-advice/advise'
import { findSlowest, measure, type MetricThreshold } from '@esa/database-advice/measure'
import { ON_COPY } from '@esa/database-catalog/guard'
import { type Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compareCopy, plantMissingRows, restoreMissingRows } from './shop-archive.ts'
import { shopWorkload } from './shop-workload.ts'
import { seedShop } from './shop.ts'

let home: string
let pool: Pool

const p95: MetricThreshold = {
  key: 'query-response-time',
  comparator: '<',
  value: 100,
  unit: 'ms',
  percentile: 95,
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-shop-'))
  await chmod(home, 0o755)
  const { adminUrl } = await ensureEmbeddedServer({ home })
  pool = await connectPool(await createDatabase(adminUrl, 'shop'))
})

afterAll(async () => {
  await pool?.end()
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

it('is slow for want of one index, which the evidence names and which cures it', async () => {
  const seen: number[] = []
  const size = await seedShop(pool, { onProgress: ({ done }) => seen.push(done) })
  expect(size).toMatchObject({ orders: 200_000, customers: 20_000 })
  expect(size.orderItems).toBeGreaterThan(590_000)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  const workload = { statements: shopWorkload, runs: 4, terms: ON_COPY } as const
  const [before] = await measure(pool, { thresholds: [p95], workload })
  expect(before).toMatchObject({ ok: false, statements: [{ id: 'account-overview', tailShare: 1 }, {}, {}] })
  const evidence = await findSlowest(pool, shopWorkload, before?.statements ?? [], { terms: ON_COPY })
  expect(evidence?.proposedIndex).toMatchObject({ relation: 'orders', columns: ['customer_id', 'placed_at'] })
  expect(JSON.stringify(evidence).length).toBeLessThan(64 * 1024)
  await buildIndexConcurrently(pool, evidence!.proposedIndex!)
  const [after] = await measure(pool, { thresholds: [p95], workload })
  expect(after?.ok).toBe(true)
  expect(before!.value! / after!.value!).toBeGreaterThan(5)
})

it('finds the rows that a copy lacks and restores them', async () => {
  await plantMissingRows(pool)
  expect(await compareCopy(pool)).toMatchObject({
    kind: 'rows-missing',
    sourceRows: 20_000,
    copyRows: 19_993,
    missing: 7,
  })
  expect(await restoreMissingRows(pool)).toBe(7)
  expect(await compareCopy(pool)).toMatchObject({ missing: 0, missingIds: [] })
})

it('can be seeded again with the same rows, but never over a schema that is not the demo’s', async () => {
  const digest = 'select sum(hashtext(o::text)) as sum from shop.orders o'
  await seedShop(pool, { orders: 2_000 })
  const first = await pool.query(digest)
  await seedShop(pool, { orders: 2_000 })
  expect((await pool.query(digest)).rows).toEqual(first.rows)
  await pool.query(`comment on schema shop is 'a real shop'`)
  await expect(seedShop(pool)).rejects.toMatchObject({ code: 'demo.schema-taken' })
})
