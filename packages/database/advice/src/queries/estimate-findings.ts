import type { PlanNode } from '../measure/plan.ts'
import { firstRelation, nodeName, type PlacedNode } from './plan-tree.ts'
import { suspect, type Suspicion } from './suspicion.ts'

/** Factor between planned and actual rows from which a plan is no longer the planner's own choice. */
const FACTOR_MIN = 10

/** Rows on the larger side, below which a wrong estimate changes no plan. */
const ROWS_MIN = 1_000

/** Nodes whose rows are cut short by nodes above them: they show fewer rows than there are. */
const CUTTING = new Set(['Limit', 'Merge Join', 'Nested Loop', 'Append', 'Merge Append'])

/** Nodes that pass on the estimate of what is below them, and those of a bitmap, whose table is above. */
const PASSING = new Set(
  'Gather,Gather Merge,Sort,Limit,Hash,Materialize,Memoize,Incremental Sort,Bitmap Index Scan,BitmapAnd,BitmapOr'.split(
    ',',
  ),
)

function rowsOf(node: PlanNode): { planned: number; actual: number } {
  return { planned: Math.max(1, node['Plan Rows'] ?? 0), actual: Math.round(node['Actual Rows'] ?? 0) }
}

function wrong({ node, ancestors }: PlacedNode): boolean {
  if ((node['Actual Loops'] ?? 0) === 0 || node['Parent Relationship'] === 'InitPlan') return false
  // What a subquery lets through is guessed, and no statistics change that.
  if (PASSING.has(node['Node Type']) || node.Filter?.includes('SubPlan')) return false
  const { planned, actual } = rowsOf(node)
  if (Math.max(planned, actual) < ROWS_MIN) return false
  if (actual >= planned * FACTOR_MIN) return true
  // Of a join that gives less than was feared nothing follows; and a node above may not have needed the rest.
  if (node['Relation Name'] === undefined) return false
  const cut = ancestors.some(
    (above) => CUTTING.has(above['Node Type']) || /Semi|Anti/.test(above['Join Type'] ?? ''),
  )
  return !cut && planned >= Math.max(1, actual) * FACTOR_MIN
}

/** The nodes at which estimates went wrong first: what is above them only inherits it. */
function misestimatedNodes(nodes: PlacedNode[]): PlacedNode[] {
  const bad = nodes.filter(wrong)
  return bad.filter(({ node }) => !bad.some((other) => other.ancestors.includes(node)))
}

/** A finding for each node at which the planner first went wrong; `fix` is completed by what the catalog knows. */
export function estimateFindings(nodes: PlacedNode[]): (Suspicion & { node: PlanNode })[] {
  return misestimatedNodes(nodes).map(({ node }) => {
    const { planned, actual } = rowsOf(node)
    const relation = firstRelation(node)
    const factor = Math.round(Math.max(actual / planned, planned / Math.max(1, actual)))
    return {
      ...suspect('misestimate', {
        ...(relation === undefined ? {} : { relation }),
        message: `${nodeName(node)}: ${planned} rows were planned, ${actual} came (${factor} times ${actual > planned ? 'more' : 'fewer'})`,
        evidence: {
          node: nodeName(node),
          plannedRows: planned,
          actualRows: actual,
          factor,
          condition:
            node.Filter ??
            node['Index Cond'] ??
            node['Recheck Cond'] ??
            node['Hash Cond'] ??
            node['Join Filter'] ??
            null,
        },
        fix: relation === undefined ? 'ANALYZE what is read' : `ANALYZE ${relation}`,
      }),
      node,
    }
  })
}
