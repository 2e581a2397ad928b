import { quoteIdentifier } from '../identifiers.ts'
import type { Queryable } from '../queryable.ts'
import { OWN_MARK } from '../read-only.ts'
import type { CatalogFunction } from './harmless-functions.ts'
import type { CalledName, Reading } from './read-statement.ts'

/** A relation that a statement reads, or a partition of one. */
interface ReadRelation {
  oid: number
  name: string
  /** `f` is a foreign table, `v` a view. */
  kind: string
  /** The queries and expressions that are run when it is read: a view's query, conditions of row security. */
  texts: string[]
}

/** What the catalog says of everything that a statement names. */
export interface CalledObjects {
  functions: CatalogFunction[]
  relations: ReadRelation[]
  /** Conditions of the domains among the named types, as expressions. */
  conditions: string[]
}

/** Objects with smaller numbers were made by initdb. Source: FirstNormalObjectId. */
const FIRST_NORMAL_OID = 16_384

const FUNCTIONS = `with called(schema, name) as (select ${OWN_MARK} * from unnest($1::text[], $2::text[])),
  operator(schema, name) as (select * from unnest($3::text[], $4::text[])),
  wanted(oid) as (
    select p.oid from called join pg_proc p on p.proname = called.name join pg_namespace n on n.oid = p.pronamespace
      where case when called.schema is null then n.nspname = any(current_schemas(true)) else n.nspname = called.schema end
    union select o.oprcode from operator join pg_operator o on o.oprname = operator.name
      join pg_namespace n on n.oid = o.oprnamespace where o.oid >= ${FIRST_NORMAL_OID}
      and case when operator.schema is null then n.nspname = any(current_schemas(true)) else n.nspname = operator.schema end
    union select p.oid from pg_proc p join pg_type t on t.oid = any(p.proargtypes::oid[])
      where p.proname = any($5::text[]) and p.oid >= ${FIRST_NORMAL_OID} and t.typtype in ('c', 'p') and p.pronargs >= 1
    union select c.castfunc from pg_cast c where c.oid >= ${FIRST_NORMAL_OID} and c.castfunc <> 0
      and (c.castcontext = 'i' or c.castsource = any($6::oid[]) or c.casttarget = any($6::oid[]))
    union select unnest($7::oid[]))
  select p.oid::int8 as oid, n.nspname as schema, p.proname as name, p.oid < ${FIRST_NORMAL_OID} as "builtIn",
    (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid where d.classid = 'pg_proc'::regclass
      and d.objid = p.oid and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e') as extension,
    case when p.prokind = 'a' then 'aggregate' else l.lanname end as language, p.provolatile as volatility,
    p.prosecdef as "securityDefiner", p.proconfig is not null as configured,
    coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body,
    coalesce((select array_agg(f::int8) from pg_aggregate a, unnest(array[aggtransfn, aggfinalfn, aggcombinefn,
      aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[]) f
      where a.aggfnoid = p.oid and f <> 0), '{}') as support
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
  where p.oid in (select oid from wanted)`

const RELATIONS = `with recursive family(oid) as (
    select ${OWN_MARK} to_regclass(name)::oid from unnest($1::text[]) name
    union select i.inhrelid from pg_inherits i join family on i.inhparent = family.oid)
  select c.oid::int8 as oid, n.nspname || '.' || c.relname as name, c.relkind as kind,
    case when c.relkind = 'v' and c.oid >= ${FIRST_NORMAL_OID} then array[pg_get_viewdef(c.oid)] else '{}' end ||
    array(select 'select ' || pg_get_expr(p.polqual, p.polrelid) from pg_policy p
      where p.polrelid = c.oid and p.polqual is not null) as texts
  from family join pg_class c on c.oid = family.oid join pg_namespace n on n.oid = c.relnamespace`

const TYPES = `with recursive part(oid) as (
    select ${OWN_MARK} to_regtype(name)::oid from unnest($1::text[]) name
    union select x.oid from part join pg_type t on t.oid = part.oid cross join lateral (
      select t.typbasetype as oid union select t.typelem
      union select r.rngsubtype from pg_range r where r.rngtypid = t.oid
      union select a.atttypid from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) x
    where x.oid <> 0)
  select array(select oid::int8 from part where oid >= ${FIRST_NORMAL_OID}) as types,
    array(select 'select ' || pg_get_expr(c.conbin, 0) from pg_constraint c
      where c.contypid in (select oid from part) and c.conbin is not null) as conditions`

/** A name as SQL text. */
export function writtenName({ schema, name }: CalledName): string {
  return schema === null ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

function columnsOf(names: CalledName[]): [schemas: (string | null)[], names: string[]] {
  return [names.map(({ schema }) => schema), names.map(({ name }) => name)]
}

/**
 * Looks up what a statement names, one query a kind. An unqualified name stands for everything of that name on the
 * search path, because which of them is called depends on types that only the server knows.
 */
export async function calledObjects(
  session: Queryable,
  reading: Reading,
  support: number[],
): Promise<CalledObjects> {
  const types = await session.query(TYPES, [reading.types.map(writtenName)])
  const { types: oids, conditions } = types.rows[0] as { types: number[]; conditions: string[] }
  const relations = await session.query(RELATIONS, [reading.relations.map(writtenName)])
  const functions = await session.query(FUNCTIONS, [
    ...columnsOf(reading.functions),
    ...columnsOf(reading.operators),
    reading.attributes,
    oids,
    support,
  ])
  return {
    functions: functions.rows as unknown as CatalogFunction[],
    relations: relations.rows as unknown as ReadRelation[],
    conditions,
  }
}
