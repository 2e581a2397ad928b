import { quoteIdentifier } from '../identifiers.ts'
import type { Queryable } from '../queryable.ts'
import { OWN_MARK } from '../read-only.ts'
import {
  type CatalogFunction,
  FIRST_NORMAL_OID,
  FUNCTION_COLUMNS,
  FUNCTION_TABLES,
} from './harmless-functions.ts'
import { type CalledName, type Reading, UNWRITTEN_OPERATORS } from './read-statement.ts'

/** A function that a statement may call, with what it leads to. */
export interface CalledFunction extends CatalogFunction {
  /** SQL text of a function in language SQL. */
  body: string
  /** Expressions that stand for arguments that are not given, separated by commas. */
  defaults: string | null
  /**
   * Of its arguments and of what it returns: values become these without a cast that is written. Built-in types only of
   * a function in SQL, which casts what it returns.
   */
  types: CalledName[]
  /** Functions that an aggregate calls. */
  support: number[]
  /** False for an operator that any query uses without writing it, and for what sorts: that it runs is not known. */
  written: boolean
}

/** A relation that a statement reads, or a partition of one. */
export interface ReadRelation {
  oid: number
  name: string
  /** `f` is a foreign table, `v` a view. */
  kind: string
  /** The queries and expressions that are run when it is read: a view's query, conditions of row security. */
  texts: string[]
  /** Expressions of its indexes, statistics, partitions and CHECKs: the planner computes what names no column in them. */
  planned: string | null
}

/** What the catalog says of everything that a statement names. */
export interface CalledObjects {
  functions: CalledFunction[]
  relations: ReadRelation[]
  /** Conditions of the domains among the named types, as expressions. */
  conditions: string[]
}

/**
 * What is called by name, and without one: built-in operators with a body of SQL, which casts; casts of values that are
 * met to types that are met, and to JSON, which is made by them (to_json, json_agg); what sorts, groups and estimates such
 * values, by operator classes and ranges of somebody's own.
 */
const FUNCTIONS = `with called(schema, name) as (select ${OWN_MARK} * from unnest($1::text[], $2::text[])),
  operator(schema, name) as (select * from unnest($3::text[], $4::text[])),
  wanted(oid, written) as (
    select p.oid, true from called join pg_proc p on p.proname = called.name join pg_namespace n on n.oid = p.pronamespace
      where case when called.schema is null then n.nspname = any(current_schemas(true)) else n.nspname = called.schema end
    union select o.oprcode, o.oprname not in (${UNWRITTEN_OPERATORS.map((name) => `'${name}'`).join(', ')})
      from operator join pg_operator o on o.oprname = operator.name join pg_namespace n on n.oid = o.oprnamespace
      where (o.oid >= ${FIRST_NORMAL_OID} or exists (select from pg_proc p join pg_language l on l.oid = p.prolang
        where p.oid = o.oprcode and l.lanname = 'sql'))
      and case when operator.schema is null then n.nspname = any(current_schemas(true)) else n.nspname = operator.schema end
    union select p.oid, true from pg_proc p join pg_type t on t.oid = any(p.proargtypes::oid[])
      where p.proname = any($5::text[]) and p.oid >= ${FIRST_NORMAL_OID} and t.typtype in ('c', 'p') and p.pronargs >= 1
    union select c.castfunc, isMet from pg_cast c,
        lateral (select c.castsource < ${FIRST_NORMAL_OID} or c.castsource = any($8::oid[])) source(isMet)
      where c.oid >= ${FIRST_NORMAL_OID} and c.castfunc <> 0 and (c.castcontext = 'i' or isMet
        and (c.casttarget = any($6::oid[]) or c.casttarget in ('json'::regtype, 'jsonb'::regtype)))
    union select a.amproc, false from pg_amproc a where a.oid >= ${FIRST_NORMAL_OID} and a.amproclefttype = any($8::oid[])
    union select unnest(array[r.rngcanonical, r.rngsubdiff]), false from pg_range r
      where r.rngtypid >= ${FIRST_NORMAL_OID} and r.rngtypid = any($8::oid[])
    union select unnest($7::oid[]), true)
  select ${FUNCTION_COLUMNS},
    coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body, pg_get_expr(p.proargdefaults, 0) as defaults,
    (select coalesce(json_agg(json_build_object('schema', tn.nspname, 'name', t.typname)), '[]') from pg_type t
      join pg_namespace tn on tn.oid = t.typnamespace
      where (t.oid >= ${FIRST_NORMAL_OID} or l.lanname = 'sql')
      and (t.oid = p.prorettype or t.oid = any(p.proargtypes) or t.oid = any(p.proallargtypes))) as types,
    coalesce((select array_agg(f::int8) from pg_aggregate a, unnest(array[aggtransfn, aggfinalfn, aggcombinefn,
      aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[]) f
      where a.aggfnoid = p.oid and f <> 0), '{}') as support, w.written
  from (select oid, bool_or(written) as written from wanted group by oid) w join (${FUNCTION_TABLES}) on p.oid = w.oid`

const RELATIONS = `with recursive family(oid) as (
    select ${OWN_MARK} to_regclass(name)::oid from unnest($1::text[]) name
    union select i.inhrelid from pg_inherits i join family on i.inhparent = family.oid)
  select c.oid::int8 as oid, n.nspname || '.' || c.relname as name, c.relkind as kind,
    case when c.relkind = 'v' and c.oid >= ${FIRST_NORMAL_OID} then array[pg_get_viewdef(c.oid)] else '{}' end ||
    array(select 'select ' || pg_get_expr(p.polqual, p.polrelid) from pg_policy p
      where p.polrelid = c.oid and p.polqual is not null) as texts,
    (select string_agg(pg_get_expr(e.tree, c.oid), ', ') from (
      select i.indexprs from pg_index i where i.indrelid = c.oid
      union all select i.indpred from pg_index i where i.indrelid = c.oid
      union all select k.conbin from pg_constraint k where k.conrelid = c.oid
      union all select s.stxexprs from pg_statistic_ext s where s.stxrelid = c.oid
      union all select t.partexprs from pg_partitioned_table t where t.partrelid = c.oid) e(tree)
      where e.tree is not null and c.oid >= ${FIRST_NORMAL_OID}) as planned
  from family join pg_class c on c.oid = family.oid join pg_namespace n on n.oid = c.relnamespace`

/** Types and what they are made of: the named ones, those of the rows that are read, and what values may become. */
const TYPES = `with recursive part(oid, isValue, isTarget) as (
    (select ${OWN_MARK} to_regtype(name)::oid, true, true from unnest($1::text[]) name
      union select to_regtype(name)::oid, true, false from unnest($2::text[]) name
      union select to_regtype(name)::oid, false, true from unnest($3::text[]) name)
    union select x.oid, part.isValue, part.isTarget from part join pg_type t on t.oid = part.oid cross join lateral (
      select t.typbasetype as oid union select t.typelem
      union select r.rngsubtype from pg_range r where r.rngtypid = t.oid
      union select r.rngtypid from pg_range r where r.rngmultitypid = t.oid
      union select a.atttypid from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) x
    where x.oid <> 0)
  select array(select distinct oid::int8 from part where isTarget and oid is not null) as targets,
    array(select distinct oid::int8 from part where isValue and oid is not null) as values,
    array(select 'select ' || pg_get_expr(c.conbin, 0) from pg_constraint c
      where c.contypid in (select oid from part where isTarget) and c.conbin is not null) as conditions`

/** Types met so far, as object ids: a value and the type that it becomes may be named in different places. */
export class MetTypes {
  /** What something may be cast to. */
  readonly targets = new Set<number>()
  /** What there may be a value of: a target, or a column of what is read. */
  readonly values = new Set<number>()
}

/** What a function leads to that no text names. */
export interface Unnamed {
  /** Functions that an aggregate calls. */
  support: number[]
  /** Types that a value may become. */
  targets: CalledName[]
}

/** A name as SQL text. */
export function writtenName({ schema, name }: CalledName): string {
  return schema === null ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

function columnsOf(names: CalledName[]): [schemas: (string | null)[], names: string[]] {
  return [names.map(({ schema }) => schema), names.map(({ name }) => name)]
}

/**
 * Looks up what a statement names, one query a kind. An unqualified name stands for everything of that name on the
 * search path, because which of them is called depends on types that only the server knows. What it names of types is
 * added to `met`.
 */
export async function calledObjects(
  session: Queryable,
  reading: Reading,
  { support, targets }: Unnamed,
  met: MetTypes,
): Promise<CalledObjects> {
  const { rows } = await session.query(TYPES, [
    reading.types.map(writtenName),
    reading.relations.map(writtenName),
    targets.map(writtenName),
  ])
  const types = rows[0] as { targets: number[]; values: number[]; conditions: string[] }
  for (const oid of types.targets) met.targets.add(oid)
  for (const oid of types.values) met.values.add(oid)
  const relations = await session.query(RELATIONS, [reading.relations.map(writtenName)])
  const functions = await session.query(FUNCTIONS, [
    ...columnsOf(reading.functions),
    ...columnsOf(reading.operators),
    reading.attributes,
    [...met.targets],
    support,
    [...met.values],
  ])
  return {
    functions: functions.rows as unknown as CalledFunction[],
    relations: relations.rows as unknown as ReadRelation[],
    conditions: types.conditions,
  }
}
