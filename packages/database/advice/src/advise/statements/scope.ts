import type { ColumnRef, Node } from '@pgsql/types'
import { columnPath, unqualifiedSql, walk } from '@esa/database-catalog/sql'
import type { Operand, TableUse } from './statement-shape.ts'

/** An operand and the table that all its columns are of. */
export interface Owned {
  use: TableUse
  operand: Operand
}

/** Parts of an expression whose value an index key cannot hold. */
const UNKEYABLE = new Set(['SubLink', 'ParamRef', 'WindowDef', 'SetToDefault', 'CurrentOfExpr'])

/** A column of a table. */
interface StoredColumn {
  use: TableUse
  column: string
}

/** What a subquery that only passes rows on gives, by the names of its columns: PostgreSQL moves conditions into it. */
export type Outputs = ReadonlyMap<string, StoredColumn>

/** A name of the FROM clause: a table, a subquery, or undefined for what is neither (a function, a grouping subquery). */
type Named = { table: TableUse } | { outputs: Outputs } | undefined

function columnOf(named: Named, column: string): StoredColumn | undefined {
  if (named === undefined) return undefined
  if ('outputs' in named) return named.outputs.get(column)
  return named.table.table.columns.has(column) ? { use: named.table, column } : undefined
}

/**
 * The tables that one query block names, and the blocks around it. A name that leads to no table is known to exist, so that
 * its columns are not taken for another table's.
 */
export class Scope {
  readonly #names = new Map<string, Named>()
  readonly #outer: Scope | undefined

  constructor(outer?: Scope) {
    this.#outer = outer
  }

  /** Adds a name of the FROM clause. */
  add(alias: string, named: Named): void {
    this.#names.set(alias, named)
  }

  /** The tables of this block. */
  get uses(): TableUse[] {
    return [...this.#names.values()].flatMap((named) => (named && 'table' in named ? [named.table] : []))
  }

  /** Every column of this block under its own name, as `*` gives them. */
  get outputs(): Outputs {
    const all = [...this.#names.values()].flatMap((named): [string, StoredColumn][] => {
      if (named === undefined) return []
      if ('outputs' in named) return [...named.outputs]
      return [...named.table.table.columns.keys()].map((column) => [column, { use: named.table, column }])
    })
    return new Map(all)
  }

  /** The table of this block or of one around it that a reference leads to; undefined when it is not a table's column. */
  resolve(ref: ColumnRef): (StoredColumn & { own: boolean }) | undefined {
    const path = columnPath(ref)
    const column = path?.at(-1)
    if (path === undefined || column === undefined) return undefined
    const alias = path.at(-2)
    const found = alias === undefined ? this.#holder(column) : columnOf(this.#names.get(alias), column)
    if (found) return { ...found, own: true }
    if (alias !== undefined && this.#names.has(alias)) return undefined
    const outer = this.#outer?.resolve(ref)
    return outer && { ...outer, own: false }
  }

  #holder(column: string): StoredColumn | undefined {
    for (const named of this.#names.values()) {
      const found = columnOf(named, column)
      if (found) return found
    }
    return undefined
  }

  /** An expression as SQL over the stored columns, without their table. */
  sqlOf(node: Node): string {
    return unqualifiedSql(node, (ref) => this.resolve(ref)?.column)
  }

  /** Notes a column, or with `*` all columns, as read by the block that it belongs to. */
  note(ref: ColumnRef): void {
    const found = this.resolve(ref)
    if (found) found.use.needed?.add(found.column)
    if (columnPath(ref) !== undefined) return
    const [first] = ref.fields ?? []
    const alias = first && 'String' in first ? first.String.sval : undefined
    for (const [name, named] of this.#names)
      if (named && 'table' in named && (alias === undefined || alias === name)) named.table.needed = null
  }

  #refs(node: Node): ColumnRef[] {
    const refs: ColumnRef[] = []
    walk(node, (kind, body) => {
      if (kind === 'ColumnRef') refs.push(body)
    })
    return refs
  }

  /** The operand that an expression is, when all its columns are of one table of this block and an index key can hold it. */
  ownerOf(node: Node): Owned | undefined {
    const found = this.#refs(node).map((ref) => this.resolve(ref))
    const [first] = found
    if (!first?.own || found.some((one) => one?.use !== first.use)) return undefined
    let keyable = true
    walk(node, (kind) => {
      if (UNKEYABLE.has(kind)) keyable = false
    })
    if (!keyable) return undefined
    const columns = [...new Set(found.map((one) => one!.column))]
    const bare = 'ColumnRef' in node ? { column: first.column } : {}
    return { use: first.use, operand: { sql: this.sqlOf(node), columns, ...bare } }
  }

  /** True for an expression that is known before any row is read and names no column at all. */
  isConstant(node: Node): boolean {
    let constant = true
    walk(node, (kind) => {
      if (kind === 'ColumnRef' || kind === 'SubLink' || kind === 'ParamRef' || kind === 'FuncCall')
        constant = false
    })
    return constant
  }

  /** True when it names a column of a table, of this block or of one around it: a join. */
  namesColumns(node: Node): boolean {
    return this.#refs(node).length > 0
  }

  /** True when an expression has columns of this block although it is not an operand: what it compares with is not known before. */
  isMixed(node: Node): boolean {
    const own = new Set(
      this.#refs(node).flatMap((ref) => {
        const found = this.resolve(ref)
        return found?.own ? [found.use] : []
      }),
    )
    return own.size > 1
  }
}
