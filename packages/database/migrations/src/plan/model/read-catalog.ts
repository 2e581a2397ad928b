import type { Queryable } from '@esa/database-catalog/sql'
import { OF_THE_APPLICATION } from '@esa/database-catalog'
import type { Catalog, DefinedObject, EnumType, ObjectKind, Sequence, Table } from './catalog.ts'

/** Objects that no extension brought. */
const OWN = (oid: string): string =>
  `not exists (select from pg_depend e where e.objid = ${oid} and e.deptype = 'e')`

const SCHEMAS = `select n.nspname as name from pg_namespace n where ${OF_THE_APPLICATION} and ${OWN('n.oid')} order by 1`

const ENUMS = `select n.nspname || '.' || t.typname as name,
    array_agg(e.enumlabel::text order by e.enumsortorder) as labels
  from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_enum e on e.enumtypid = t.oid
  where ${OF_THE_APPLICATION} and ${OWN('t.oid')} group by 1 order by 1`

/** Numbers as text: they may pass what a double holds exactly. */
const COUNTING = `json_build_object('increment', s.seqincrement::text, 'min', s.seqmin::text, 'max', s.seqmax::text,
    'start', s.seqstart::text, 'cache', s.seqcache::text, 'cycle', s.seqcycle)`

const SEQUENCES = `select n.nspname || '.' || c.relname as name, s.seqtypid::regtype::text as type, ${COUNTING} as counting,
    (select tn.nspname || '.' || t.relname || '.' || a.attname from pg_depend d join pg_class t on t.oid = d.refobjid
      join pg_namespace tn on tn.oid = t.relnamespace join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
      where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'a' limit 1) as "ownedBy"
  from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
  where ${OF_THE_APPLICATION} and ${OWN('c.oid')}
    and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'i')
  order by 1`

const COLUMNS = `(select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
    'collation', case when a.attcollation <> t.typcollation then
      (select quote_ident(cn.nspname) || '.' || quote_ident(co.collname) from pg_collation co
        join pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation) end,
    'notNull', a.attnotnull, 'default', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity,
    'counting', (select ${COUNTING} from pg_depend i join pg_sequence s on s.seqrelid = i.objid
      where a.attidentity <> '' and i.classid = 'pg_class'::regclass and i.deptype = 'i'
        and i.refclassid = 'pg_class'::regclass and i.refobjid = c.oid and i.refobjsubid = a.attnum),
    'generated', a.attgenerated) order by a.attnum), '[]')
  from pg_attribute a join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)`

/** What follows the name in an index's definition. */
const TAIL = (index: string): string =>
  `(select substr(pg_get_indexdef(ti.indexrelid), length('CREATE ' || case when ti.indisunique then 'UNIQUE ' else '' end
    || 'INDEX ' || quote_ident(tc.relname)) + 2) from pg_index ti join pg_class tc on tc.oid = ti.indexrelid
    where ti.indexrelid = ${index})`

/** Constraints a partition has from its parent are the parent's; NOT NULL is on the column. */
const CONSTRAINTS = `(select coalesce(json_agg(json_build_object('name', k.conname, 'type', k.contype,
    'definition', regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''),
    'columns', (select coalesce(json_agg(a.attname order by x.nth), '[]') from unnest(k.conkey) with ordinality x(num, nth)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.num),
    'references', (select rn.nspname || '.' || r.relname from pg_class r join pg_namespace rn on rn.oid = r.relnamespace
      where r.oid = k.confrelid),
    'validated', k.convalidated,
    'indexTail', case when k.contype in ('p', 'u', 'x') then ${TAIL('k.conindid')} end) order by k.conname), '[]')
  from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'c', 'f', 'x') and k.conparentid = 0
    and (k.conislocal or k.coninhcount = 0))`

const INDEXES = `(select coalesce(json_agg(json_build_object('name', ic.relname, 'unique', i.indisunique,
    'tail', ${TAIL('i.indexrelid')}) order by ic.relname), '[]')
  from pg_index i join pg_class ic on ic.oid = i.indexrelid
  where i.indrelid = c.oid and (i.indisvalid or c.relkind = 'p') and not ic.relispartition
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')))`

const TABLES = `select n.nspname || '.' || c.relname as relation, n.nspname as schema, c.relname as name,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partitionKey",
    (select pn.nspname || '.' || p.relname from pg_inherits h join pg_class p on p.oid = h.inhparent
      join pg_namespace pn on pn.oid = p.relnamespace where h.inhrelid = c.oid limit 1) as parent,
    pg_get_expr(c.relpartbound, c.oid) as bound, c.relpersistence = 'u' as unlogged,
    c.relrowsecurity as "rowSecurity", array_to_string(c.reloptions, ', ') as options,
    ${COLUMNS} as columns, ${CONSTRAINTS} as constraints, ${INDEXES} as indexes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${OF_THE_APPLICATION} and ${OWN('c.oid')} order by 1`

const OBJECTS: Record<ObjectKind, string> = {
  view: `select n.nspname || '.' || c.relname as name,
      format('CREATE VIEW %I.%I%s AS %s', n.nspname, c.relname,
        coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''), pg_get_viewdef(c.oid)) as definition,
      format('DROP VIEW %I.%I;', n.nspname, c.relname) as drop
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'v' and ${OF_THE_APPLICATION} and ${OWN('c.oid')} order by c.oid`,
  'materialized view': `select n.nspname || '.' || c.relname as name,
      format('CREATE MATERIALIZED VIEW %I.%I AS %s', n.nspname, c.relname, pg_get_viewdef(c.oid)) as definition,
      format('DROP MATERIALIZED VIEW %I.%I;', n.nspname, c.relname) as drop
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'm' and ${OF_THE_APPLICATION} and ${OWN('c.oid')} order by c.oid`,
  function: `select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) || ';' as definition,
      format('DROP %s %s;', case p.prokind when 'p' then 'PROCEDURE' else 'FUNCTION' end, p.oid::regprocedure) as drop
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prokind in ('f', 'p') and ${OF_THE_APPLICATION} and ${OWN('p.oid')} order by p.oid`,
  trigger: `select n.nspname || '.' || c.relname || '.' || t.tgname as name, pg_get_triggerdef(t.oid) || ';' || case when t.tgenabled = 'O' then ''
        else format(' ALTER TABLE %I.%I %s TRIGGER %I;', n.nspname, c.relname,
          case t.tgenabled when 'D' then 'DISABLE' when 'R' then 'ENABLE REPLICA' else 'ENABLE ALWAYS' end, t.tgname) end as definition,
      format('DROP TRIGGER %I ON %I.%I;', t.tgname, n.nspname, c.relname) as drop
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and t.tgparentid = 0 and ${OF_THE_APPLICATION} and ${OWN('t.oid')} order by 1`,
  policy: `select schemaname || '.' || tablename || '.' || policyname as name,
      concat_ws(' ', permissive, roles, cmd, qual, with_check) as definition,
      format('DROP POLICY %I ON %I.%I;', policyname, schemaname, tablename) as drop
    from pg_policies n where n.schemaname !~ '^pg_' order by 1`,
  domain: `select n.nspname || '.' || t.typname as name, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
      (select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname) from pg_constraint k where k.contypid = t.oid)) as definition,
      format('DROP DOMAIN %I.%I;', n.nspname, t.typname) as drop
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype = 'd' and ${OF_THE_APPLICATION} and ${OWN('t.oid')} order by 1`,
  'composite type': `select n.nspname || '.' || c.relname as name,
      (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and not a.attisdropped) as definition,
      format('DROP TYPE %I.%I;', n.nspname, c.relname) as drop
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'c' and ${OF_THE_APPLICATION} and ${OWN('c.oid')} order by 1`,
  statistics: `select n.nspname || '.' || s.stxname as name, pg_get_statisticsobjdef(s.oid) || ';' || case when coalesce(s.stxstattarget, -1) < 0 then ''
        else format(' ALTER STATISTICS %I.%I SET STATISTICS %s;', n.nspname, s.stxname, s.stxstattarget) end as definition,
      format('DROP STATISTICS %I.%I;', n.nspname, s.stxname) as drop
    from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where ${OF_THE_APPLICATION} and ${OWN('s.oid')} order by 1`,
  extension: `select extname as name, format('CREATE EXTENSION %I SCHEMA %I;', extname, n.nspname) as definition,
      format('DROP EXTENSION %I;', extname) as drop
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname <> 'plpgsql' order by e.oid`,
  // What is known to be there and is not compared further: a plan must not pass over it in silence.
  other: `select distinct pg_describe_object(o.classid, o.oid, 0) as name, '' as definition, '' as drop from (
      select 'pg_proc'::regclass as classid, p.oid, p.pronamespace as space from pg_proc p where p.prokind in ('a', 'w')
      union all select 'pg_class'::regclass, c.oid, c.relnamespace from pg_class c where c.relkind = 'f'
      union all select 'pg_rewrite'::regclass, r.oid, c.relnamespace from pg_rewrite r join pg_class c on c.oid = r.ev_class
        where r.rulename <> '_RETURN'
      union all select 'pg_type'::regclass, t.oid, t.typnamespace from pg_type t where t.typtype = 'r'
      union all select 'pg_collation'::regclass, oid, collnamespace from pg_collation
      union all select 'pg_operator'::regclass, oid, oprnamespace from pg_operator
      union all select 'pg_ts_config'::regclass, oid, cfgnamespace from pg_ts_config
      union all select 'pg_ts_dict'::regclass, oid, dictnamespace from pg_ts_dict
      union all select 'pg_publication'::regclass, oid, null from pg_publication
      union all select 'pg_event_trigger'::regclass, oid, null from pg_event_trigger) o
    left join pg_namespace n on n.oid = o.space where (o.space is null or ${OF_THE_APPLICATION}) and ${OWN('o.oid')} order by 1`,
}

/**
 * Reads what a database is made of, on one session, which is left with an empty search_path: only so does the server
 * write every name with its schema. Owners, grants, comments, publications' tables
 * and the order of columns are not part of it.
 */
export async function readCatalog(session: Queryable): Promise<Catalog> {
  await session.query(`select set_config('search_path', '', false)`)
  const read = async <T>(sql: string): Promise<T[]> => (await session.query(sql)).rows as T[]
  const objects: DefinedObject[] = []
  for (const kind of Object.keys(OBJECTS) as ObjectKind[]) {
    const rows = await read<Omit<DefinedObject, 'kind'>>(OBJECTS[kind])
    objects.push(...rows.map((row) => ({ kind, ...row })))
  }
  return {
    schemas: (await read<{ name: string }>(SCHEMAS)).map(({ name }) => name),
    enums: await read<EnumType>(ENUMS),
    sequences: await read<Sequence>(SEQUENCES),
    tables: await read<Table>(TABLES),
    objects,
  }
}
