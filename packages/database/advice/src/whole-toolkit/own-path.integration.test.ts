import { createDatabase } from '@esa/pg-server'
import { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bothMajors, runGuarded, ownServer } from '@esa/database-catalog/testing'
import { nothingMade, opaqueReasons } from '@esa/database-migrations/testing'
import { systemClock, parseScript } from '@esa/database-catalog/sql'
import { freezeDatabase, readFreeze, thawDatabase, roleGrants, ON_COPY } from '@esa/database-catalog/guard'
import { readSizes } from '@esa/database-migrations/lint'
import { readSchema, inTargetSnapshot } from '@esa/database-sandbox/testing'
import { readWorkload } from '../advise/read-workload.ts'
import { measureConnections } from '../measure/connections/measure-connections.ts'
import { explainStatement } from '../measure/explain.ts'
import { checkIntegrity } from '../review/integrity/check-integrity.ts'
import { measure } from '../measure/measure.ts'
import { normalizeDatabase } from '../measure/normalize/normalize-database.ts'
import { explainQuery } from '../queries/explain-query.ts'
import { topQueries } from '../queries/top-queries.ts'
import { reviewIndexes } from '../review/indexes/review-indexes.ts'
import { reviewSchema } from '../review/schema/review-schema.ts'
import { reviewStorage } from '../review/storage/review-storage.ts'

/**
 * A function and an operator of a user in the place of each of PostgreSQL's, in a schema that the database's path names
 * first, and casts of the user's own types to text. Each says its name when it is called. What PL/pgSQL cannot make,
 * functions over any types, could match some that our queries call.
 */
const PLANT = `set search_path = pg_catalog; do $plant$
  declare f record; body text;
  begin
    for f in select p.oid, quote_ident(p.proname) as name, oidvectortypes(p.proargtypes) as args, format_type(p.prorettype, null) as result
      from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' loop
      body := format('language plpgsql as $f$ begin raise warning %L; return null; end $f$', 'planted ' || f.name || '(' || f.args || ')');
      begin
        execute format('create function public.%s(%s) returns %s %s', f.name, f.args, f.result, body);
      exception when others then null; end;
    end loop;
    for f in select o.oprname as name, nullif(o.oprleft, 0)::regtype::text as l, o.oprright::regtype::text as r, quote_ident(p.proname) as called
      from pg_operator o join pg_proc p on p.oid = o.oprcode where o.oprnamespace = 'pg_catalog'::regnamespace loop
      begin
        execute format('create operator public.%s (%srightarg = %s, function = public.%s)', f.name, 'leftarg = ' || f.l || ', ', f.r, f.called);
      exception when others then null; end;
    end loop;
    for f in select unnest(array['concat_ws(text, text)', 'concat_ws(text, text, text)', 'format(text, name)', 'format(text, name, name)',
      'format(text, text)', 'format(text, text, text)', 'json_build_object(text, name)', 'to_jsonb(pg_constraint)']) as call loop
      execute format('create function public.%s returns text language plpgsql as $f$ begin raise warning %L; return null; end $f$', f.call, 'planted ' || f.call);
    end loop;
    for f in select unnest(array['oid, int4', 'int4, oid', 'name, text', 'int2, oid', 'text, name']) as args loop
      execute format('create function public.better(%s) returns boolean language plpgsql as $f$ begin raise warning %L; return true; end $f$', f.args, 'planted better(' || f.args || ')');
    end loop;
    for f in select * from (values ('>=', 'oid', 'int4'), ('=', 'oid', 'int4'), ('=', 'int4', 'oid'), ('=', 'int2', 'oid')) v(name, l, r) loop
      execute format('create operator public.%s (leftarg = %s, rightarg = %s, function = public.better)', f.name, f.l, f.r);
    end loop;
    create function public.step(int8, text) returns int8 language plpgsql as $f$ begin raise warning 'planted count(text)'; return 1; end $f$;
    create aggregate public.count(text) (sfunc = public.step, stype = int8, initcond = '0');
  end $plant$`

/** Tables that each look has something to say of, with a type whose cast to text is a user's function. */
const TABLES = `create type mood as enum ('good', 'bad', 'calm');
  create function told(mood) returns text language plpgsql as $$ begin raise warning 'planted cast'; return 'x'; end $$;
  create cast (mood as text) with function told(mood);
  create table customers (id int primary key, email text, code mood, at timestamptz default now());
  insert into customers select i, 'c' || i || '@example.com', (array['good', 'bad', 'calm'])[1 + i % 3]::mood from generate_series(1, 300) i;
  create function told(customers) returns text language plpgsql as $$ begin raise warning 'planted cast of a row'; return 'x'; end $$;
  create cast (customers as text) with function told(customers);
  create table orders (id int, customer_id int, customer_name text, mood mood, shop_id serial);
  insert into orders select i, 1 + i % 300, 'n' || i % 300, (array['good', 'bad', 'calm'])[1 + i % 3]::mood from generate_series(1, 900) i;
  alter table orders add constraint orders_customer foreign key (customer_id) references customers not valid;
  create function told(orders) returns text language plpgsql as $$ begin raise warning 'planted cast of a row'; return 'x'; end $$;
  create cast (orders as text) with function told(orders);
  create index on orders (customer_id); create index orders_again on orders (customer_id);
  create extension pg_stat_statements; create extension amcheck; analyze`

const METRICS = [
  'query-response-time',
  'data-loss-incidents-during-migrations',
  'database-uptime',
  'index-hit-ratio',
  'schema-normalization-score',
]

const LOOKS: [name: string, look: (pool: Pool) => Promise<unknown>][] = [
  ['schema', (pool) => reviewSchema(pool)],
  ['integrity', (pool) => checkIntegrity(pool)],
  ['normalize', (pool) => normalizeDatabase(pool)],
  ['storage', (pool) => reviewStorage(pool)],
  ['indexes review', (pool) => reviewIndexes(pool, 1)],
  ['connections', (pool) => measureConnections(pool, { samples: 1 })],
  [
    'measure',
    (pool) =>
      measure(pool, {
        thresholds: METRICS.map((key) => ({ key, comparator: '<', value: 1, unit: '%' })),
        sampleMs: 10,
        probes: { count: 2, everyMs: 1 },
      }),
  ],
  ['queries', (pool) => topQueries(pool, 10)],
  ['advise', (pool) => readWorkload(pool, systemClock)],
  ['lint', (pool) => readSizes(pool)],
  ['a copy', (pool) => inTargetSnapshot(pool, (snapshot) => readSchema(snapshot, null))],
  ['grants', (pool) => roleGrants(pool, [])],
  [
    'freeze',
    async (pool) => {
      await freezeDatabase(pool, { reason: 'a test', by: 'a test' })
      await readFreeze(pool)
      await thawDatabase(pool)
    },
  ],
  ['apply', async (pool) => opaqueReasons(pool, await parseScript('delete from orders'), nothingMade())],

  ['explain', (pool) => explainStatement(pool, 'table orders', { terms: ON_COPY })],
  [
    'queries explain',
    (pool) => explainQuery(pool, 'select id from orders limit 1', { timeoutMs: 5_000, terms: ON_COPY }),
  ],
  ['the guard', (pool) => runGuarded(pool, 'select id from orders', { timeoutMs: 5_000 })],
]

const own = ownServer()
const both = bothMajors(own)

describe.each(both.majors)('what users planted in the place of PostgreSQL’s own: %s', (major) => {
  const heard: string[] = []
  let pool: Pool
  let made: string
  beforeAll(async () => {
    made = await createDatabase(both.url(major), 'planted')
    const admin = new Pool({ connectionString: made })
    await admin.query(TABLES)
    await admin.query(PLANT)
    await admin.query('alter database planted set search_path = public, pg_catalog')
    await admin.end()
    pool = new Pool({ connectionString: made, max: 3 })
    pool.on('connect', (client) => client.on('notice', ({ message }) => heard.push(String(message))))
  })
  afterAll(() => pool.end())
  beforeEach(() => heard.splice(0))

  it('is called by a query that goes by the path of the database', async () => {
    await pool.query(
      `select quote_ident('a'), oid >= 16384, '"char"' = name from (select oid, relname as name from pg_class limit 1) c`,
    )
    await pool.query('select code::text from customers limit 1')
    const said = ['quote_ident(text)', 'better(oid, int4)', 'nameeq(name, name)', 'cast'].map(
      (what) => `planted ${what}`,
    )
    expect([...new Set(heard)].toSorted()).toEqual(said.toSorted())
  })

  it.each(LOOKS)('is not called by the look at: %s', async (_, look) => {
    // What it finds is for its own tests. It must have looked: a query that fails calls nothing.
    expect(JSON.stringify(await look(pool)) ?? '').not.toMatch(/not-checked|not-looked-at|does not exist/)
    expect(heard.filter((message) => message.startsWith('planted'))).toEqual([])
  })
})

it('compares a type of an extension by its own equality, on whatever path', async () => {
  const pool = await own.database(
    'extended',
    `create extension citext; create table people (email citext primary key);
     insert into people select 'P' || i || '@example.com' from generate_series(1, 40) i;
     create table notes (id int primary key, email citext); insert into notes select i, 'p' || i || '@EXAMPLE.com' from generate_series(1, 40) i;
     alter table notes add constraint notes_email foreign key (email) references people not valid`,
  )
  const found = await checkIntegrity(pool)
  expect(found.map(({ kind }) => kind)).not.toContain('orphans')
  expect(found).toContainEqual(
    expect.objectContaining({
      kind: 'not-validated',
      evidence: expect.objectContaining({ orphans: 0, looked: 40 }),
    }),
  )
})
