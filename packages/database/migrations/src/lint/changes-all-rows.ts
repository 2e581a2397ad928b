import type { Queryable, ParsedStatement } from '@esa/database-catalog/sql'

/** Parts of a plan that leave rows out. */
const CONDITION = /(?:Filter|Cond)$/

/**
 * True for an UPDATE or DELETE whose plan has no condition: PostgreSQL itself says that its WHERE leaves nothing out, as
 * in 1 = 1. Checked after the statement ran, so that what it names is there.
 */
export async function changesAllRows(session: Queryable, { node, text }: ParsedStatement): Promise<boolean> {
  if (!('UpdateStmt' in node || 'DeleteStmt' in node)) return false
  await session.query('SAVEPOINT esa_plan')
  try {
    const { rows } = await session.query(`explain (format json) ${text}`)
    const [{ Plan: plan }] = rows[0]!['QUERY PLAN'] as [{ Plan: PlanNode }]
    return (plan.Plans ?? []).filter(isOfRows).every((child) => !hasCondition(child))
  } catch {
    return false
  } finally {
    await session.query('ROLLBACK TO SAVEPOINT esa_plan')
  }
}

interface PlanNode {
  'Node Type': string
  'Parent Relationship'?: string
  Plans?: PlanNode[]
}

/** False for a subquery beside the rows: its conditions are its own. */
function isOfRows(node: PlanNode): boolean {
  return !/^(?:InitPlan|SubPlan)$/.test(node['Parent Relationship'] ?? '')
}

function hasCondition(node: PlanNode): boolean {
  return (
    node['Node Type'] === 'Limit' ||
    Object.keys(node).some((key) => CONDITION.test(key)) ||
    (node.Plans ?? []).filter(isOfRows).some(hasCondition)
  )
}
