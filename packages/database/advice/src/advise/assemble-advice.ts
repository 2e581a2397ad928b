import { type Clock, postgresError, type Queryable } from '@esa/database-catalog/sql'
import type { IndexAdvice, QueryGain, Recommendation, Refusal, WriteCost } from './advice.ts'
import type { Runs, TimedStatement } from './bench.ts'
import { refusal } from './build-and-try.ts'
import type { BuiltCandidate } from './built-indexes.ts'
import { buildSteps, createSql, partsOf } from './candidate.ts'
import { gainOf } from './final-timing.ts'
import type { PreparedWorkload } from './prepare-statements.ts'
import { redundantIndexes } from './redundant-indexes.ts'
import type { Search } from './search.ts'
import { settleRefusals } from './settle-refusals.ts'
import type { TableFacts } from './statements/table-catalog.ts'
import type { Trials } from './trials.ts'
import { measureWrites } from './write-cost.ts'

interface Found {
  session: Queryable
  clock: Clock
  trials: Trials
  search: Search
  statements: readonly TimedStatement[]
  tables: readonly TableFacts[]
  pairs: ReadonlyMap<string, { before: Runs; after: Runs }>
  refused: Refusal[]
  prepared: Pick<PreparedWorkload, 'skipped' | 'notes'>
  timeoutMs: number
}

interface Frame {
  goalMs: number
  budgetBytes: number
  began: number
  until: number
  tell: (done: number, total: number, what: string) => void
}

const relationOf = ({ schema, name }: TableFacts): string => `${schema}.${name}`

async function writeCosts(
  { session, clock, trials, search }: Found,
  { until, tell }: Frame,
): Promise<Map<string, WriteCost>> {
  const costs = new Map<string, WriteCost>()
  const tables = new Map(search.chosen.map(({ table }) => [relationOf(table), table]))
  for (const [nth, [relation, table]] of [...tables].entries()) {
    if (clock.now() > until) break
    tell(nth, tables.size, relation)
    const own = (hidden: BuiltCandidate[]): string[] =>
      hidden.filter((one) => one.table === table).map(({ qualified }) => qualified)
    const others = trials.built.filter((one) => !search.chosen.includes(one))
    const measured = await measureWrites(
      session,
      table,
      { without: own(trials.built), withChosen: own(others) },
      clock,
      // A table that takes no row again (a rule, a foreign key to what is not there) leaves its cost unsaid.
    ).catch((error: unknown) => {
      if (postgresError(error).code === 'database.unreachable') throw error
      return undefined
    })
    if (measured) costs.set(relation, measured)
  }
  return costs
}

function refuseRest({ trials, search, refused }: Found, { budgetBytes }: Frame): Refusal[] {
  const told = new Set(refused.map(({ ddl }) => ddl))
  const rest = trials.built.filter(
    (one) => !search.chosen.includes(one) && !told.has(createSql(one, 'concurrently')),
  )
  return rest.map((one) => {
    const times = search.timesOf(one)
    if (times.size === 0) return refusal(one, 'not-used', 'built, and no plan took it', one)
    const fits = search.bytes + one.sizeBytes <= budgetBytes
    const beside = search.chosen.length === 0 ? '' : 'beside what is recommended '
    return fits
      ? refusal(one, 'no-gain', `built: ${beside}it saves too little`, one)
      : refusal(one, 'budget', 'built: it does not fit beside what saves more per byte', one)
  })
}

/** Why the statements take it whose plans do: the others' reasons are not its own. */
function reasonOf({ because, reasons }: BuiltCandidate, users: readonly string[]): string {
  const own = new Set(users.flatMap((id) => reasons?.get(id) ?? []))
  return own.size === 0 ? because : [...own].join('; or ')
}

async function usedBy(found: Found): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>()
  for (const statement of found.statements) {
    for (const { name } of await found.trials.taken(statement, found.search.chosen)) {
      users.set(name, [...(users.get(name) ?? []), statement.id])
    }
  }
  return users
}

function withText(
  gain: QueryGain | undefined,
  statements: readonly TimedStatement[],
): (QueryGain & { sql: string })[] {
  const sql = statements.find(({ id }) => id === gain?.id)?.texts[0]
  return gain === undefined || sql === undefined ? [] : [{ ...gain, sql }]
}

/** A statement without which an index cannot be built, or is not whole. */
function companion(ddl: string, because: string): Recommendation {
  return { ddl, sizeBytes: 0, method: 'rehearsed', because, queries: [], buildMs: 0, writes: null }
}

/** Puts what was found into the answer: extensions before the indexes that need them, what writes cost, what can go. */
export async function assembleAdvice(found: Found, frame: Frame): Promise<IndexAdvice> {
  const { search, statements, pairs, refused, prepared, timeoutMs, clock } = found
  const { goalMs, budgetBytes, began } = frame
  const gains = new Map<string, QueryGain>(
    statements.flatMap(({ id }) => {
      const pair = pairs.get(id)
      return pair && pair.after.ms.length > 0 ? [[id, gainOf(id, pair, timeoutMs)]] : []
    }),
  )
  const users = await usedBy(found)
  const costs = await writeCosts(found, frame)
  const recommendations: Recommendation[] = []
  const extensions = new Set(search.chosen.flatMap(({ extension }) => extension ?? []))
  for (const extension of extensions) {
    const ddl = `CREATE EXTENSION IF NOT EXISTS ${extension}`
    recommendations.push(companion(ddl, 'the operator class of an index below comes from it'))
  }
  for (const one of search.chosen) {
    const [ddl = '', ...more] = buildSteps(one)
    const own = users.get(one.name) ?? []
    recommendations.push({
      ddl,
      sizeBytes: one.sizeBytes,
      method: 'rehearsed',
      because: reasonOf(one, own),
      queries: own.flatMap((id) => withText(gains.get(id), statements)),
      buildMs: Math.round(one.buildMs),
      writes: costs.get(relationOf(one.table)) ?? null,
      index: partsOf(one),
    })
    recommendations.push(...more.map((step) => companion(step, `a part of ${one.name}, counted there`)))
  }
  return {
    recommendations,
    totalBytes: search.bytes,
    refused: settleRefusals([...refused, ...refuseRest(found, frame)], {
      built: new Map(found.trials.built.map((one) => [one.name, createSql(one, 'concurrently')])),
      chosen: new Set(search.chosen.map(({ name }) => name)),
    }),
    drop: redundantIndexes(found.tables, search.chosen),
    queries: statements.flatMap(({ id, weight, texts }) => {
      const gain = gains.get(id)
      return gain ? [{ ...gain, sql: texts[0]!, weight, ok: gain.p95UsAfter < goalMs * 1_000 }] : []
    }),
    skipped: prepared.skipped,
    notes: prepared.notes,
    goalMs,
    budgetBytes: Number.isFinite(budgetBytes) ? budgetBytes : null,
    elapsedMs: Math.round(clock.now() - began),
    complete: search.complete,
  }
}
