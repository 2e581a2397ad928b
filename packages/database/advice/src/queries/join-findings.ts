import { figures } from '../measure/plan.ts'
import { firstRelation, nodeName, type PlacedNode, relationOf, shareOf } from './plan-tree.ts'
import { suspect, type Suspicion } from './suspicion.ts'

/** Repetitions of an inner side or a subquery before they can be what costs. */
const LOOPS_MIN = 1_000

/** Part of the whole time, below which a repair would not be felt. */
const SHARE_MIN = 0.25

/** How many times more than planned makes a nested loop the wrong join. */
const SURPRISE = 10

/** Rows thrown away behind an index before another index is worth it; and how many for each that was kept. */
const REMOVED_MIN = 1_000
const REMOVED_PER_ROW_MIN = 10

const round = (ms: number): number => Number(ms.toFixed(3))

function about(node: PlacedNode['node'], totalMs: number): Suspicion['evidence'] {
  const { loops, rows, ms, removed } = figures(node)
  return {
    node: nodeName(node),
    loops,
    rows,
    removed,
    ms: round(ms),
    shareOfTime: round(shareOf(node, totalMs)),
  }
}

function ofRelation(node: PlacedNode['node']): { relation?: string } {
  const relation = firstRelation(node)
  return relation === undefined ? {} : { relation }
}

function nestedLoop({ node }: PlacedNode, totalMs: number): Suspicion[] {
  const [outer, inner] = node.Plans ?? []
  if (node['Node Type'] !== 'Nested Loop' || !outer || !inner) return []
  const { loops, removed } = figures(inner)
  if (loops < LOOPS_MIN || shareOf(node, totalMs) < SHARE_MIN) return []
  const planned = outer['Plan Rows'] ?? 0
  const more = (inner['Actual Rows'] ?? 0) >= SURPRISE * Math.max(1, inner['Plan Rows'] ?? 0)
  const surprised = more || loops >= SURPRISE * Math.max(1, planned)
  // Index look-ups that were planned as many times as they came are what a nested loop is for.
  if (!surprised && removed < loops * REMOVED_PER_ROW_MIN && inner['Node Type'] !== 'Seq Scan') return []
  const expected = `planned for ${planned} times ${inner['Plan Rows'] ?? 0} rows`
  const why = surprised
    ? `${expected}, it gave ${inner['Actual Rows'] ?? 0} each time`
    : 'it throws away what does not match'
  return [
    suspect('nested-loop-blowup', {
      ...ofRelation(inner),
      message: `the inner side of a nested loop, ${nodeName(inner)}, was run ${loops} times: ${why}`,
      evidence: { ...about(inner, totalMs), plannedOuterRows: planned, filter: inner.Filter ?? null },
      fix: surprised
        ? `make the estimates right: ANALYZE ${firstRelation(outer) ?? ''} and ${firstRelation(inner) ?? ''}, extended statistics for conditions that hang together`
        : `an index on the columns by which ${firstRelation(inner) ?? 'the inner side'} is joined`,
      trial: { kind: 'settings', settings: { enable_nestloop: 'off' } },
    }),
  ]
}

function subplan({ node }: PlacedNode, totalMs: number): Suspicion[] {
  if (node['Parent Relationship'] !== 'SubPlan') return []
  if (figures(node).loops < LOOPS_MIN || shareOf(node, totalMs) < SHARE_MIN) return []
  return [
    suspect('correlated-subquery', {
      ...ofRelation(node),
      message: `a subquery was run for each of ${figures(node).loops} rows`,
      evidence: about(node, totalMs),
      fix: 'aggregate once in a joined subquery (GROUP BY its key), or give it an index that answers each run at once',
    }),
  ]
}

function behindIndex({ node, ancestors }: PlacedNode, totalMs: number): Suspicion[] {
  const { rows, removed } = figures(node)
  if (!/^Index( Only)? Scan/.test(node['Node Type']) || node.Filter === undefined) return []
  if (removed < REMOVED_MIN || removed < rows * REMOVED_PER_ROW_MIN || shareOf(node, totalMs) < SHARE_MIN)
    return []
  const limited = ancestors.some((above) => above['Node Type'] === 'Limit')
  const relation = relationOf(node)
  return [
    suspect('filter-after-index', {
      ...(relation === undefined ? {} : { relation }),
      message:
        `${node['Index Name']} was followed past ${removed} rows that the filter threw away, ${rows} were kept` +
        (limited ? ': chosen for its order, in the hope that LIMIT ends it early' : ''),
      evidence: { ...about(node, totalMs), filter: node.Filter, indexCond: node['Index Cond'] ?? null },
      fix: 'an index whose first columns are those of the filter and whose last give the order',
    }),
  ]
}

function heapFetches({ node }: PlacedNode): Suspicion[] {
  const fetches = (node['Heap Fetches'] ?? 0) * (node['Actual Loops'] ?? 1)
  const { rows } = figures(node)
  if (node['Node Type'] !== 'Index Only Scan' || fetches < REMOVED_MIN || fetches * 5 < rows) return []
  const relation = relationOf(node) ?? ''
  return [
    suspect('heap-fetches', {
      relation,
      message: `an index-only scan went to the table for ${fetches} of ${rows} rows: their pages are not marked all-visible`,
      evidence: { node: nodeName(node), heapFetches: fetches, rows },
      fix: `VACUUM ${relation}, and let autovacuum come more often (autovacuum_vacuum_insert_scale_factor)`,
    }),
  ]
}

function fence({ node }: PlacedNode): Suspicion[] {
  const { rows, removed } = figures(node)
  if (node['Node Type'] !== 'CTE Scan' || removed < REMOVED_MIN || removed < rows * REMOVED_PER_ROW_MIN)
    return []
  return [
    suspect('cte-fence', {
      message: `the WITH query ${node['CTE Name']} was computed in full, and ${removed} of its rows thrown away afterwards`,
      evidence: { node: nodeName(node), rows, removed, filter: node.Filter ?? null },
      fix: `WITH ${node['CTE Name']} AS NOT MATERIALIZED (...), or the condition inside it`,
    }),
  ]
}

function notIn({ node }: PlacedNode, totalMs: number): Suspicion[] {
  const filter = node.Filter ?? ''
  if (!/NOT \((?:ANY |hashed )?.*SubPlan/.test(filter) || filter.includes('EXISTS')) return []
  const hashed = filter.includes('hashed SubPlan')
  return [
    suspect('not-in', {
      severity: hashed ? 'info' : 'warning',
      ...ofRelation(node),
      message: hashed
        ? 'NOT IN is a filter over a hashed subquery: it cannot become an anti join, and one NULL in it empties the answer'
        : 'NOT IN runs or reads through its subquery for each row: it did not fit into work_mem as a hash',
      evidence: { ...about(node, totalMs), filter, hashed },
      fix: 'NOT EXISTS (SELECT ... WHERE its column = the outer one), with the column declared NOT NULL',
    }),
  ]
}

/** What a plan repeats, passes by, or computes for nothing. `totalMs` is the time of the whole statement. */
export function joinFindings(nodes: PlacedNode[], totalMs: number): Suspicion[] {
  return nodes.flatMap((placed) => [
    ...nestedLoop(placed, totalMs),
    ...subplan(placed, totalMs),
    ...behindIndex(placed, totalMs),
    ...heapFetches(placed),
    ...fence(placed),
    ...notIn(placed, totalMs),
  ])
}
