import type { Queryable } from '../src/sql/queryable.ts'

/** A built-in function that acts, with arguments that it takes. */
interface Harmful {
  name: string
  schema: string
  args: string[]
  values: string[]
  returns: string
}

/** Values by which a function of such arguments can be called; what it does with them does not matter to a guard. */
const VALUES: Record<string, string> = {
  bigint: '1::bigint',
  boolean: 'true',
  bytea: `'x'::bytea`,
  cstring: `'1'::cstring`,
  integer: '1',
  name: `'a'::name`,
  oid: '1::oid',
  pg_lsn: `'0/1'::pg_lsn`,
  regclass: `'pg_class'::regclass`,
  text: `'a'::text`,
  'text[]': `array['a']`,
  'double precision': '0.001::float8',
  interval: `interval '1 ms'`,
  'timestamp with time zone': 'now()',
  xid: `'1'::xid`,
  xid8: `'1'::xid8`,
  refcursor: `'c'::refcursor`,
  tsquery: `'a'::tsquery`,
  record: 'row(1)',
  any: '1',
  '"any"': '1',
  anyelement: '1',
  anynonarray: '1',
  anyarray: 'array[1]',
  anyrange: 'int4range(1, 2)',
  anymultirange: 'int4multirange(int4range(1, 2))',
  anycompatible: '1',
  anycompatiblearray: 'array[1]',
  anycompatiblenonarray: '1',
  anycompatiblerange: 'int4range(1, 2)',
}

/** Values of these are only ever made by the server itself. */
const UNCALLABLE = /^(?:internal|trigger|event_trigger|.*_handler|anyenum)$/

function valueOf(type: string): string {
  return VALUES[type] ?? `null::${type}`
}

/** What is in `pg_proc` and not on the list: what a query can call, and how many only the server itself can. */
export async function harmfulFunctions(
  session: Queryable,
  isListed: (signature: string) => boolean,
): Promise<{ callable: Harmful[]; listed: number; internal: number }> {
  const { rows } = await session.query(`select p.proname as name, n.nspname as schema,
    array(select format_type(a.oid, null) from unnest(p.proargtypes) with ordinality a(oid, at) order by a.at) as args,
    oidvectortypes(p.proargtypes) as signature, format_type(p.prorettype, null) as returns
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid < 16384 order by 2, 1, 4`)
  const all = rows as unknown as (Omit<Harmful, 'values'> & { signature: string })[]
  const open = all.filter(
    ({ schema, name, signature }) =>
      !isListed(`${schema === 'pg_catalog' ? '' : `${schema}.`}${name}(${signature})`),
  )
  const callable = open
    .filter(({ args, returns }) => ![...args, returns].some((type) => UNCALLABLE.test(type)))
    .map((one) => ({ ...one, values: one.args.map(valueOf) }))
  return { callable, listed: all.length - open.length, internal: open.length - callable.length }
}

function callOf({ schema, name, values }: Harmful): string {
  return `${schema}.${name}(${values.join(', ')})`
}

/** The same call in every notation that a query has for it. */
export function formsOf(one: Harmful): string[] {
  const call = callOf(one)
  const { name, args, returns, values } = one
  const forms = [
    `select ${call}`,
    `select * from ${call} x`,
    `select 1 where exists (select ${call})`,
    `values ((select count(*) from (select ${call}) x))`,
    `select 1 from (select 1) one, lateral (select ${call}) two`,
  ]
  if (returns !== 'void')
    forms.push(`select array[(select (x)::text from ${call} x limit 1)]`, `select 1 order by (${call})::text`)
  // Attribute notation: PostgreSQL takes x.f for f(x).
  if (args.length === 1) forms.push(`select (x).${name} from (select ${values[0]} as x) v`)
  return forms
}

/** What a user makes of a function so that the query has no call of it. */
export function hidingSchema(one: Harmful): string[] {
  const call = callOf(one)
  const { schema, name, args, returns } = one
  const called = `${schema}.${name}`
  const direct: string[] = []
  if (args.length === 1)
    direct.push(`create operator hidden.@#@ (rightarg = ${args[0]}, function = ${called})`)
  if (args.length === 2)
    direct.push(
      `create operator hidden.@#@ (leftarg = ${args[0]}, rightarg = ${args[1]}, function = ${called})`,
      `create aggregate hidden.sums(${args[1]}) (sfunc = ${called}, stype = ${args[0]})`,
    )
  if (args.length === 1)
    direct.push(`create cast (${args[0]} as ${returns}) with function ${called}(${args[0]})`)
  return [
    `drop schema if exists hidden cascade; create schema hidden;
    create function hidden.wrapped(x int) returns int immutable language sql as $hidden$ select count(*)::int from (select ${call} offset 0) one $hidden$;
    create operator hidden.@##@ (leftarg = int, rightarg = int, function = int4larger);
    create operator hidden.@##@ (rightarg = int, function = hidden.wrapped);
    create domain hidden.checked as int check (hidden.wrapped(value) >= 0);
    create domain hidden.twice as hidden.checked;
    create type hidden.parts as (a hidden.checked);
    create view hidden.seen as select hidden.wrapped(1) as v;
    create function hidden.given(x int default hidden.wrapped(1)) returns int language sql as 'select x';
    create aggregate hidden.ends(int) (sfunc = int4larger, stype = int, initcond = '0', finalfunc = hidden.wrapped);
    create aggregate hidden.ordered(order by int) (sfunc = int4larger, stype = int, initcond = '0', finalfunc = hidden.wrapped);
    create type hidden.converted as (a int);
    create function hidden.as_text(x hidden.converted) returns text immutable language sql as 'select hidden.wrapped(1)::text';
    create function hidden.as_json(x hidden.converted) returns json immutable language sql as 'select to_json(hidden.wrapped(1))';
    create cast (hidden.converted as text) with function hidden.as_text(hidden.converted);
    create cast (hidden.converted as json) with function hidden.as_json(hidden.converted);
    create function hidden.apart(a int, b int) returns float8 immutable language sql as 'select hidden.wrapped(a - b)::float8';
    create type hidden.span as range (subtype = int4, subtype_diff = hidden.apart);
    create table hidden.parent (id int, s hidden.span, c hidden.converted);
    create table hidden.child (check (id > hidden.wrapped(1))) inherits (hidden.parent);`,
    ...direct,
  ]
}

/** Queries that run what `hidingSchema` made. */
export function hiddenQueries({ args, values, returns }: Harmful): string[] {
  const own: string[] = []
  if (args.length === 1) own.push(`select operator(hidden.@#@) ${values[0]}`)
  if (args.length === 2) own.push(`select ${values[0]} operator(hidden.@#@) ${values[1]}`)
  if (args.length === 2 && returns === 'boolean')
    own.push(`select ${values[0]} operator(hidden.@#@) any (array[${values[1]}])`)
  if (args.length === 2 && returns === args[0]) own.push(`select hidden.sums(${values[1]})`)
  return [
    ...own,
    'select operator(hidden.@##@) 1',
    'select (1)::hidden.checked',
    'select (1)::hidden.twice',
    'select array[1]::hidden.checked[]',
    'select row(1)::hidden.parts',
    'select array[row(1)]::hidden.parts[]',
    `select json_populate_record(null::hidden.parts, '{"a": "1"}')`,
    `select * from json_to_record('{"a": "1"}') as x(a hidden.checked)`,
    `select '(1)'::hidden.parts`,
    `select '{1}'::hidden.checked[]`,
    'select * from hidden.seen',
    'select hidden.given()',
    'select hidden.ends(1)',
    'select hidden.ends(v) over (order by v) from (values (1), (2)) x(v)',
    'select hidden.ends(1) filter (where true)',
    'select hidden.ordered() within group (order by v) from (values (1), (2)) x(v)',
    'select row(1)::hidden.converted::text',
    `select 'x' || row(1)::hidden.converted`,
    'select to_json(c) from hidden.parent',
    'select hidden.span(1, 3)',
    'select range_agg(s) from hidden.parent',
    'select multirange(s) from hidden.parent',
    `select 1 from hidden.parent where s && '[1,2)'`,
    'select * from hidden.parent where id = 1',
  ]
}

/** Functions that only compute: what refuses these refuses a form, and not what it calls. */
export const CONTROLS: Harmful[] = [
  { schema: 'pg_catalog', name: 'abs', args: ['integer'], values: ['1'], returns: 'integer' },
  {
    schema: 'pg_catalog',
    name: 'int4larger',
    args: ['integer', 'integer'],
    values: ['1', '2'],
    returns: 'integer',
  },
  {
    schema: 'pg_catalog',
    name: 'int4eq',
    args: ['integer', 'integer'],
    values: ['1', '2'],
    returns: 'boolean',
  },
]

/** What these queries say of a function in the attribute notation that the list lets through, too. */
export async function attributeForms(session: Queryable): Promise<{ sql: string; signature: string }[]> {
  const { rows } = await session.query(`select p.proname as name, format_type(a, null) as type,
    case n.nspname when 'pg_catalog' then '' else n.nspname || '.' end || p.proname || '(' || oidvectortypes(p.proargtypes) || ')' as signature
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace, unnest(p.proargtypes[0:0]) a
    where p.oid < 16384 and p.pronargs = 1 and p.prokind = 'f' order by 1, 2`)
  return (rows as { name: string; type: string; signature: string }[])
    .filter(({ type }) => !UNCALLABLE.test(type))
    .map(({ name, type, signature }) => ({
      sql: `select (x)."${name}" from (select ${valueOf(type)} as x) v`,
      signature,
    }))
}
