import type { Node, SelectStmt } from '@pgsql/types'
import type { JudgingSession } from '@esa/database-catalog/guard'
import { walk } from '@esa/database-catalog/sql'
import type { Budget } from '../budget.ts'
import { proveSameRows, type RowProof } from './prove-same-rows.ts'
import { aggregatedBeforeJoin } from './rewrite-aggregation.ts'
import { newCondition } from './rewrite-conditions.ts'
import { countAsEstimate, offsetAsKeyset } from './rewrite-paging.ts'
import { copyOf, notInAsNotExists, orAsUnion, subqueriesPreAggregated } from './rewrite-structure.ts'
import { allOf, conditionsOf, expressionOf, selectsOf, sqlOf, tablesInScope } from './scope.ts'
import type { TableFacts } from './table-facts.ts'

/** Another statement for the same purpose. */
export interface Rewrite {
  /** The finding that it answers: `offset-paging`, `function-on-column`, `not-in` ... */
  rule: string
  sql: string
  /** False: it gives another answer, and is an alternative at best. */
  sameRows: boolean
  proof: RowProof | null
  /** What an application has to know to use it. */
  note?: string
}

interface Draft {
  rule: string
  sql: string
  /** What it is compared with, where that is not the statement itself. */
  of?: string
  note?: string
  /** It holds values of the rows as they are: on others it is another page. */
  dataOnly?: true
}

/** Conditions of every SELECT in new forms, one draft a rule; each rule is proven by itself. */
async function conditionDrafts(node: Node, known: readonly TableFacts[]): Promise<Draft[]> {
  const rules = new Set<string>()
  const drafts: Draft[] = []
  const collect = async (wanted: string | null): Promise<Draft | undefined> => {
    const { node: copy } = copyOf(node)
    let changed = false
    for (const select of selectsOf(copy))
      changed = (await replaceConditions(select, known, wanted, rules)) || changed
    return changed && wanted !== null ? { rule: wanted, sql: sqlOf(copy) } : undefined
  }
  await collect(null)
  for (const rule of rules) {
    const draft = await collect(rule)
    if (draft) drafts.push(draft)
  }
  return drafts
}

/** Replaces the conditions that a rule knows another form of; with no rule it only notes which rules there are. */
async function replaceConditions(
  select: SelectStmt,
  known: readonly TableFacts[],
  wanted: string | null,
  rules: Set<string>,
): Promise<boolean> {
  const scope = tablesInScope(select, known)
  let changed = false
  const conditions = await Promise.all(
    conditionsOf(select.whereClause).map(async (condition) => {
      const comparison = scope === null ? undefined : newCondition(condition, scope)
      if (comparison) rules.add(comparison.rule)
      if (comparison && comparison.rule === wanted) {
        changed = true
        return expressionOf(comparison.sql)
      }
      const exists = await notInAsNotExists(condition, select, known)
      if (!exists) return condition
      rules.add('not-in')
      if (wanted !== 'not-in') return condition
      changed = true
      return exists
    }),
  )
  const where = allOf(conditions)
  if (changed && where) select.whereClause = where
  return changed
}

/** A WITH query that is computed in full, although it need not be. */
function withoutFence(node: Node): string | undefined {
  const { node: copy, select } = copyOf(node)
  let changed = false
  for (const cte of select.withClause?.ctes ?? []) {
    if (!('CommonTableExpr' in cte) || select.withClause?.recursive) continue
    if (cte.CommonTableExpr.ctematerialized !== 'CTEMaterializeAlways') continue
    cte.CommonTableExpr.ctematerialized = 'CTEMaterializeNever'
    changed = true
  }
  return changed ? sqlOf(copy) : undefined
}

/** The tables without those that a WITH query hides by its name. */
function unhidden(tables: readonly TableFacts[], node: Node): readonly TableFacts[] {
  const hidden = new Set<unknown>()
  walk(node, (kind, body) => {
    if (kind === 'CommonTableExpr') hidden.add(body['ctename'])
  })
  return tables.filter(({ name }) => !hidden.has(name))
}

async function drafts(
  session: JudgingSession,
  node: Node,
  known: readonly TableFacts[],
  budget: Budget,
): Promise<Draft[]> {
  const found = await conditionDrafts(node, known)
  const page = await budget.try(() => offsetAsKeyset(session, node, known))
  const note = page && `for any page: ${page.template}, with the keys of the last row of the page before`
  if (page && note !== undefined)
    found.push({ rule: 'offset-paging', sql: page.sql, of: page.of, note, dataOnly: true })
  const others: [string, string | undefined][] = [
    ['or-across-columns', await orAsUnion(node, known)],
    ['correlated-subquery', subqueriesPreAggregated(node, known)],
    ['aggregated-after-join', await aggregatedBeforeJoin(node, known)],
    ['cte-fence', withoutFence(node)],
  ]
  for (const [rule, sql] of others) if (sql !== undefined) found.push({ rule, sql })
  return found
}

const PROOFS = ['data', 'nulls', 'empty'] as const

/** Functions whose answer changes from row to row: two runs differ without any fault of the rewrite. */
const CHANGING = new Set([
  'random',
  'random_normal',
  'clock_timestamp',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'timeofday',
])

/**
 * Other forms of a statement that may be faster, each run beside it and offered only when both gave the same rows, also
 * with NULLs about and on empty tables (of one that takes too long, on a sample and these); and an estimate for a bare
 * count, which is said to be another answer. `session` is in a read-only transaction; what fails or takes too long there
 * is not offered.
 */
export async function rewritesOf(
  session: JudgingSession,
  { node, text, functions }: { node: Node; text: string; functions: { name: string }[] },
  { tables, sampled, budget }: { tables: readonly TableFacts[]; sampled: boolean; budget: Budget },
): Promise<Rewrite[]> {
  if (functions.some(({ name }) => CHANGING.has(name))) return []
  const offered: Rewrite[] = []
  const known = unhidden(tables, node)
  for (const { rule, sql, of = text, note, dataOnly } of await drafts(session, node, known, budget)) {
    const on = PROOFS.filter((one) => (one === 'data' ? !sampled : !dataOnly))
    const proof = await budget.try(() => proveSameRows(session, of, sql, { tables, on }))
    if (proof?.same)
      offered.push({ rule, sql, sameRows: true, proof, ...(note === undefined ? {} : { note }) })
  }
  const estimate = countAsEstimate(node, known)
  if (estimate !== undefined) {
    const note =
      'an estimate from the last VACUUM or ANALYZE, not the count: an alternative where a rough number will do'
    offered.push({ rule: 'count-estimate', sql: estimate, sameRows: false, proof: null, note })
  }
  return offered
}
