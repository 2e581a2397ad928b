import { EsaError } from '@esa/protocol'
import type { Node } from '@pgsql/types'
import type { Finding } from '../finding.ts'
import { readStatement } from '../guard/read-statement.ts'
import { requireHarmless } from '../guard/require-harmless.ts'
import { quoteRelation } from '../identifiers.ts'
import { proposeIndex } from '../index-proposal.ts'
import { type ExplainedPlan, type PlanLine, planLines, wastefulScans } from '../plan.ts'
import type { Queryable } from '../queryable.ts'
import { inReadOnly, OWN_MARK } from '../read-only.ts'
import { estimateFindings } from './estimate-findings.ts'
import { filterFindings } from './filter-findings.ts'
import { joinFindings } from './join-findings.ts'
import { memoryFindings } from './memory-findings.ts'
import { type PlacedNode, placedNodes } from './plan-tree.ts'
import { staleFindings, withStatisticsAdvice } from './statistics-findings.ts'
import { suspect, type Suspicion } from './suspicion.ts'
import { tableFacts } from './table-facts.ts'
import { wholePlanFindings } from './whole-plan-findings.ts'

/** A statement that was run once under EXPLAIN ANALYZE; times in ms. */
export interface ExplainedQuery {
  statement: string
  executionMs: number
  planningMs: number
  plan: PlanLine[]
  findings: Finding[]
}

/** The same, with how each fix may be tried. */
export interface Examination extends Omit<ExplainedQuery, 'findings'> {
  node: Node
  findings: Suspicion[]
}

const EXPLAIN = 'EXPLAIN (ANALYZE, BUFFERS, VERBOSE, SETTINGS, FORMAT JSON)'

/** Runs a statement that was judged before under EXPLAIN ANALYZE. */
export async function analyzed(session: Queryable, text: string): Promise<ExplainedPlan> {
  const { rows } = await session.query({ text: `${EXPLAIN} ${text}`, queryMode: 'extended' })
  const document = rows[0]?.['QUERY PLAN']
  const parsed = (typeof document === 'string' ? JSON.parse(document) : document) as
    | ExplainedPlan[]
    | undefined
  if (!parsed?.[0]) throw new EsaError('database.plan-missing', 'bug', 'EXPLAIN gave no plan')
  return parsed[0]
}

async function scanFindings(session: Queryable, { Plan }: ExplainedPlan): Promise<Suspicion[]> {
  const found: Suspicion[] = []
  for (const scan of wastefulScans(Plan)) {
    const { rows, removed, loops, ms, filter } = scan
    const index = await proposeIndex(session, scan)
    const relation = `${scan.schema}.${scan.relation}`
    found.push(
      suspect('seq-scan-with-selective-filter', {
        relation,
        message: `${relation} was read from end to end ${loops} times: ${removed} rows thrown away, ${rows} kept`,
        evidence: { rows, removed, loops, ms, filter },
        ...(index === undefined
          ? {}
          : {
              fix: index.ddl,
              trial: { kind: 'ddl', statements: [index.ddl.replace(' CONCURRENTLY IF NOT EXISTS', '')] },
            }),
      }),
    )
  }
  return found
}

async function findingsOf(session: Queryable, explained: ExplainedPlan, node: Node): Promise<Suspicion[]> {
  const nodes = placedNodes(explained.Plan)
  const tables = await tableFacts(session, relationNames(nodes))
  const { rows } = await session.query(
    `select ${OWN_MARK} current_setting('max_parallel_workers_per_gather')::int as workers`,
  )
  const estimates = estimateFindings(nodes).map((found) => withStatisticsAdvice(found, tables))
  return [
    ...(await scanFindings(session, explained)),
    ...(await filterFindings(nodes, tables, node)),
    ...joinFindings(nodes, explained['Execution Time']),
    ...memoryFindings(nodes),
    ...(await Promise.all(estimates)),
    ...staleFindings(tables),
    ...wholePlanFindings(explained, nodes, Number(rows[0]?.['workers'] ?? 0)),
  ]
}

function relationNames(nodes: PlacedNode[]): string[] {
  const names = nodes.flatMap(({ node: { Schema: schema, 'Relation Name': name } }) =>
    schema === undefined || name === undefined ? [] : [quoteRelation(schema, name)],
  )
  return [...new Set(names)]
}

/**
 * Runs one SELECT of somebody else once under EXPLAIN ANALYZE behind the guard, and says what its plan gives away.
 * @throws EsaError `sql.not-a-read`, `sql.syntax` with nothing executed; `database.timeout` after `timeoutMs`.
 */
export async function examineQuery(
  queryable: Queryable,
  sql: string,
  timeoutMs: number,
): Promise<Examination> {
  const reading = await readStatement(sql)
  return inReadOnly(queryable, timeoutMs, async (session) => {
    await requireHarmless(session, reading)
    const explained = await analyzed(session, reading.text)
    return {
      statement: reading.text,
      node: reading.node,
      executionMs: explained['Execution Time'],
      planningMs: explained['Planning Time'],
      plan: planLines(explained.Plan),
      findings: await findingsOf(session, explained, reading.node),
    }
  })
}

/** As `examineQuery`, without what only a trial needs. */
export async function explainQuery(
  queryable: Queryable,
  sql: string,
  timeoutMs: number,
): Promise<ExplainedQuery> {
  const { statement, executionMs, planningMs, plan, findings } = await examineQuery(queryable, sql, timeoutMs)
  return {
    statement,
    executionMs,
    planningMs,
    plan,
    findings: findings.map(withoutTrial),
  }
}

function withoutTrial(suspicion: Suspicion): Finding {
  const finding = { ...suspicion }
  delete finding.trial
  return finding
}
