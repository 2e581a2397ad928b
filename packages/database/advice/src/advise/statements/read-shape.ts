import type { Node, RangeVar, SelectStmt, SortBy } from '@pgsql/types'
import { columnPath, walk } from '@esa/database-catalog/sql'
import { arms, conjuncts, placedPredicates } from './predicates.ts'
import { type Outputs, Scope } from './scope.ts'
import type { SortKey, TableUse } from './statement-shape.ts'
import type { TableFacts } from './table-catalog.ts'

/** A table's name as a statement writes it, in a form that `to_regclass` reads. */
export function nameOfTable({ schemaname, relname = '' }: { schemaname?: string; relname?: string }): string {
  return [schemaname, relname].flatMap((part) => (part ? [`"${part.replaceAll('"', '""')}"`] : [])).join('.')
}

/** Every table name in a statement, CTEs among them. */
export function tableNames(tree: Node): string[] {
  const names = new Set<string>()
  walk(tree, (kind, body) => {
    if (kind === 'RangeVar') names.add(nameOfTable(body))
    // The table that is written to is without its kind.
    const { relation } = body as { relation?: { relname?: string } }
    if (relation?.relname !== undefined) names.add(nameOfTable(relation))
  })
  return [...names]
}

type Conditions = Node[]

/** Names that are not tables here: what a CTE gives. */
type Ctes = ReadonlyMap<string, Outputs | undefined>

/** What names stand for: tables, and views by their query. */
export interface NamedRelations {
  tables: ReadonlyMap<string, TableFacts>
  views: ReadonlyMap<string, Node>
}

class ShapeReader {
  readonly uses: TableUse[] = []
  readonly #statement: string
  readonly #relations: NamedRelations

  constructor(statement: string, relations: NamedRelations) {
    this.#statement = statement
    this.#relations = relations
  }

  /** Reads one query block and says what its columns lead to. */
  select(select: SelectStmt, outer: Scope | undefined, ctes: Ctes): Outputs | undefined {
    const known = new Map(ctes)
    for (const cte of select.withClause?.ctes ?? []) {
      if (!('CommonTableExpr' in cte)) continue
      const { ctename = '', ctequery } = cte.CommonTableExpr
      if (select.withClause?.recursive) known.set(ctename, undefined)
      known.set(ctename, ctequery && this.statement(ctequery, outer, known))
    }
    if (select.larg && select.rarg) {
      this.select(select.larg, outer, known)
      this.select(select.rarg, outer, known)
      return undefined
    }
    const scope = new Scope(outer)
    const conditions: Conditions = []
    for (const item of select.fromClause ?? []) this.#from(item, scope, conditions, known)
    this.#finish(select, scope, [...conditions, ...conjuncts(select.whereClause)], known)
    return passesRowsOn(select) ? outputsOf(select, scope) : undefined
  }

  /** Reads a statement or subquery that only reads; anything else asks nothing. */
  statement(node: Node, outer?: Scope, ctes: Ctes = new Map()): Outputs | undefined {
    return 'SelectStmt' in node ? this.select(node.SelectStmt, outer, ctes) : undefined
  }

  #from(item: Node, scope: Scope, conditions: Conditions, ctes: Ctes): void {
    if ('RangeVar' in item) {
      const { RangeVar: range } = item
      scope.add(range.alias?.aliasname ?? range.relname ?? '', this.#named(range, ctes))
    } else if ('JoinExpr' in item) {
      const { larg, rarg, quals, usingClause = [] } = item.JoinExpr
      if (larg) this.#from(larg, scope, conditions, ctes)
      if (rarg) this.#from(rarg, scope, conditions, ctes)
      conditions.push(...conjuncts(quals))
      for (const column of usingClause) if ('String' in column) this.#using(column.String.sval ?? '', scope)
    } else if ('RangeSubselect' in item) {
      const { subquery, alias, lateral } = item.RangeSubselect
      const outputs = subquery && this.statement(subquery, lateral ? scope : undefined, ctes)
      scope.add(alias?.aliasname ?? '', outputs && { outputs })
    } else if ('RangeFunction' in item) scope.add(item.RangeFunction.alias?.aliasname ?? '', undefined)
  }

  #named(range: RangeVar, ctes: Ctes): { table: TableUse } | { outputs: Outputs } | undefined {
    if (range.schemaname === undefined && ctes.has(range.relname ?? '')) {
      const outputs = ctes.get(range.relname ?? '')
      return outputs && { outputs }
    }
    const name = nameOfTable(range)
    const table = this.#relations.tables.get(name)
    if (table) return { table: this.#use(table) }
    const view = this.#relations.views.get(name)
    const outputs = view && this.statement(view)
    return outputs && { outputs }
  }

  #use(table: TableFacts): TableUse {
    const use: TableUse = {
      statement: this.#statement,
      table,
      predicates: [],
      alternatives: [],
      sort: [],
      limited: false,
      needed: new Set(),
    }
    this.uses.push(use)
    return use
  }

  #using(column: string, scope: Scope): void {
    for (const use of scope.uses) {
      if (!use.table.columns.has(column)) continue
      const operand = { sql: `"${column.replaceAll('"', '""')}"`, column, columns: [column] }
      use.needed?.add(column)
      use.predicates.push({ use: 'join', operand, operator: '=' })
    }
  }

  #finish(select: SelectStmt, scope: Scope, conditions: Conditions, ctes: Ctes): void {
    this.#conditions(conditions, scope)
    const sort = select.sortClause ?? []
    this.#sort(sort.length > 0 ? sort : (select.distinctClause ?? []), select, scope)
    // Names inside a block's own subqueries are theirs; what they name of this block is noted by their scope.
    for (const part of [
      select.targetList,
      select.groupClause,
      select.havingClause,
      select.sortClause,
      conditions,
    ]) {
      walk(part, (kind, body) => {
        if (kind === 'ColumnRef') scope.note(body)
        if (kind !== 'SubLink') return true
        const { subselect, testexpr } = body as { subselect?: Node; testexpr?: Node }
        if (subselect) this.statement(subselect, scope, ctes)
        walk(testexpr, (inner, ref) => void (inner === 'ColumnRef' && scope.note(ref)))
        return false
      })
    }
  }

  #conditions(conditions: Conditions, scope: Scope): void {
    for (const condition of conditions) {
      for (const { use, predicate } of placedPredicates(condition, scope)) use.predicates.push(predicate)
      const placed = arms(condition)?.map((arm) =>
        conjuncts(arm).flatMap((part) => placedPredicates(part, scope)),
      )
      const use = placed?.[0]?.[0]?.use
      if (!placed || !use || !placed.every((arm) => arm.some((one) => one.use === use))) continue
      use.alternatives.push(...placed.map((arm) => arm.find((one) => one.use === use)!.predicate))
    }
  }

  #sort(clause: Node[], select: SelectStmt, scope: Scope): void {
    const keys = clause.map((item) => this.#sortKey(item, select, scope))
    const [first] = keys
    if (first === undefined) return this.#extreme(select, scope)
    if (!keys.every((key) => key?.use === first.use)) return
    first.use.sort = keys.map((key) => key!.key)
    first.use.limited = select.limitCount !== undefined && (select.groupClause ?? []).length === 0
  }

  #sortKey(item: Node, select: SelectStmt, scope: Scope): { use: TableUse; key: SortKey } | undefined {
    const by: SortBy = 'SortBy' in item ? item.SortBy : { node: item }
    const owned = by.node && scope.ownerOf(this.#meant(by.node, select))
    if (!owned) return undefined
    const descending = by.sortby_dir === 'SORTBY_DESC'
    const nullsFirst =
      by.sortby_nulls === 'SORTBY_NULLS_FIRST' || (descending && by.sortby_nulls !== 'SORTBY_NULLS_LAST')
    return { use: owned.use, key: { operand: owned.operand, descending, nullsFirst } }
  }

  /** What `order by 2` or `order by total` means. */
  #meant(node: Node, { targetList = [] }: SelectStmt): Node {
    const targets = targetList.map((target) => ('ResTarget' in target ? target.ResTarget : {}))
    if ('A_Const' in node) return targets[(node.A_Const.ival?.ival ?? 0) - 1]?.val ?? node
    const fields = 'ColumnRef' in node ? (node.ColumnRef.fields ?? []) : []
    const [only] = fields
    const name = fields.length === 1 && only && 'String' in only ? only.String.sval : undefined
    return targets.find((target) => name !== undefined && target.name === name)?.val ?? node
  }

  /** `select max(x)` reads one end of an order. */
  #extreme({ targetList = [], groupClause = [] }: SelectStmt, scope: Scope): void {
    const [target, ...more] = targetList
    const call = target && 'ResTarget' in target && target.ResTarget.val
    if (!call || more.length > 0 || groupClause.length > 0 || !('FuncCall' in call)) return
    const name = call.FuncCall.funcname?.at(-1)
    const word = name && 'String' in name ? name.String.sval : undefined
    const owned = call.FuncCall.args?.[0] && scope.ownerOf(call.FuncCall.args[0])
    if (!owned || (word !== 'max' && word !== 'min')) return
    owned.use.sort = [{ operand: owned.operand, descending: false, nullsFirst: false }]
    owned.use.limited = true
  }
}

/** True for a block whose rows are those of its tables: a condition on them may be tested where they are read. */
function passesRowsOn({
  groupClause,
  distinctClause,
  limitCount,
  limitOffset,
  havingClause,
  targetList = [],
}: SelectStmt): boolean {
  const shaping = [groupClause, distinctClause, limitCount, limitOffset, havingClause]
  // Aggregates, windows and set-returning functions stand among the columns as calls.
  const calls = targetList.some(
    (target) => 'ResTarget' in target && target.ResTarget.val && 'FuncCall' in target.ResTarget.val,
  )
  return !calls && shaping.every((one) => one === undefined)
}

function outputsOf({ targetList = [] }: SelectStmt, scope: Scope): Outputs {
  const outputs = new Map<string, { use: TableUse; column: string }>()
  for (const target of targetList) {
    const { name, val } = 'ResTarget' in target ? target.ResTarget : {}
    if (!val || !('ColumnRef' in val)) continue
    const path = columnPath(val.ColumnRef)
    if (path === undefined) for (const [column, stored] of scope.outputs) outputs.set(column, stored)
    const found = scope.resolve(val.ColumnRef)
    if (found?.own) outputs.set(name ?? path?.at(-1) ?? '', found)
  }
  return outputs
}

/** What a statement asks of each table that it names, directly or by a view; names as `tableNames` gives them. */
export function readShape(statement: string, tree: Node, relations: NamedRelations): TableUse[] {
  const reader = new ShapeReader(statement, relations)
  reader.statement(tree)
  return reader.uses
}
