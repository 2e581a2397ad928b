import type { Node } from '@pgsql/types'
import { columnPath, walk, indexName, quoteIdentifier, quoteRelation } from '@esa/database-catalog/sql'
import type { PlanNode } from '../measure/plan.ts'
import { conjuncts } from './filter-findings.ts'
import { relationOf } from './plan-tree.ts'
import { suspect, type Suspicion } from './suspicion.ts'
import type { TableFacts } from './rewrite/table-facts.ts'

/** Part of a table that may change before its statistics are of another table, and the least that is worth a word. */
const CHANGED_PART_MAX = 0.2
const CHANGED_ROWS_MIN = 1_000

function nameOf({ schema, name }: TableFacts): string {
  return `${schema}.${name}`
}

function isStale({ rows, activity: { growth, changed, rewritten, analyzedAt } }: TableFacts): boolean {
  if (changed < CHANGED_ROWS_MIN) return false
  if (analyzedAt === null) return true
  // Rows inserted just before ANALYZE are reported after it, as changed since: the table's size tells that it saw them.
  const seen = !rewritten && growth <= 1 + CHANGED_PART_MAX
  return !seen && changed > Math.max(rows ?? 0, 1) * CHANGED_PART_MAX
}

/** Tables whose statistics are of other rows than those there are. */
export function staleFindings(tables: readonly TableFacts[]): Suspicion[] {
  return tables.filter(isStale).map((facts) => {
    const ddl = `ANALYZE ${quoteRelation(facts.schema, facts.name)}`
    const { analyzedAt, changed } = facts.activity
    const when = analyzedAt === null ? 'was never analyzed' : `was analyzed ${analyzedAt}`
    return suspect('stale-statistics', {
      relation: nameOf(facts),
      message: `${nameOf(facts)} ${when}; ${changed} rows have changed since`,
      evidence: { rows: facts.rows ?? -1, changedSinceAnalyze: changed, analyzedAt },
      fix: ddl,
      trial: { kind: 'ddl', statements: [ddl] },
    })
  })
}

/** Columns of a scan's own conditions. */
async function conditionColumns(node: PlanNode, facts: TableFacts): Promise<string[]> {
  const text = [node.Filter, node['Index Cond'], node['Recheck Cond']].filter((part) => part !== undefined)
  const parts = await Promise.all(text.map(conjuncts))
  const names = new Set<string>()
  walk(parts.flat() satisfies Node[], (kind, body) => {
    const name = kind === 'ColumnRef' ? columnPath(body)?.at(-1) : undefined
    if (name !== undefined && facts.columns.some((column) => column.name === name)) names.add(name)
  })
  return [...names]
}

/**
 * Completes a misestimate: several columns of one table that hang together need extended statistics, one column a
 * larger sample, a table whose statistics are old an ANALYZE.
 */
export async function withStatisticsAdvice(
  { node, ...found }: Suspicion & { node: PlanNode },
  tables: readonly TableFacts[],
): Promise<Suspicion> {
  const facts = tables.find((one) => nameOf(one) === relationOf(node))
  if (!facts) return found
  const table = quoteRelation(facts.schema, facts.name)
  if (isStale(facts)) return { ...found, fix: `ANALYZE ${table}` }
  const columns = await conditionColumns(node, facts)
  if (columns.length >= 2) {
    // Before PostgreSQL 16 statistics take a name, and it is theirs among all of the schema.
    const name = quoteRelation(facts.schema, indexName(facts.name, columns).replace(/_idx$/, '_stat'))
    const made = `CREATE STATISTICS ${name} ON ${columns.map(quoteIdentifier).join(', ')} FROM ${table}`
    return {
      ...found,
      message: `${found.message}; its conditions on ${columns.join(', ')} are taken to be independent, and are not`,
      fix: `${made}; ANALYZE ${table}`,
      trial: { kind: 'ddl', statements: [made, `ANALYZE ${table}`] },
    }
  }
  const [column] = columns
  if (column === undefined) return found
  const wider = `ALTER TABLE ${table} ALTER COLUMN ${quoteIdentifier(column)} SET STATISTICS 1000`
  return {
    ...found,
    fix: `${wider}; ANALYZE ${table}`,
    trial: { kind: 'ddl', statements: [wider, `ANALYZE ${table}`] },
  }
}
