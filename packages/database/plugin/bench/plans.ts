import { setTimeout } from 'node:timers/promises'
import { connectPool, createDatabase, dropDatabase, withDatabase } from '@esa/pg-server'
import { systemClock } from '@esa/database-catalog/sql'
import { applyMigration, type ApplyPorts, targetLedger } from '@esa/database-migrations/apply'
import { planMigration, type MigrationPlan, planChanges } from '@esa/database-migrations/plan'
import type { Pool } from 'pg'
import type { BenchServers, Figure } from '@esa/test/testing'
import { BASE, CASES, FILL, OLD, type PlanCase, seedOf } from './plan-cases.ts'
import { checksumSql, type LoadSeen, WriteLoad } from './write-load.ts'

/** Rows of the table; ESA_BENCH_ROWS makes it smaller for a first look. */
const ROWS = Number(process.env['ESA_BENCH_ROWS'] ?? 1_000_000)

/** Connections of the load: with more waiting than this, later writes wait for a connection, and that counts too. */
const LOAD_CONNECTIONS = 24

/** What a migration may cost its writers. Source: docs/performance.md. */
const BLOCKED_MS_MAX = 1_000
const WRITES_PER_SECOND_MIN = 200

/** Load before and after the migration: it must be steady when that begins, and meet what is left behind. */
const CALM_MS = 2_000

interface Outcome {
  seen: LoadSeen
  equal: boolean
  seconds: number
}

/**
 * Each kind of plan on a table of a million rows under a steady write load: no write may fail, none may wait for long, and at
 * the end every row must have its content. Code of before writes until the contract phase, code of after from then on.
 */
export async function benchPlans({ url, note }: BenchServers): Promise<Figure[]> {
  const chosen = process.env['ESA_BENCH_CASES']?.split(',')
  const cases = CASES.filter(({ name }) => chosen?.includes(name) ?? true)
  await createDatabase(url, TEMPLATE)
  const template = await connectPool(withDatabase(url, TEMPLATE), { max: 1 })
  await template.query(`${BASE}; ${FILL(ROWS)}`)
  await template.query('vacuum analyze t')
  await template.end()
  const figures: Figure[] = []
  for (const one of cases) {
    const { seen, equal, seconds } = await walk(url, one)
    const told = `${seen.writes} writes (${Math.round(seen.perSecond)}/s), ${seen.failed.length} failed, longest ${Math.round(seen.longestMs)} ms, p99 ${Math.round(seen.p99Ms)} ms, checksums ${equal ? 'equal' : 'DIFFER'}, ${Math.round(seconds)} s`
    note(`${one.name}: ${told}`)
    if (seen.failed[0] !== undefined) note(`  ${seen.failed[0]}`)
    figures.push(
      {
        what: `${one.name}: longest blocked write`,
        value: Math.round(seen.longestMs),
        unit: 'ms',
        aim: { op: '<=', value: BLOCKED_MS_MAX },
        spread: told,
      },
      {
        what: `${one.name}: failed writes and wrong sums`,
        value: seen.failed.length + (equal ? 0 : 1),
        unit: '',
        aim: { op: '<=', value: 0 },
      },
      {
        what: `${one.name}: load`,
        value: Math.round(seen.perSecond),
        unit: '/s',
        aim: { op: '>=', value: WRITES_PER_SECOND_MIN },
      },
    )
  }
  await dropDatabase(url, TEMPLATE)
  return figures
}

const TEMPLATE = 'bench_plans_template'
const LIVE = 'bench_plans'

async function walk(url: string, one: PlanCase): Promise<Outcome> {
  const plan = await planOf(url, one)
  const admin = await connectPool(url, { max: 1 })
  await dropDatabase(url, LIVE)
  await admin.query(`create database ${LIVE} template ${TEMPLATE}`)
  await admin.end()
  const live = withDatabase(url, LIVE)
  const [target, writers] = [
    await connectPool(live, { max: 3 }),
    await connectPool(live, { max: LOAD_CONNECTIONS }),
  ]
  try {
    if (one.before !== undefined) await target.query(one.before)
    await target.query('vacuum analyze')
    const load = new WriteLoad(writers, one.old ?? OLD, ROWS, seedOf)
    load.start()
    await setTimeout(CALM_MS)
    const began = performance.now()
    await applyAll(target, plan, () => (load.writes = one.fresh ?? one.old ?? OLD))
    const seconds = (performance.now() - began) / 1_000
    await setTimeout(CALM_MS)
    const seen = await load.stop()
    const { rows } = await target.query(checksumSql(one.content ?? 'select id, v from t'))
    const expected = load.expected()
    return { seen, seconds, equal: rows[0]!['rows'] === expected.rows && rows[0]!['sum'] === expected.sum }
  } finally {
    await target.end()
    await writers.end()
    await dropDatabase(url, LIVE)
  }
}

/** The plan, made on two databases without rows. */
async function planOf(url: string, one: PlanCase): Promise<MigrationPlan> {
  const open = async (name: string, sql: string): Promise<Pool> => {
    await dropDatabase(url, name)
    await createDatabase(url, name)
    const pool = await connectPool(withDatabase(url, name), { max: 1 })
    await pool.query(sql)
    return pool
  }
  const source = await open('bench_plans_from', `${BASE}; ${one.before ?? ''}`)
  const goal = await open('bench_plans_to', one.to)
  try {
    const plan = await planChanges(source, goal, one.hints)
    if (plan.unplanned.length > 0) throw new Error(`${one.name}: ${JSON.stringify(plan.unplanned)}`)
    return plan
  } finally {
    await source.end()
    await goal.end()
    for (const name of ['bench_plans_from', 'bench_plans_to']) await dropDatabase(url, name)
  }
}

async function applyAll(target: Pool, plan: MigrationPlan, newCode: () => void): Promise<void> {
  const migration = await planMigration(plan)
  const ports: ApplyPorts = {
    target,
    ledger: targetLedger,
    by: 'bench',
    authorise: async () => {},
    requireApprovals: async () => {},
    clock: systemClock,
    random: Math.random,
  }
  for (const { name } of plan.phases) {
    if (name === 'contract') newCode()
    await applyMigration(migration, ports, name)
  }
  newCode()
}
