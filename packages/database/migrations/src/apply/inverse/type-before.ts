import type { ColumnDef } from '@pgsql/types'
import { quoteIdentifier, type Queryable } from '@esa/database-catalog/sql'
import { collate } from '@esa/database-catalog'
import { castsOnly } from '../../plan/steps/classify.ts'
import { dotted, readInFull } from '../opaque/full-names.ts'

/** What is in the old and in the new type of a column, domains and arrays opened; in one that is not there yet, nothing. */
const TYPES = `with recursive inside(of, oid) as (
    select 'old', a.atttypid from pg_attribute a where a.attrelid = to_regclass($1) and a.attname = $2
    union select 'new', to_regtype($3)::oid
    union select of, case t.typtype when 'd' then t.typbasetype else t.typelem end from inside join pg_type t using (oid)
      where t.typtype = 'd' or t.typcategory = 'A')
  select coalesce(bool_or(oid in ('timestamptz'::regtype, 'timetz'::regtype)) filter (where of = 'old'), false) as "wasZoned",
    coalesce(bool_or(oid in ('timestamptz'::regtype, 'timetz'::regtype)) filter (where of = 'new'), false) as zoned,
    coalesce(bool_or(oid = 'boolean'::regtype) filter (where of = 'old'), false) as "wasBoolean",
    coalesce(bool_or(oid = 'boolean'::regtype) filter (where of = 'new'), false) as "boolean" from inside`

const COLUMN = `select format_type(a.atttypid, a.atttypmod) as type, ${collate('a.attcollation', 'a.atttypid')} as collation,
    t.typcategory = 'S' as text
  from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = to_regclass($1) and a.attname = $2`

/**
 * The part of ALTER TABLE that gives a column the type that it has now; null where a cast back is not the opposite of the
 * change: USING computes the values, the time zone of a session does, or several words become one boolean.
 */
export async function typeBefore(
  session: Queryable,
  table: string,
  name: string,
  to: ColumnDef,
): Promise<string | null> {
  if (!castsOnly(name, to)) return null
  const newType = `${dotted(to.typeName?.names)}${to.typeName?.arrayBounds === undefined ? '' : '[]'}`
  const types = (await session.query(TYPES, [table, name, newType])).rows[0]
  if (types?.['wasZoned'] !== types?.['zoned'] || (types?.['boolean'] === true && !types['wasBoolean']))
    return null
  const [before] = await readInFull(session, COLUMN, [table, name])
  if (before === undefined) return null
  const column = quoteIdentifier(name)
  const type = String(before['type'])
  // A cast cuts a text that has become too long since; without one PostgreSQL refuses it.
  const using = before['text'] === true ? '' : ` using ${column}::${type}`
  return `alter column ${column} type ${type}${String(before['collation'])}${using}`
}
