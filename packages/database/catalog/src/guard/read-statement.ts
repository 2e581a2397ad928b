import { EsaError } from '@esa/protocol'
import type { Node } from '@pgsql/types'
import { type ParsedStatement, parseScript } from '../sql/parse-script.ts'
import { quoteIdentifier } from '../sql/identifiers.ts'

/** A name as the statement writes it; without a schema it is looked up along the search path. */
export interface CalledName {
  schema: string | null
  name: string
}

/** A name as SQL text. */
export function writtenName({ schema, name }: CalledName): string {
  return schema === null ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/** A statement that reads, as far as its text can tell, and what it names; what it calls only the server knows. */
export interface Reading {
  /** Without its semicolon and without comments around it. */
  text: string
  node: Node
  functions: CalledName[]
  relations: CalledName[]
}

/**
 * Every kind of node that may stand in a query that only reads. What is not listed is refused, so that a statement
 * of a later PostgreSQL is refused until it is listed here: FOR UPDATE, INTO and writing in WITH among them.
 */
const READING_NODES = new Set(
  `A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star Alias BitString BoolExpr Boolean BooleanTest CaseExpr
  CaseWhen CoalesceExpr CollateClause ColumnDef ColumnRef CommonTableExpr CTECycleClause CTESearchClause Float FuncCall
  GroupingFunc GroupingSet Integer JoinExpr JsonAggConstructor JsonArgument JsonArrayAgg JsonArrayConstructor
  JsonArrayQueryConstructor JsonBehavior JsonFormat JsonFuncExpr JsonIsPredicate JsonKeyValue JsonObjectAgg
  JsonObjectConstructor JsonOutput JsonParseExpr JsonScalarExpr JsonSerializeExpr JsonTable JsonTableColumn
  JsonTablePath JsonTablePathSpec JsonValueExpr List MinMaxExpr NamedArgExpr NullTest ParamRef RangeFunction
  RangeSubselect RangeTableFunc RangeTableFuncCol RangeTableSample RangeVar ResTarget RowExpr SelectStmt SetToDefault
  SortBy SQLValueFunction String SubLink TypeCast TypeName WindowDef WithClause XmlExpr XmlSerialize`.split(
    /\s+/,
  ),
)

/** Words for what people try most, so that the refusal says what it saw. */
const SPOKEN: Record<string, string> = {
  LockingClause: 'FOR UPDATE or FOR SHARE',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  MergeStmt: 'merge',
  IntoClause: 'SELECT INTO',
}

/** Longest statement that is looked at, in characters: the parser recurses, and a person writes no such query. */
const SQL_CHARS_MAX = 100_000

/** Nodes inside each other, at most: later walks of the tree recurse as well. */
const NESTED_MAX = 1_000

/** The error of the guard; nothing was executed when it is thrown. */
export function refusal(message: string, details: Record<string, string> = {}): EsaError {
  return new EsaError('sql.not-a-read', 'terminal', message, {
    hint: 'give one SELECT that only reads',
    details,
  })
}

/**
 * What one SELECT (or WITH, VALUES, TABLE) reads and calls, by PostgreSQL's own grammar.
 * @throws EsaError `sql.not-a-read` for anything else or more than one, `sql.syntax` with line and column.
 */
export async function readStatement(sql: string): Promise<Reading> {
  const [statement, ...others] = await parsed(sql)
  if (!statement) throw refusal('there is no statement')
  if (others.length > 0) throw refusal('more than one statement is not run here')
  return read(statement)
}

/** As `readStatement`, of a script in which every statement must only read. */
export async function readStatements(sql: string): Promise<Reading[]> {
  return (await parsed(sql)).map(read)
}

async function parsed(sql: string): Promise<ParsedStatement[]> {
  if (sql.length > SQL_CHARS_MAX)
    throw refusal(`a statement of more than ${SQL_CHARS_MAX} characters is not run here`)
  // The server stops reading at a NUL, the parser may not: both must judge the same text.
  if (sql.includes('\0')) throw refusal('a statement with a NUL character is not run here')
  // The parser takes no empty text.
  return sql.trim() === '' ? [] : parseScript(sql)
}

function read({ text, kind, node }: ParsedStatement): Reading {
  if (kind !== 'SelectStmt') {
    const said = SPOKEN[kind] ?? /^[A-Za-z]+/.exec(text)?.[0]?.toLowerCase() ?? kind
    throw refusal(`a statement that begins with ${said} is not run here`, { node: kind })
  }
  const reading: Reading = { text, node, functions: [], relations: [] }
  collect(node, reading)
  return reading
}

type Members = Record<string, unknown>

/** Walks the whole tree: a key that begins with a capital names a node, any other a member of one. */
function collect(value: unknown, reading: Reading, depth = 0): void {
  if (Array.isArray(value)) for (const item of value) collect(item, reading, depth)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return
  if (depth > NESTED_MAX) throw refusal(`a statement nested more than ${NESTED_MAX} deep is not run here`)
  for (const [key, member] of Object.entries(value as Members)) {
    const node = key === 'intoClause' ? 'IntoClause' : key === 'typeName' ? 'TypeName' : key
    const isNode = /^[A-Z]/.test(node)
    if (isNode) {
      if (!READING_NODES.has(node))
        throw refusal(`${SPOKEN[node] ?? node} inside a query is not run here`, { node })
      note(node, member as Members, reading)
    }
    collect(member, reading, isNode ? depth + 1 : depth)
  }
}

function note(node: string, members: Members, reading: Reading): void {
  if (node === 'FuncCall') reading.functions.push(...named(members['funcname']))
  for (const key of ['funcname', 'name', 'operName', 'useOp', 'names', 'method']) named(members[key])
  if (node === 'RangeVar') {
    const { schemaname, relname } = members as { schemaname?: string; relname: string }
    reading.relations.push({ schema: schemaname ?? null, name: relname })
  }
}

function words(list: unknown): string[] {
  if (!Array.isArray(list)) return []
  return (list as { String?: { sval?: string } }[]).flatMap((item) => item.String?.sval ?? [])
}

function named(list: unknown): CalledName[] {
  const parts = words(list)
  const name = parts.at(-1)
  // A session's own schema has another name in the catalog, so that what is called would not be found.
  if (parts.at(-2)?.startsWith('pg_temp')) throw refusal(`${parts.join('.')} is of this session alone`)
  return name === undefined ? [] : [{ schema: parts.at(-2) ?? null, name }]
}
