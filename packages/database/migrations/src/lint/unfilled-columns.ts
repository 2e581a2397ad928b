import type { Queryable, ParsedStatement } from '@esa/database-catalog/sql'
import type { ColumnName } from './facts.ts'

/** Statements that can take a default, an identity or the sequence behind one. */
const MAY_UNFILL = /^(?:AlterTable|Drop|Do|Call|Select)Stmt$/

const COLUMNS = `select a.attrelid::int8::float8 as oid, a.attnum as number, a.attname as name, a.attnotnull as required,
    (a.atthasdef or a.attidentity <> '') as filled
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and a.attnum > 0 and not a.attisdropped`

/** Columns that take a value without an INSERT naming them, by table and number. */
type Filled = ReadonlySet<string>

/** The columns that fill themselves before a statement; null where it cannot change that. */
export async function filledColumns(session: Queryable, { kind }: ParsedStatement): Promise<Filled | null> {
  if (!MAY_UNFILL.test(kind)) return null
  const { rows } = await session.query(COLUMNS)
  return new Set(rows.filter(({ filled }) => filled === true).map(keyOf))
}

/** Columns among them that are NOT NULL and no longer fill themselves: an INSERT that leaves one out fails. */
export async function unfilledSince(session: Queryable, before: Filled | null): Promise<ColumnName[]> {
  if (before === null) return []
  const { rows } = await session.query(COLUMNS)
  return rows
    .filter((row) => row['required'] === true && row['filled'] !== true && before.has(keyOf(row)))
    .map(({ oid, name }) => ({ oid: Number(oid), column: String(name) }))
}

function keyOf({ oid, number }: Record<string, unknown>): string {
  return `${String(oid)} ${String(number)}`
}
