import type { Queryable } from '../sql/queryable.ts'
import { OWN_MARK } from '../sql/read-only.ts'
import type { BesideLine } from './besides.ts'
import {
  type CatalogFunction,
  COMPUTING_EXTENSIONS,
  FIRST_NORMAL_OID,
  FUNCTION_COLUMNS,
  FUNCTION_TABLES,
} from './harmless-functions.ts'

const POLYMORPHIC = `array['anyelement', 'anyarray', 'anynonarray', 'anyenum', 'anyrange', 'anymultirange', 'anycompatible',
  'anycompatiblearray', 'anycompatiblenonarray', 'anycompatiblerange', 'anycompatiblemultirange']::regtype[]::oid[]`

/** Functions of extensions that only compute: what these add acts no more than what initdb made. */
const KNOWN = (extensions: string): string => `known(oid) as (select d.objid from pg_extension e
  join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
  and d.classid = 'pg_proc'::regclass where e.extname = any(${extensions}::text[]))`

/** A function that a tree calls, with what it leads to. */
export interface CalledFunction extends CatalogFunction {
  /** SQL text of a user's function in language SQL. */
  body: string | null
  /** The defaults of missing arguments, as a tree. */
  defaults: string | null
  args: { type: number; name: string | null; polymorphic: boolean; composite: boolean }[]
  /** What it returns: one type, or those of its columns. */
  returns: { type: number; polymorphic: boolean; composite: boolean; columns: string[] }
  /** A built-in function in SQL that casts an argument of any type. */
  casts: boolean
  /** Functions that an aggregate calls, operators that stand for it, and the types of its states. */
  support: number[]
  operators: number[]
  states: number[]
}

/** Something that runs without standing in a tree, with the line of the closed list that finds it. */
export interface Beside<T> {
  line: BesideLine | 'operators'
  what: T
}

/** What types lead to: their parts, the conditions of their domains, and functions that read, order and convert values. */
export interface TypeObjects {
  types: number[]
  made: number[]
  checks: string[]
  functions: Beside<number>[]
}

/** A relation, or a partition of one, with trees: what the planner computes of them, and columns that are computed when read. */
export interface ReadRelation {
  oid: number
  name: string
  /** `f` is a foreign table. */
  kind: string
  /** A child or partition of a relation in a tree. */
  child: boolean
  planned: Beside<string>[]
  virtual: string[]
  families: Beside<number>[]
}

const FUNCTIONS = `select ${OWN_MARK} ${FUNCTION_COLUMNS}, false as casts,
    case when l.lanname = 'sql' and p.prokind <> 'a' and p.oid >= ${FIRST_NORMAL_OID}
      then coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) end as body,
    case when p.oid >= ${FIRST_NORMAL_OID} then p.proargdefaults::text end as defaults,
    (select coalesce(json_agg(json_build_object('type', a.oid::int8, 'name', nullif(p.proargnames[case
        when p.proallargtypes is null then a.at else (select m.at from (select row_number() over (order by k) as nth, k as at
          from generate_subscripts(p.proargmodes, 1) k where p.proargmodes[k] in ('i', 'b', 'v')) m where m.nth = a.at) end], ''),
        'polymorphic', t.typtype = 'p', 'composite', t.typtype = 'c') order by a.at), '[]')
      from unnest(p.proargtypes::oid[]) with ordinality a(oid, at) join pg_type t on t.oid = a.oid) as args,
    (select json_build_object('type', t.oid::int8, 'polymorphic', t.typtype = 'p', 'composite', t.typtype = 'c', 'columns', case
      when t.typtype = 'c' then (select coalesce(json_agg(format_type(c.atttypid, null) order by c.attnum), '[]')
        from pg_attribute c where c.attrelid = t.typrelid and c.attnum > 0 and not c.attisdropped)
      when p.proallargtypes is not null and t.oid = 'record'::regtype then (select coalesce(json_agg(
        format_type(p.proallargtypes[k], null) order by k), '[]') from generate_subscripts(p.proargmodes, 1) k
        where p.proargmodes[k] in ('o', 'b', 't'))
      when t.typtype = 'p' then '[]' else json_build_array(format_type(t.oid, null)) end)
      from pg_type t where t.oid = p.prorettype) as returns,
    case when g.aggfnoid is null then '{}' else array(select f::oid from unnest(array[g.aggtransfn, g.aggfinalfn, g.aggcombinefn,
      g.aggserialfn, g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn]::oid[]) f where f <> 0) end as support,
    case when g.aggsortop <> 0 then array[g.aggsortop] else '{}' end as operators,
    case when g.aggfnoid is null then '{}' else array(select s from unnest(array[g.aggtranstype, g.aggmtranstype]) s where s <> 0)
      end as states
  from ${FUNCTION_TABLES} left join pg_aggregate g on g.aggfnoid = p.oid where p.oid = any($1::oid[])`

/** Of what initdb made, no more is needed. */
const BUILT_IN_FUNCTIONS = `select ${OWN_MARK} ${FUNCTION_COLUMNS}, null as body, null as defaults, '[]'::json as args,
    json_build_object('type', p.prorettype::int8, 'composite', false, 'columns', '[]'::json,
      'polymorphic', p.prorettype = any(${POLYMORPHIC})) as returns,
    l.lanname = 'sql' and p.proargtypes::oid[] && ${POLYMORPHIC} as casts,
    '{}'::oid[] as support, '{}'::oid[] as operators, '{}'::oid[] as states
  from ${FUNCTION_TABLES} where p.oid = any($1::oid[])`

const RELATIONS = `with recursive family(oid, child) as (
    select ${OWN_MARK} unnest($1::oid[]), false
    union select i.inhrelid, true from pg_inherits i join family on i.inhparent = family.oid),
  each as (select oid, bool_and(child) as child from family group by oid)
  select c.oid, n.nspname || '.' || c.relname as name, c.relkind as kind, each.child,
    (select coalesce(json_agg(json_build_object('line', e.line, 'what', e.tree::text)), '[]') from (
      select 'indexes' as line, i.indexprs as tree from pg_index i where i.indrelid = c.oid
      union all select 'indexes', i.indpred from pg_index i where i.indrelid = c.oid
      union all select 'checks', k.conbin from pg_constraint k where k.conrelid = c.oid
      union all select 'statistics', s.stxexprs from pg_statistic_ext s where s.stxrelid = c.oid
      union all select 'partitions', t.partexprs from pg_partitioned_table t where t.partrelid = c.oid) e
      where e.tree is not null) as planned,
    array(select d.adbin::text from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attgenerated = 'v') as virtual,
    (select coalesce(json_agg(distinct jsonb_build_object('line', x.line, 'what', o.opcfamily::int8)), '[]') from (
      select 'families' as line, unnest(i.indclass) as oid from pg_index i where i.indrelid = c.oid
      union all select 'partition-families', unnest(t.partclass) from pg_partitioned_table t where t.partrelid = c.oid) x
      join pg_opclass o on o.oid = x.oid) as families
  from each join pg_class c on c.oid = each.oid join pg_namespace n on n.oid = c.relnamespace where c.oid >= ${FIRST_NORMAL_OID}`

/** Operator classes of these kinds of types are of every type of the kind. */
const KINDS = `select unnest(array['"any"', 'record', 'record[]']::regtype[]::oid[] || ${POLYMORPHIC})`

const TYPES = `with recursive ${KNOWN('$3')}, part(oid, made) as (
    select ${OWN_MARK} unnest($1::oid[]), false union select unnest($2::oid[]), true
    union select t.oid, false from pg_type t where t.oid >= ${FIRST_NORMAL_OID} and 'anyarray'::regtype = any($1::oid[])
    union select x.oid, part.made from part join pg_type t on t.oid = part.oid cross join lateral (
      select t.typbasetype as oid union select t.typelem
      union select r.rngsubtype from pg_range r where r.rngtypid = t.oid
      union select r.rngtypid from pg_range r where r.rngmultitypid = t.oid
      union select a.atttypid from pg_attribute a where t.typrelid <> 0 and a.attrelid = t.typrelid and a.attnum > 0
        and not a.attisdropped) x where x.oid <> 0),
  met(oid) as (select oid from part union ${KINDS}
    union select c.casttarget from pg_cast c join part on part.oid = c.castsource where c.castmethod = 'b'),
  own(oid) as (select distinct oid from part where oid >= ${FIRST_NORMAL_OID})
  select array(select distinct oid from part) as types, array(select distinct oid from part where made) as made,
    array(select c.conbin::text from pg_constraint c where c.contypid in (select oid from part where made)
      and c.contypid >= ${FIRST_NORMAL_OID} and c.conbin is not null) as checks,
    (select coalesce(json_agg(distinct jsonb_build_object('line', x.line, 'what', x.f::int8)), '[]') from (
      select 'input-output' as line, unnest(array[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout]::oid[])
        as f from pg_type t join own on own.oid = t.oid
      union select 'ranges', unnest(array[r.rngcanonical, r.rngsubdiff]::oid[]) from pg_range r join own on own.oid = r.rngtypid
      union select 'families', a.amproc::oid from pg_amproc a where a.oid >= ${FIRST_NORMAL_OID}
        and (a.amproclefttype in (select oid from met) or a.amprocrighttype in (select oid from met))
      union select 'families', o.oprcode::oid from pg_amop a join pg_operator o on o.oid = a.amopopr
        where a.oid >= ${FIRST_NORMAL_OID} and (a.amoplefttype in (select oid from met) or a.amoprighttype in (select oid from met))
      union select 'families', a.amproc::oid from pg_range r join own on own.oid = r.rngtypid
        join pg_opclass c on c.oid = r.rngsubopc join pg_amproc a on a.amprocfamily = c.opcfamily
      union select 'json-casts', c.castfunc from pg_cast c join own on own.oid = c.castsource
        where c.oid >= ${FIRST_NORMAL_OID} and c.casttarget in ('json'::regtype, 'jsonb'::regtype)) x
      where x.f >= ${FIRST_NORMAL_OID} and not x.f = any(array(select oid from known))) as functions`

const OPERATORS = `with recursive ${KNOWN('$3')}, op(oid, line) as (
    select ${OWN_MARK} unnest($1::oid[]), 'operators' union select x, 'commutators' from op join pg_operator o on o.oid = op.oid,
      unnest(array[o.oprcom, o.oprnegate]) x where x <> 0),
  family(oid, line) as (select unnest($2::oid[]), 'operators' union select a.amopfamily, 'families'
    from pg_amop a join op on op.oid = a.amopopr)
  select (select coalesce(json_agg(distinct jsonb_build_object('line', x.line, 'what', x.f::int8)), '[]') from (
    select op.line, o.oprcode::oid as f from op join pg_operator o on o.oid = op.oid where o.oprcode <> 0
    union select 'estimates', unnest(array[o.oprrest, o.oprjoin]::oid[]) from op join pg_operator o on o.oid = op.oid
    union select family.line, a.amproc::oid from pg_amproc a join family on family.oid = a.amprocfamily
      where a.oid >= ${FIRST_NORMAL_OID}
    union select family.line, o.oprcode::oid from pg_amop a join family on family.oid = a.amopfamily
      join pg_operator o on o.oid = a.amopopr where a.oid >= ${FIRST_NORMAL_OID}) x
    where (x.line <> 'estimates' or x.f >= ${FIRST_NORMAL_OID}) and not x.f = any(array(select oid from known))) as functions`

const CASTS = `select ${OWN_MARK} array(select c.castfunc from pg_cast c where c.oid >= ${FIRST_NORMAL_OID} and c.castfunc <> 0
  and c.casttarget < ${FIRST_NORMAL_OID} and c.castsource = any($1::oid[])) as functions`

/**
 * What users added to what initdb made: members of built-in operator families that no known extension brought, with
 * their types and the operators beside them, and commutators and negators of built-in operators. Of all other built-in types and
 * operators nothing more than their function is called. And types whose literals are read with checks or by users' functions.
 */
const ADDED = `with ${KNOWN('$1')}, added(family, a, b) as (
    select ${OWN_MARK} m.amprocfamily, m.amproclefttype, m.amprocrighttype from pg_amproc m where m.oid >= ${FIRST_NORMAL_OID}
      and m.amproc >= ${FIRST_NORMAL_OID} and not m.amproc = any(array(select oid from known))
    union select m.amopfamily, m.amoplefttype, m.amoprighttype from pg_amop m join pg_operator o on o.oid = m.amopopr
      where m.oid >= ${FIRST_NORMAL_OID} and o.oid >= ${FIRST_NORMAL_OID} and not o.oprcode = any(array(select oid from known)))
  select array(select family from added) as families, array(select a from added union select b from added) as types,
    array(select m.amopopr from pg_amop m join added on added.family = m.amopfamily
      union select o.oid from pg_operator o where o.oid < ${FIRST_NORMAL_OID}
        and (o.oprcom >= ${FIRST_NORMAL_OID} or o.oprnegate >= ${FIRST_NORMAL_OID})) as operators,
    array(select t.oid from pg_type t where t.oid >= ${FIRST_NORMAL_OID} and (t.typtype = 'r'
      or t.typtype = 'd' and exists (select from pg_constraint c where c.contypid = t.oid and c.conbin is not null)
      or t.typtype = 'b' and t.typinput >= ${FIRST_NORMAL_OID} and not t.typinput = any(array(select oid from known)))) as read`

const TYPE_NAMES = `select ${OWN_MARK} array(select format_type(t.oid, null) from unnest($1::oid[]) with ordinality t(oid, at)
  order by t.at) as names`

async function first<T>(session: Queryable, text: string, values: unknown[]): Promise<T> {
  const { rows } = await session.query(text, values)
  return rows[0] as T
}

/** Functions by object id. */
export async function functionsOf(session: Queryable, oids: number[]): Promise<CalledFunction[]> {
  const builtIn = oids.filter((oid) => oid < FIRST_NORMAL_OID)
  const own = oids.filter((oid) => oid >= FIRST_NORMAL_OID)
  const found: unknown[] = []
  if (builtIn.length > 0) found.push(...(await session.query(BUILT_IN_FUNCTIONS, [builtIn])).rows)
  if (own.length > 0) found.push(...(await session.query(FUNCTIONS, [own])).rows)
  return found as CalledFunction[]
}

/** Relations of users, and their partitions and children. */
export async function relationsOf(session: Queryable, oids: number[]): Promise<ReadRelation[]> {
  const own = oids.filter((oid) => oid >= FIRST_NORMAL_OID)
  if (own.length === 0) return []
  const { rows } = await session.query(RELATIONS, [own])
  return rows as unknown as ReadRelation[]
}

/** What types lead to; `made` are those whose checks run. */
export function typesOf(session: Queryable, types: number[], made: number[]): Promise<TypeObjects> {
  return first(session, TYPES, [types, made, [...COMPUTING_EXTENSIONS]])
}

/** Functions of operators, of their commutators and negators, and what users added to the families of any of them. */
export async function functionsOfOperators(
  session: Queryable,
  operators: number[],
  families: number[],
): Promise<Beside<number>[]> {
  if (operators.length + families.length === 0) return []
  return (
    await first<{ functions: Beside<number>[] }>(session, OPERATORS, [
      operators,
      families,
      [...COMPUTING_EXTENSIONS],
    ])
  ).functions
}

/** Functions of casts from these types to built-in ones. */
export async function castsFrom(session: Queryable, types: number[]): Promise<number[]> {
  return (await first<{ functions: number[] }>(session, CASTS, [types])).functions
}

/** What users added to what initdb made, by object id. */
export interface Added {
  families: number[]
  types: number[]
  operators: number[]
  /** Types whose literals are read with checks, or by users' functions. */
  read: number[]
}

/** What users added to what initdb made. */
export function addedByUsers(session: Queryable): Promise<Added> {
  return first(session, ADDED, [[...COMPUTING_EXTENSIONS]])
}

/** Names of types as SQL writes them. */
export async function typeNames(session: Queryable, oids: number[]): Promise<string[]> {
  return (await first<{ names: string[] }>(session, TYPE_NAMES, [oids])).names
}
