import { type Clock, type Queryable, parseScript } from '@esa/database-catalog/sql'
import { isToolTable } from '@esa/database-catalog'
import { fingerprintOf, sampleActivity, type SeenStatement } from '../measure/workload-activity.ts'
import { readStatementStatistics } from '../measure/workload-statistics.ts'
import type { TimedStatement } from './bench.ts'
import { tableNames } from './statements/read-shape.ts'

/** A workload taken from a running database. */
export interface FoundWorkload {
  source: 'pg_stat_statements' | 'pg_stat_activity' | 'none'
  /** `texts` have the values that were seen, or `$1`, `$2` where none were. */
  statements: TimedStatement[]
  /** How it was taken, and what that cannot tell. */
  method: string
}

/** How long activity is watched for values, ms: a quarter of the default is spent even on an idle server. */
const WATCH_MS = 3_000

/** A text without parameters: it can be run as it is. */
const complete = (text: string): boolean => !/\$\d/.test(text)

function seenTexts(seen: readonly SeenStatement[], key: string | undefined): string[] {
  return seen.find((one) => one.fingerprint === key)?.texts.filter(complete) ?? []
}

/** A table's own name. */
const bare = (name: string): string => name.slice(name.lastIndexOf('.') + 1).replaceAll('"', '')

/** True for a statement about the application's own tables: what reads catalogs, or a migration tool's record, is a tool. */
async function isOfApplication(sql: string): Promise<boolean> {
  const [statement] = await parseScript(sql).catch(() => [])
  const names = statement ? tableNames(statement.node) : []
  return names.some((name) => !/^"(?:pg_|information_schema)/.test(name) && !isToolTable(bare(name)))
}

/** Their texts, those of the application's own tables alone. */
async function ofApplication<T extends { texts: readonly string[] }>(statements: readonly T[]): Promise<T[]> {
  const own = await Promise.all(statements.map(({ texts }) => isOfApplication(texts[0] ?? '')))
  return statements.filter((_, nth) => own[nth])
}

/**
 * The queries of a database: the statements that took most time by pg_stat_statements, with the values that sessions were
 * seen sending meanwhile; where that extension is missing, what sessions were seen running. Weights are calls, or times
 * seen. @throws EsaError `database.*`.
 */
export async function readWorkload(target: Queryable, clock: Clock): Promise<FoundWorkload> {
  const seen = await ofApplication(await sampleActivity(target, WATCH_MS, clock))
  const statistics = await readStatementStatistics(target)
  if (statistics.statements === null || statistics.statements.length === 0) {
    const why =
      statistics.statements === null ? statistics.why : 'pg_stat_statements has counted no query yet'
    return {
      source: seen.length === 0 ? 'none' : 'pg_stat_activity',
      statements: seen.map(({ fingerprint, seen: weight, texts }) => ({
        id: fingerprint,
        weight: Math.max(weight, 1),
        texts: texts.filter(complete).length > 0 ? texts.filter(complete) : texts,
      })),
      method: `pg_stat_activity watched for ${WATCH_MS} ms: short and rare statements are missed; ${why}`,
    }
  }
  const counted: TimedStatement[] = []
  for (const { id, sql, calls } of statistics.statements) {
    const texts = seenTexts(seen, await fingerprintOf(sql))
    counted.push({ id, weight: calls, texts: texts.length > 0 ? texts : [sql] })
  }
  const statements = await ofApplication(counted)
  const withValues = statements.filter(({ texts }) => texts.every(complete)).length
  const values = `${withValues} of ${statements.length} complete or with values seen in pg_stat_activity, the others with values of the copy’s rows`
  return { source: 'pg_stat_statements', statements, method: `${statistics.method}; ${values}` }
}
