import type { Queryable, ParsedStatement } from '@esa/database-catalog/sql'
import type { Reliance } from './facts.ts'
import type { Relations } from './observe.ts'

/** What names a column: $1 is the table, $2 the column. Code is searched by words, as the catalogs do not say what it names. */
const NAMED_BY = `with col as (select a.attrelid, a.attnum, a.attname, c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
    where a.attrelid = $1 and a.attname = $2),
  code as (select p.oid, p.prosrc from pg_proc p join pg_namespace n on n.oid = p.pronamespace join col on true
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and p.prosrc ~* ('\\m' || regexp_replace(col.attname, '\\W', '.', 'g') || '\\M')),
  dep as (select d.classid, d.objid from pg_depend d join col on d.refclassid = 'pg_class'::regclass and d.refobjid = col.attrelid and d.refobjsubid = col.attnum)
  select 'view ' || r.ev_class::regclass as by from dep join pg_rewrite r on dep.classid = 'pg_rewrite'::regclass and r.oid = dep.objid
  union select 'policy ' || p.polname from dep join pg_policy p on dep.classid = 'pg_policy'::regclass and p.oid = dep.objid
  union select 'generated column ' || a.attname from dep join pg_attrdef d on dep.classid = 'pg_attrdef'::regclass and d.oid = dep.objid
    join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum and a.attgenerated <> ''
  union select case k.contype when 'f' then 'foreign key ' else 'check ' end || k.conname from pg_constraint k join col on k.conrelid = col.attrelid
    where col.attnum = any (k.conkey) and (k.contype = 'f' or k.contype = 'c' and pg_get_constraintdef(k.oid) !~* 'is not null')
  union select 'unique index ' || i.indexrelid::regclass from pg_index i join col on i.indrelid = col.attrelid
    where i.indisunique and col.attnum = any (i.indkey) and coalesce(to_jsonb(i) ->> 'indnullsnotdistinct', 'false') = 'false'
  union select 'function ' || code.oid::regprocedure from code join col on true
    where code.prosrc ~* ('\\m' || regexp_replace(col.relname, '\\W', '.', 'g') || '\\M')
      or exists (select from pg_trigger t where t.tgrelid = col.attrelid and t.tgfoid = code.oid and not t.tgisinternal)
  order by 1`

/** What in the database relies on the columns that a statement lets be NULL. */
export async function relianceOn(
  session: Queryable,
  { node }: ParsedStatement,
  before: Relations,
): Promise<Reliance[]> {
  const alter = 'AlterTableStmt' in node ? node.AlterTableStmt : undefined
  const table = alter?.relation === undefined ? undefined : before.find(alter.relation)
  if (table === undefined) return []
  const columns = (alter?.cmds ?? []).flatMap((cmd) =>
    'AlterTableCmd' in cmd && cmd.AlterTableCmd.subtype === 'AT_DropNotNull'
      ? (cmd.AlterTableCmd.name ?? [])
      : [],
  )
  const relied: Reliance[] = []
  for (const column of columns) {
    const { rows } = await session.query(NAMED_BY, [table.oid, column])
    relied.push({ column, by: rows.map(({ by }) => String(by)) })
  }
  return relied
}
