import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectPool } from '@esa/pg-server'
import { parseWorkload, type WorkloadStatement } from '@esa/database-advice/measure'
import type { IndexAdvice } from '@esa/database-advice/advise'
import type { Pool } from 'pg'
import { type BenchServers, EsaHome, type Figure, percentile } from '@esa/test/testing'
import { seedBigShop } from './big-shop.ts'

/** What all indexes together may take: a third of the shop, which is 425 MB without them. */
const BUDGET = '145MB'
const BUDGET_MB = 145
const MINUTES_MAX = 5
const GOAL_MS = 100

/** Executions of each statement on the target itself, before and after its indexes were built there. */
const RUNS = 20

const WORKLOAD = join(import.meta.dirname, 'workload.sql')

/** The whole answer, kept for readers. */
const ANSWER = join(import.meta.dirname, '../../../../../docs/performance/advised-indexes.json')

async function p95ByStatement(
  pool: Pool,
  statements: readonly WorkloadStatement[],
): Promise<Map<string, number>> {
  const times = new Map(statements.map(({ id }): [string, number[]] => [id, []]))
  for (let run = -1; run < RUNS; run += 1) {
    for (const { id, sql } of statements) {
      const from = performance.now()
      await pool.query(sql)
      // The first round only warms up.
      if (run >= 0) times.get(id)!.push(performance.now() - from)
    }
  }
  return new Map([...times].map(([id, some]) => [id, percentile(some, 0.95)]))
}

/** Advice on a shop of a million orders by the command line, then built on the shop itself and timed there. */
export async function benchAdvice({ url, note }: BenchServers): Promise<Figure[]> {
  const home = await EsaHome.create()
  const pool = await connectPool(url, { max: 1 })
  try {
    note('filling a shop of 1,000,000 orders')
    await seedBigShop(pool)
    const statements = parseWorkload(await readFile(WORKLOAD, 'utf8'))
    const before = await p95ByStatement(pool, statements)
    note('asking for advice')
    const from = performance.now()
    const asked = `db indexes advise --target ${url} --workload ${WORKLOAD} --budget ${BUDGET} --max-minutes ${MINUTES_MAX}`
    const advice = await home.json<IndexAdvice>(...asked.split(' '))
    const seconds = Math.round((performance.now() - from) / 1_000)
    await writeFile(ANSWER, `${JSON.stringify(advice, null, 2)}\n`)
    note('building what was advised, and timing the shop itself')
    for (const { ddl } of advice.recommendations) await pool.query(ddl)
    await pool.query('vacuum analyze')
    const after = await p95ByStatement(pool, statements)
    return [
      {
        what: 'index advice for 12 statements on 1,000,000 orders',
        value: seconds,
        unit: 's',
        aim: { op: '<=', value: MINUTES_MAX * 60 },
      },
      {
        what: `size of the ${advice.recommendations.length} recommendations`,
        value: Math.round(advice.totalBytes / 2 ** 20),
        unit: 'MB',
        aim: { op: '<=', value: BUDGET_MB },
      },
      ...statements.map(({ id }) => statementFigure(id, before.get(id)!, after.get(id)!)),
    ]
  } finally {
    await pool.end()
    await home.remove()
  }
}

function statementFigure(id: string, before: number, after: number): Figure {
  const shown = (ms: number): string => `${ms.toFixed(1)} ms`
  return {
    what: `p95 of ${id}, on the shop itself`,
    value: Math.round(after * 10) / 10,
    unit: 'ms',
    aim: { op: '<=', value: GOAL_MS },
    spread: `${shown(before)} → ${shown(after)}`,
  }
}
