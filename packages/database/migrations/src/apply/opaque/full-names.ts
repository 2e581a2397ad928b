import type { Node, RangeVar } from '@pgsql/types'
import { quoteIdentifier, type QueryAnswer, type Queryable } from '@esa/database-catalog/sql'

/** The parts of a name, quoted, with dots between them. */
export function dotted(parts: Node[] | undefined): string {
  return (parts ?? [])
    .map((part) => quoteIdentifier('String' in part ? (part.String.sval ?? '') : ''))
    .join('.')
}

/** A relation's name as it is written. */
export function written({ schemaname, relname = '' }: RangeVar = {}): string {
  return schemaname === undefined || schemaname === ''
    ? quoteIdentifier(relname)
    : `${quoteIdentifier(schemaname)}.${quoteIdentifier(relname)}`
}

/** A relation's name in full: search_path may be another one on the way back. */
export async function qualified(session: Queryable, relation: RangeVar | undefined): Promise<string> {
  return `${await schemaOf(session, relation)}.${quoteIdentifier(relation?.relname ?? '')}`
}

/** The schema that a relation's name leads to now, in quotes. */
export async function schemaOf(session: Queryable, relation: RangeVar | undefined): Promise<string> {
  if (relation?.schemaname) return quoteIdentifier(relation.schemaname)
  const { rows } = await session.query(
    `select quote_ident(coalesce((select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.oid = to_regclass($1)), current_schema())) as schema`,
    [written(relation)],
  )
  return String(rows[0]?.['schema'])
}

/** True for a relation that ends with its session. */
export function isTemporary(relation: RangeVar | undefined): boolean {
  return relation?.relpersistence === 't' || relation?.schemaname === 'pg_temp'
}

/** The schema into which everything is made that names none; another of its name may stand further along the search path. */
export async function firstSchema(session: Queryable): Promise<string> {
  const { rows } = await session.query('select current_schema() as schema')
  return String(rows[0]?.['schema'])
}

/** What a query of the catalogs gives when PostgreSQL prints every name in full. Opens a transaction of its own. */
export async function readInFull(
  session: Queryable,
  sql: string,
  values: unknown[],
): Promise<QueryAnswer['rows']> {
  await session.query('begin')
  try {
    await session.query(`select set_config('search_path', '', true)`)
    return (await session.query(sql, values)).rows
  } finally {
    await session.query('rollback')
  }
}
