import { inScope, isOwn, options } from '@esa/database-catalog'
import type { CatalogQuery } from './catalog-shape.ts'

/** Materialized views are filled when all of them are there. */
const views = `select format('view %s', c.oid::regclass) as what,
    format('create %s %s%s%s as %s%s', case c.relkind when 'm' then 'materialized view' else 'view' end, c.oid::regclass,
      (select format(' using %I', m.amname) from pg_am m where m.oid = c.relam and m.amname <> 'heap'), ${options('c.reloptions')},
      rtrim(pg_get_viewdef(c.oid), ';'), case c.relkind when 'm' then ' with no data' end) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('v', 'm') and c.relpersistence <> 't' and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid`

const viewDefaults = `select format('column %s.%I', c.oid::regclass, a.attname) as what,
    format('alter view %s alter column %I set default %s', c.oid::regclass, a.attname, pg_get_expr(d.adbin, c.oid)) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
  join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relkind = 'v' and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid, a.attnum`

const filledViews = `select format('materialized view %s', c.oid::regclass) as what, format('refresh materialized view %s', c.oid::regclass) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'm' and c.relispopulated and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid`

const statistics = `select format('statistics %I.%I', n.nspname, s.stxname) as what, sql
  from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
  cross join lateral unnest(array[pg_get_statisticsobjdef(s.oid),
    case when coalesce(s.stxstattarget, -1) >= 0 then format('alter statistics %I.%I set statistics %s', n.nspname, s.stxname, s.stxstattarget) end]) sql
  where sql is not null and ${inScope('n')} and ${isOwn('pg_class', 's.stxrelid')} order by s.oid`

const rules = `select format('rule %I on %s', r.rulename, c.oid::regclass) as what, sql
  from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
  cross join lateral unnest(array[pg_get_ruledef(r.oid), case r.ev_enabled when 'D' then format('alter table %s disable rule %I', c.oid::regclass, r.rulename)
    when 'R' then format('alter table %s enable replica rule %I', c.oid::regclass, r.rulename) when 'A' then format('alter table %s enable always rule %I', c.oid::regclass, r.rulename) end]) sql
  where r.rulename <> '_RETURN' and sql is not null and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by r.oid`

const policies = `select format('policy %I on %s', p.polname, c.oid::regclass) as what,
    format('create policy %I on %s as %s for %s to %s%s%s', p.polname, c.oid::regclass, case when p.polpermissive then 'permissive' else 'restrictive' end,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      case when p.polroles = '{0}' then 'public' else (select string_agg(quote_ident(rolname), ', ' order by rolname) from pg_roles where oid = any (p.polroles)) end,
      ' using (' || pg_get_expr(p.polqual, c.oid) || ')', ' with check (' || pg_get_expr(p.polwithcheck, c.oid) || ')') as sql
  from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
  where ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by p.oid`

/** Those of partitions are made with their table's, and may be switched by themselves. */
const triggers = `select format('trigger %I on %s', t.tgname, c.oid::regclass) as what, sql
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace left join pg_trigger parent on parent.oid = t.tgparentid
  cross join lateral unnest(array[case when parent.oid is null then pg_get_triggerdef(t.oid) end,
    case when t.tgenabled <> coalesce(parent.tgenabled, 'O') then format('alter table %s %s trigger %I', c.oid::regclass,
      case t.tgenabled when 'D' then 'disable' when 'R' then 'enable replica' when 'A' then 'enable always' else 'enable' end, t.tgname) end]) sql
  where not t.tgisinternal and sql is not null and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by t.tgparentid, t.oid`

/** With the tables that it publishes now: an update of one without a replica identity is refused. */
const publications = `select format('publication %I', p.pubname) as what,
    format('create publication %I%s with (publish = %L, publish_via_partition_root = %s)', p.pubname,
      case when p.puballtables then ' for all tables' else (select ' for table ' || string_agg(format('only %I.%I', t.schemaname, t.tablename), ', ') from pg_publication_tables t where t.pubname = p.pubname) end,
      concat_ws(', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end), p.pubviaroot::text) as sql
  from pg_publication p where $1::text[] is null and ${isOwn('pg_publication', 'p.oid')} order by p.oid`

/** PostgreSQL names every object in the words that COMMENT takes; only a column and a domain's check are named otherwise. */
const comments = `select format('comment on %s %s', i.type, i.identity) as what,
    format('comment on %s %s is %L', case i.type when 'table column' then 'column' when 'view column' then 'column' when 'materialized view column' then 'column' when 'composite type column' then 'column'
      when 'table constraint' then 'constraint' when 'domain constraint' then 'constraint' when 'statistics object' then 'statistics' else i.type end,
      case i.type when 'domain constraint' then replace(i.identity, ' on ', ' on domain ') else i.identity end, d.description) as sql
  from pg_description d cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  where d.objoid >= 16384 and not exists (select from pg_depend e where e.classid = d.classoid and e.objid = d.objoid and e.deptype = 'e')
    and i.type in ('table', 'table column', 'view', 'view column', 'materialized view', 'materialized view column', 'composite type column', 'index', 'sequence', 'type', 'domain', 'schema', 'function', 'procedure', 'aggregate',
      'table constraint', 'domain constraint', 'trigger', 'rule', 'policy', 'statistics object', 'collation')
    and ($1::text[] is null or i.schema is null or i.schema = any ($1)) and coalesce(i.schema, '') !~ '^pg_' order by d.objoid, d.objsubid`

/** Views stand on keys: one that groups by a primary key is refused without it. */
export const VIEWS: readonly CatalogQuery[] = [
  { about: 'views', query: views },
  { about: 'defaults of views', query: viewDefaults },
  { about: 'filled views', query: filledViews },
]

/** What reacts to rows or to statements, last, so that it does not react to their making. */
export const REACTIONS: readonly CatalogQuery[] = [
  { about: 'statistics', query: statistics },
  { about: 'comments', query: comments },
  { about: 'rules', query: rules },
  { about: 'policies', query: policies },
  { about: 'triggers', query: triggers },
  { about: 'publications', query: publications },
]
