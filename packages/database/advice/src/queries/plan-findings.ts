import type { Node } from '@pgsql/types'
import { quoteRelation, OWN_MARK, type ReadOnlySession } from '@esa/database-catalog/sql'
import { proposeIndex } from '../measure/index-proposal.ts'
import { type ExplainedPlan, type WastefulScan, wastefulScans } from '../measure/plan.ts'
import { estimateFindings } from './estimate-findings.ts'
import { filterFindings } from './filter-findings.ts'
import { joinFindings } from './join-findings.ts'
import { memoryFindings } from './memory-findings.ts'
import { type PlacedNode, placedNodes } from './plan-tree.ts'
import { staleFindings, withStatisticsAdvice } from './statistics-findings.ts'
import { proposeSearchIndex } from './search-index.ts'
import { suspect, type Suspicion } from './suspicion.ts'
import { tableFacts } from './rewrite/table-facts.ts'
import { wholePlanFindings } from './whole-plan-findings.ts'

async function scanFindings(
  session: ReadOnlySession,
  { Plan }: ExplainedPlan,
  node: Node,
): Promise<Suspicion[]> {
  const found: Suspicion[] = []
  for (const scan of wastefulScans(Plan)) {
    const { rows, removed, loops, ms, filter } = scan
    const relation = `${scan.schema}.${scan.relation}`
    found.push(
      suspect('seq-scan-with-selective-filter', {
        relation,
        message: `${relation} was read from end to end ${loops} times: ${removed} rows thrown away, ${rows} kept`,
        evidence: { rows, removed, loops, ms, filter },
        ...(await indexFor(session, scan, node)),
      }),
    )
  }
  return found
}

/** The index that would have spared a scan, and how it is tried. */
async function indexFor(
  session: ReadOnlySession,
  scan: WastefulScan,
  node: Node,
): Promise<Pick<Suspicion, 'fix' | 'trial'>> {
  const index = await proposeIndex(session, scan)
  if (index !== undefined) {
    const plainly = index.ddl.replace(' CONCURRENTLY IF NOT EXISTS', '')
    return { fix: index.ddl, trial: { kind: 'ddl', statements: [plainly] } }
  }
  const search = await proposeSearchIndex(session, scan, node)
  return search === undefined
    ? { fix: 'no index on its columns serves this condition as it is: see what else is found' }
    : { fix: search.ddl, trial: { kind: 'ddl', statements: search.steps } }
}

/** What a plan that was run gives away, with what the catalog knows of its tables. */
export async function planFindings(
  session: ReadOnlySession,
  explained: ExplainedPlan,
  node: Node,
): Promise<Suspicion[]> {
  const nodes = placedNodes(explained.Plan)
  const tables = await tableFacts(session, relationNames(nodes))
  const { rows } = await session.query(
    `select ${OWN_MARK} pg_catalog.current_setting('max_parallel_workers_per_gather') as workers`,
  )
  const filters = await filterFindings(nodes, tables, node)
  // What a function around a column gives is guessed: the function is what is wrong, not the guess.
  const wrapped = new Set(filters.map(({ evidence }) => evidence['node']))
  const estimates = estimateFindings(nodes)
    .filter(({ evidence }) => !wrapped.has(evidence['node']))
    .map((found) => withStatisticsAdvice(found, tables))
  return [
    ...(await scanFindings(session, explained, node)),
    ...filters,
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
