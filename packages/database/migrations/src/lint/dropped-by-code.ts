import type { Queryable, ParsedStatement } from '@esa/database-catalog/sql'
import type { Dropped } from './facts.ts'

/** Statements that run code: what that drops is in no statement of the script. */
const RUNS_CODE: ReadonlySet<string> = new Set(['DoStmt', 'CallStmt', 'SelectStmt'])

/** Columns are identified by number: one that is renamed is not gone. */
const COLUMNS = `select a.attrelid::int8::float8 as oid, a.attnum as number, a.attname as name
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and a.attnum > 0 and not a.attisdropped`

/** Names of columns by number, by table. */
type Columns = ReadonlyMap<number, ReadonlyMap<number, string>>

/** The columns of all tables where a statement runs code; null where its text says all that it drops. */
export async function columnsBefore(session: Queryable, { kind }: ParsedStatement): Promise<Columns | null> {
  return RUNS_CODE.has(kind) ? columnsOf(session) : null
}

/** What of these columns is gone by now: a table as a whole, or single columns. */
export async function droppedSince(session: Queryable, before: Columns | null): Promise<Dropped[]> {
  if (before === null) return []
  const now = await columnsOf(session)
  return [...before].flatMap(([oid, columns]): Dropped[] => {
    const left = now.get(oid)
    if (left === undefined) return [{ oid, column: null }]
    return [...columns].flatMap(([number, column]) => (left.has(number) ? [] : [{ oid, column }]))
  })
}

async function columnsOf(session: Queryable): Promise<Columns> {
  const { rows } = await session.query(COLUMNS)
  const byTable = Map.groupBy(rows, ({ oid }) => Number(oid))
  return new Map(
    [...byTable].map(([oid, columns]) => [
      oid,
      new Map(columns.map(({ number, name }) => [Number(number), String(name)])),
    ]),
  )
}
