import type { InsertStmt, Node, RenameStmt, ResTarget } from '@pgsql/types'
import { parseScript } from '@esa/database-catalog/sql'

/** What a script says about where values go: hints to look for them, never a proof. */
export interface ScriptFacts {
  /** Short string constants: separators, zones, keys of documents. */
  strings: string[]
  numbers: string[]
  /** `WHEN a THEN b` of constants, each CASE by itself. */
  cases: [from: string, to: string][][]
  /** Columns by name that an UPDATE or INSERT writes. */
  written: Set<string>
  /** Tables by name that rows are put into. */
  filled: Set<string>
  /** Names of columns that stand on both sides of `=`, or are selected into one another. */
  pairs: [string, string][]
  /** By the name of a column that is written: the columns that it is computed from. */
  sources: Map<string, Set<string>>
  /** Columns that are read into places that are not named: by their order, or by code of its own. */
  copied: Set<string>
  /** Columns by their name before a rename. */
  renames: Map<string, string>
}

/** Longer constants are values, not separators or names. */
const STRING_CHARS_MAX = 40

/** Most constants that are tried: each costs a query for each column that is looked for. */
const CONSTANTS_MAX = 24

/** Reads the hints of a script; of one that does not parse there are none. */
export async function scriptFacts(sql: string): Promise<ScriptFacts> {
  const facts: ScriptFacts = {
    strings: [],
    numbers: [],
    cases: [],
    written: new Set(),
    filled: new Set(),
    pairs: [],
    sources: new Map(),
    copied: new Set(),
    renames: new Map(),
  }
  for (const { node } of await parseScript(sql)) visit(node, facts)
  facts.strings = [...new Set(facts.strings)].slice(0, CONSTANTS_MAX)
  facts.numbers = [...new Set(facts.numbers)].slice(0, CONSTANTS_MAX)
  return facts
}

function visit(value: unknown, facts: ScriptFacts): void {
  if (Array.isArray(value)) {
    for (const one of value) visit(one, facts)
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    READERS[key]?.(inner as Record<string, unknown>, facts)
    visit(inner, facts)
  }
}

const READERS: Record<string, (node: Record<string, unknown>, facts: ScriptFacts) => void> = {
  A_Const: (node, { strings, numbers }) => {
    const { sval, ival, fval } = node as {
      sval?: { sval?: string }
      ival?: { ival?: number }
      fval?: { fval: string }
    }
    if (sval !== undefined && (sval.sval ?? '').length <= STRING_CHARS_MAX) strings.push(sval.sval ?? '')
    if (ival?.ival !== undefined) numbers.push(String(ival.ival))
    if (fval !== undefined) numbers.push(fval.fval)
  },
  DoStmt: (node, facts) => {
    const body = JSON.stringify(node)
    for (const [, text = ''] of body.matchAll(/'([^'\\]{0,40})'/g)) facts.strings.push(text)
    wordsIn(body, facts)
  },
  CreateFunctionStmt: (node, facts) => wordsIn(JSON.stringify(node), facts),
  RenameStmt: (node, { renames }) => {
    const { renameType, subname = '', newname = '' } = node as Partial<RenameStmt>
    if (renameType === 'OBJECT_COLUMN') renames.set(subname, newname)
  },
  ResTarget: (node, facts) => {
    const { name, val } = node as ResTarget
    if (name !== undefined && val !== undefined) from(name, val, facts)
  },
  CaseExpr: (node, { cases }) => {
    const pairs = ((node['args'] ?? []) as Node[]).flatMap(caseOf)
    if (pairs.length > 0) cases.push(pairs)
  },
  UpdateStmt: (node, facts) => targets(node['targetList'], facts),
  MergeWhenClause: (node, facts) => {
    targets(node['targetList'], facts)
    readIn(node['values'], facts.copied)
  },
  CreateTableAsStmt: (node, { filled, copied }) => {
    const into = node['into'] as { rel?: unknown; colNames?: unknown } | undefined
    filled.add(nameIn(into?.rel))
    if (into?.colNames !== undefined) readIn(node['query'], copied)
  },
  MergeStmt: (node, { filled }) => void filled.add(nameIn(node['relation'])),
  InsertStmt: (node, facts) => {
    facts.filled.add(nameIn(node['relation']))
    targets(node['cols'], facts)
    selectedInto(node, facts)
  },
  A_Expr: (node, { pairs }) => {
    const [left, right] = [columnOf(node['lexpr']), columnOf(node['rexpr'])]
    if (left !== undefined && right !== undefined) pairs.push([left, right])
  },
}

function nameIn(relation: unknown): string {
  return (relation as { relname?: string } | undefined)?.relname ?? ''
}

function targets(list: unknown, { written }: ScriptFacts): void {
  for (const target of (list ?? []) as Node[]) {
    if ('ResTarget' in target && target.ResTarget.name !== undefined) written.add(target.ResTarget.name)
  }
}

function selectedInto({ cols = [], selectStmt }: InsertStmt, facts: ScriptFacts): void {
  const select = selectStmt && 'SelectStmt' in selectStmt ? (selectStmt.SelectStmt.targetList ?? []) : []
  if (cols.length !== select.length) readIn(select.length > 0 ? select : selectStmt, facts.copied)
  for (const [nth, column] of cols.entries()) {
    const chosen = select[nth]
    const into = 'ResTarget' in column ? column.ResTarget.name : undefined
    if (into === undefined || chosen === undefined || !('ResTarget' in chosen)) continue
    from(into, chosen.ResTarget.val, facts)
  }
}

/** Notes that a column is computed from all that an expression reads. */
function from(into: string, value: unknown, { sources, pairs }: ScriptFacts): void {
  const read = sources.get(into) ?? new Set()
  readIn(value, read)
  sources.set(into, read)
  const same = columnOf(value)
  if (same !== undefined) pairs.push([into, same])
}

/** Adds the names of all columns that something reads. */
function readIn(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) for (const one of value) readIn(one, names)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  const name = columnOf(value)
  if (name !== undefined) names.add(name)
  for (const inner of Object.values(value)) readIn(inner, names)
}

/** Code that is kept as text may read whatever it names. */
function wordsIn(body: string, { copied }: ScriptFacts): void {
  for (const [word] of body.matchAll(/[\p{L}_][\p{L}\w$]*/gu)) copied.add(word)
}

/** The last name of a column, through casts. */
function columnOf(value: unknown): string | undefined {
  const node = value as Node | undefined
  if (node === undefined) return undefined
  if ('TypeCast' in node) return columnOf(node.TypeCast.arg)
  if (!('ColumnRef' in node)) return undefined
  const last = node.ColumnRef.fields?.at(-1)
  return last && 'String' in last ? last.String.sval : undefined
}

function caseOf(when: Node): [string, string][] {
  if (!('CaseWhen' in when)) return []
  const { expr, result } = when.CaseWhen
  const compared =
    expr && 'A_Expr' in expr
      ? (constantOf(expr.A_Expr.rexpr) ?? constantOf(expr.A_Expr.lexpr))
      : constantOf(expr)
  const to = constantOf(result)
  return compared === undefined || to === undefined ? [] : [[compared, to]]
}

function constantOf(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if ('TypeCast' in node) return constantOf(node.TypeCast.arg)
  if (!('A_Const' in node)) return undefined
  const { sval, ival, fval, boolval } = node.A_Const
  if (sval !== undefined) return sval.sval ?? ''
  if (ival !== undefined) return String(ival.ival ?? 0)
  if (fval !== undefined) return fval.fval
  return boolval === undefined ? undefined : String(boolval.boolval ?? false)
}
