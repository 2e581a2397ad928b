import { connectPool, createDatabase, dropDatabase, withDatabase } from '@esa/pg-server'
import { checksumTable } from '@esa/database-migrations/verify'
import type { Pool } from 'pg'
import type { BenchServers, Figure } from '@esa/test/testing'

const DATABASE = 'bench_checksums'
const ROWS = 1_000_000
const ROUNDS = 5

/** What common tables hold: keys, amounts, times, short words and a longer text. */
const NARROW = `select g::bigint as id, 1 + g % 5000 as customer, (g % 9999) / 100.0 as amount, now() - g * interval '1 second' as at,
  'status ' || g % 4 as status from generate_series(1, ${ROWS}) g`
const WIDE = `select g::bigint as id, repeat(md5(g::text), 6) as body, 'title of ' || g as title, md5((g / 7)::text) as author
  from generate_series(1, ${ROWS}) g`

/** What anybody would write by hand. */
const PLAIN = 'select count(*), sum(hashtext(t::text)) from checked t'

/** Checksums over rows and over each column, against `count(*) + sum(hashtext)` in plain SQL on the same table, one process each. */
export async function benchChecksums({ url, note }: BenchServers): Promise<Figure[]> {
  await createDatabase(url, DATABASE)
  const pool = await connectPool(withDatabase(url, DATABASE), { max: 1 })
  try {
    // A core, not all of them.
    await pool.query('set max_parallel_workers_per_gather = 0')
    const figures: Figure[] = []
    for (const [name, sql] of Object.entries({ narrow: NARROW, wide: WIDE })) {
      note(`making ${name}`)
      await pool.query(`drop table if exists checked; create table checked as ${sql}`)
      await pool.query('vacuum analyze checked')
      figures.push(...(await compare(pool, name)))
    }
    return figures
  } finally {
    await pool.end()
    await dropDatabase(url, DATABASE)
  }
}

async function compare(pool: Pool, name: string): Promise<Figure[]> {
  const { rows } = await pool.query<{ mb: number }>(`select pg_table_size('checked') / 1e6::float8 as mb`)
  const [ours, plain]: [number[], number[]] = [[], []]
  // In turns, so that a busy moment of the machine hits both.
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await timed(() => checksumTable(pool, 'public', 'checked')))
    plain.push(await timed(() => pool.query(PLAIN)))
  }
  const [best, peer] = [Math.min(...ours), Math.min(...plain)]
  const mb = rows[0]!.mb
  const what = `checksums of ${ROWS} ${name} rows (${Math.round(mb)} MB), rows and every column`
  return [
    {
      what,
      value: mb / (best / 1_000),
      unit: 'MB/s',
      spread: `best of ${ROUNDS}: ${Math.round(best)} ms; worst ${Math.round(Math.max(...ours))} ms`,
    },
    {
      what: `times as long as count(*) + sum(hashtext(row))`,
      value: best / peer,
      unit: 'x',
      aim: { op: '<=', value: 2 },
      spread: `${Math.round(peer)} ms`,
    },
  ]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
