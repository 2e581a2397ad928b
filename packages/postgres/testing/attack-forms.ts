import { type Queryable } from '../src/queryable.ts'

/** A built-in function that acts, with arguments that it takes. */
interface Harmful {
  name: string
  args: string[]
  returns: string
}

/** Values by which a function of such arguments can be called; what it does with them does not matter to a guard. */
const VALUES: Record<string, string> = {
  bigint: '1::bigint',
  boolean: 'true',
  bytea: `'x'::bytea`,
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
}

/** Functions of `pg_proc` that are not on the list, of arguments that have a value above. */
export async function harmfulFunctions(
  session: Queryable,
  isListed: (signature: string) => boolean,
): Promise<Harmful[]> {
  const { rows } = await session.query(`select p.proname as name, oidvectortypes(p.proargtypes) as args,
    format_type(p.prorettype, null) as returns from pg_proc p
    where p.oid < 16384 and p.prokind = 'f' and p.pronamespace = 'pg_catalog'::regnamespace order by 1, 2`)
  return (rows as { name: string; args: string; returns: string }[])
    .filter(({ name, args }) => !isListed(`${name}(${args})`))
    .map(({ name, args, returns }) => ({ name, args: args === '' ? [] : args.split(', '), returns }))
    .filter(({ args }) => args.every((type) => VALUES[type] !== undefined))
}

/** The same call in every notation that a query has for it. */
export function formsOf({ name, args, returns }: Harmful): string[] {
  const values = args.map((type) => VALUES[type]!)
  const call = `pg_catalog.${name}(${values.join(', ')})`
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
  if (args.length === 1)
    forms.push(
      `select (x).${name} from (select ${values[0]} as x) v`,
      `select v.${name} from (select ${values[0]}) v`,
    )
  return forms
}

/** What a user makes of a function so that no call of it stands in the query, with queries that run it. */
export function hiddenForms(
  { name, args }: Harmful,
  nth: number,
): { ddl: string[]; queries: string[] } | undefined {
  const [type] = args
  if (args.length !== 1 || type === undefined) return undefined
  const value = VALUES[type]!
  const own = `hidden_${nth}`
  return {
    ddl: [
      `create operator public.@#@ (rightarg = ${type}, function = pg_catalog.${name})`,
      `create domain ${own}_d as ${type} check (pg_catalog.${name}(value) is not null)`,
      `create type ${own}_t as (a ${own}_d)`,
      `create view ${own}_v as select pg_catalog.${name}(${value}) as v`,
      `create function ${own}_f(x ${type} default ${value}) returns text language sql as 'select pg_catalog.${name}(x)::text'`,
    ],
    queries: [
      `select operator(public.@#@) ${value}`,
      `select (${value})::${own}_d`,
      `select array[${value}]::${own}_d[]`,
      `select row(${value})::${own}_t`,
      `select json_populate_record(null::${own}_t, '{"a": "1"}')`,
      `select * from json_to_record('{"a": "1"}') as x(a ${own}_d)`,
      `select '(1)'::${own}_t`,
      `select '{1}'::${own}_d[]`,
      `select * from ${own}_v`,
      `select ${own}_f()`,
      `select (x).${own}_f from (select ${value} as x) v`,
    ],
  }
}
