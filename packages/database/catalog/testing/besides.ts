import type { BesideLine } from '../src/guard/besides.ts'

/** A statement that acts by one line of the closed list alone. */
export interface BesideAttack {
  line: BesideLine
  sql: string
  /** Made in a database of its own, beside `act` and `plain`. */
  schema: string
  /** What the session needs for the planner to go this way. */
  settings?: string
  /** The first major that has this. */
  from?: number
}

/** What acts: the lock stays after the transaction is rolled back. */
export const ACTING_SCHEMA = `
create function act(x int) returns int immutable language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return x; end $$;
create domain acting as int check (act(value) is not null);
create table plain (id int, t text); insert into plain values (1, 'a'), (2, 'b');
create type pair as (a int);
create function pair_is(a pair, b pair) returns boolean immutable language sql as $$ select (select (a).a) = (b).a $$;
create function pair_less(a pair, b pair) returns boolean immutable language sql as $$ select (a).a < (b).a $$;
create function acts_is(a pair, b pair) returns boolean immutable language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return true; end $$;
create function acts_cmp(a pair, b pair) returns int immutable language plpgsql as $$ begin perform pg_advisory_lock_shared(21);
  return case when (a).a < (b).a then -1 when (a).a > (b).a then 1 else 0 end; end $$;
create operator === (leftarg = pair, rightarg = pair, function = pair_is, commutator = ===, hashes);
create operator <<< (leftarg = pair, rightarg = pair, function = pair_less);
create operator <<= (leftarg = pair, rightarg = pair, function = pair_less);
create operator >>= (leftarg = pair, rightarg = pair, function = pair_less);
create operator >>> (leftarg = pair, rightarg = pair, function = pair_less);
`

/** An order of a type by what acts. */
function pairOrder(kind: '' | 'default'): string {
  return `create operator class pair_ops ${kind} for type pair using btree as operator 1 <<<, operator 2 <<=, operator 3 ===,
    operator 4 >>=, operator 5 >>>, function 1 acts_cmp(pair, pair);`
}

/** A base type of one number, whose functions are those of PostgreSQL under another name. */
function base(input: string): string {
  return `create type base; create function base_in(cstring) returns base immutable strict language internal as '${input}';
    create function base_out(base) returns cstring immutable strict language internal as 'int4out';
    create type base (input = base_in, output = base_out, internallength = 4, passedbyvalue, alignment = int4);`
}

/** The same of a built-in type that has none. */
const JSON_ORDER = `create function json_is(a json, b json) returns boolean immutable language sql as $$ select a::text = b::text $$;
  create function json_acts(a json, b json) returns int immutable language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return 0; end $$;
  ${['<<<', '<<=', '===', '>>=', '>>>'].map((name) => `create operator ${name} (leftarg = json, rightarg = json, function = json_is);`).join(' ')}
  create operator class json_ops default for type json using btree as operator 1 <<<, operator 2 <<=, operator 3 ===,
    operator 4 >>=, operator 5 >>>, function 1 json_acts(json, json);`

export const BESIDE_ATTACKS: BesideAttack[] = [
  {
    line: 'aggregate-support',
    schema: `create function acts_state(state int, x int) returns int language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return x; end $$;
      create aggregate acts_all(int) (sfunc = acts_state, stype = int, initcond = '0')`,
    sql: 'select acts_all(id) from plain',
  },
  {
    line: 'aggregate-states',
    schema: `create function keep(a acting, b int) returns acting immutable language sql as $$ select a $$;
      create function to_number(a acting) returns bigint immutable language sql as $$ select 1::bigint $$;
      create aggregate begins(int) (sfunc = keep, stype = acting, initcond = '1', finalfunc = to_number)`,
    sql: 'select begins(id) over () from plain',
  },
  {
    // The state has the type of the arguments.
    line: 'aggregate-states',
    schema: `create aggregate begins(anyarray) (sfunc = array_larger, stype = anyarray, initcond = '{1}', finalfunc = cardinality);
      create table held (d acting)`,
    sql: 'select begins(array[d]) from held',
  },
  {
    line: 'defaults',
    schema: `create function given(x int default act(1)) returns int language sql as $$ select x $$`,
    sql: 'select given()',
  },
  {
    line: 'children',
    schema: `create table child (check (id > act(1))) inherits (plain)`,
    sql: 'select * from plain where id = 1',
  },
  {
    line: 'indexes',
    schema: `create table folded (id int); insert into folded values (1); create index on folded ((act(1) + id))`,
    sql: 'select * from folded',
  },
  {
    line: 'indexes',
    schema: `create table folded (id int); insert into folded values (1); create index on folded (id) where id > act(1)`,
    sql: 'select * from folded where id = 2',
  },
  {
    // What is left of the inner function is not a column.
    line: 'indexes',
    schema: `create function one(x int) returns int immutable language sql as $$ select 1 $$;
      create table folded (id int); insert into folded values (1); create index on folded (act(one(id)))`,
    sql: 'select * from folded',
  },
  {
    // A strict function of what turns out to be NULL is NULL.
    line: 'indexes',
    schema: `create table folded (id int); insert into folded values (1); create index on folded (act(id + nullif(1, 1)))`,
    sql: 'select * from folded',
  },
  {
    line: 'indexes',
    schema: `create function more(x int, y int default act(1)) returns int immutable language sql as $$ select x + y $$;
      create table folded (id int); insert into folded values (1); create index on folded (more(id))`,
    sql: 'select * from folded',
  },
  {
    line: 'indexes',
    schema: `create function more(x int, y int default act(1)) returns int immutable language plpgsql as $$ begin return x + y; end $$;
      create table folded (id int); insert into folded values (1); create index on folded (more(id))`,
    sql: 'select * from folded',
  },
  {
    line: 'indexes',
    schema: `${pairOrder('default')}
      create table folded (id int); insert into folded values (1);
      create index on folded ((coalesce((greatest(row(1)::pair, row(2)::pair)).a, id)))`,
    sql: 'select * from folded',
  },
  {
    line: 'checks',
    schema: `create table bounded (id int, check (id > act(1)))`,
    settings: 'set constraint_exclusion = on',
    sql: 'select * from bounded where id = 1',
  },
  {
    line: 'statistics',
    schema: `create table counted (id int, n int); create statistics counted_both on (id + act(1)), n from counted`,
    sql: 'select n, count(*) from counted group by n',
  },
  {
    line: 'partitions',
    schema: `create table split (id int) partition by range ((id + act(1))); create table split_1 partition of split for values from (1) to (2)`,
    sql: 'select * from split where id = 1',
  },
  {
    // No type or function of a user may stand there; what users added to a built-in type is called all the same.
    line: 'virtual-columns',
    schema: `${JSON_ORDER} create table computed (j json, v boolean generated always as (greatest(j, j) is null) virtual);
      insert into computed values ('{}')`,
    sql: 'select v from computed',
    from: 18,
  },
  {
    line: 'commutators',
    schema: `create function pair_not(a pair, b pair) returns boolean immutable language sql as $$ select (a).a <> (b).a $$;
      create operator ~<> (leftarg = pair, rightarg = pair, function = acts_is);
      create operator ~== (leftarg = pair, rightarg = pair, function = pair_is, negator = ~<>);
      create table pairs (p pair); insert into pairs values (row(1))`,
    sql: 'select 1 from pairs where not (p ~== p)',
  },
  {
    line: 'estimates',
    schema: `create function guess(internal, oid, internal, int4) returns float8 language internal as 'pg_advisory_lock_int8';
      create operator ~== (leftarg = pair, rightarg = pair, function = pair_is, restrict = guess);
      create table pairs (p pair); insert into pairs values (row(1))`,
    sql: 'select 1 from pairs where p ~== row(1)::pair',
  },
  {
    line: 'families',
    schema: `${pairOrder('default')} create table pairs (p pair); insert into pairs values (row(1)), (row(2))`,
    sql: 'select 1 from pairs order by p',
  },
  {
    line: 'families',
    schema: `${pairOrder('default')} create table pairs (p pair); insert into pairs values (row(1)), (row(2))`,
    sql: 'select greatest(p, p) from pairs',
  },
  {
    line: 'families',
    schema: `create function pair_hash(x pair) returns int immutable language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return 1; end $$;
      create operator class pair_hashed default for type pair using hash as operator 1 ===, function 1 pair_hash(pair);
      create table pairs (p pair); insert into pairs values (row(1)), (row(2))`,
    sql: 'select 1 from pairs a join pairs b on a.p === b.p',
    settings: 'set enable_nestloop = off',
  },
  {
    // What users add to a built-in type is added to arrays of it, too.
    line: 'families',
    schema: `${JSON_ORDER} create table documents (j json[]); insert into documents values (array['{}'::json]), (array['[]'::json])`,
    sql: 'select 1 from documents order by j',
  },
  {
    // Only their values show the types of these arrays.
    line: 'families',
    schema: `create function pair_hash(x pair) returns int immutable language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return 1; end $$;
      create operator class pair_hashed default for type pair using hash as operator 1 ===, function 1 pair_hash(pair);
      create table pairs (p pair); insert into pairs select row(i % 2)::pair from generate_series(1, 20) i; analyze pairs`,
    sql: `select hash_array(stavalues1) from pg_statistic where starelid = 'pairs'::regclass`,
  },
  {
    line: 'families',
    schema: `${pairOrder('')} create type pair_range as range (subtype = pair, subtype_opclass = pair_ops);
      create table spans (s int); insert into spans values (1), (2)`,
    sql: 'select pair_range(row(s)::pair, row(s + 1)::pair) from spans',
  },
  {
    line: 'partition-families',
    schema: `${pairOrder('')} create table by_pair (id int, p pair) partition by range (p pair_ops);
      create table by_pair_1 partition of by_pair for values from (row(1)) to (row(2));
      create table by_pair_2 partition of by_pair for values from (row(2)) to (row(3))`,
    sql: 'select id from by_pair',
  },
  {
    line: 'input-output',
    schema: base('pg_try_advisory_lock_int8'),
    sql: `select 1 from (select t::base as b from plain) x where b is not null`,
  },
  {
    line: 'ranges',
    schema: `create function apart(a int, b int) returns float8 immutable language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return a - b; end $$;
      create type spread as range (subtype = int4, subtype_diff = apart);
      create table spreads (s spread); insert into spreads select spread(i, 2 * i) from generate_series(1, 50) i; analyze spreads`,
    sql: `select * from spreads where s && '[3,5)'`,
  },
  {
    line: 'json-casts',
    schema: `create type mood as enum ('ok');
      create function told(x mood) returns json language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return '{}'; end $$;
      create cast (mood as json) with function told(mood); create table moods (m mood); insert into moods values ('ok')`,
    sql: 'select to_json(m) from moods',
  },
  {
    line: 'json-casts',
    schema: `create type mood as enum ('ok', 'bad');
      create function told(x mood) returns json language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return '{}'; end $$;
      create cast (mood as json) with function told(mood); create table moods (m mood);
      insert into moods select 'ok' from generate_series(1, 20); analyze moods`,
    sql: `select array_to_json(stavalues1) from pg_statistic where starelid = 'moods'::regclass`,
  },
  {
    line: 'built-in-casts',
    schema: `create function told(x pair) returns text language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return 'x'; end $$;
      create cast (pair as text) with function told(pair) as assignment; create table pairs (p pair); insert into pairs values (row(1))`,
    sql: `select 'x' || p from pairs`,
  },
  {
    line: 'domains',
    schema: '',
    sql: 'select id::acting from plain',
  },
  {
    line: 'domains',
    schema: 'create table held (d acting)',
    sql: `select json_populate_record(null::held, '{"d": 1}')`,
  },
  {
    line: 'domains',
    schema: `create extension hstore; create table held (d acting)`,
    sql: `select h #= 'd=>1'::hstore from (select) x left join held h on true`,
  },
  {
    line: 'filled-rows',
    schema: `create table held (d acting); insert into held values (1); create function as_record(h held) returns record immutable language sql as $$ select h $$`,
    sql: `select json_populate_record(as_record(h), '{"d": 1}') from held h`,
  },
  {
    line: 'filled-rows',
    schema: `create extension hstore; create table held (d acting); insert into held values (1); create function as_record(h held) returns record immutable language sql as $$ select h $$`,
    sql: `select as_record(h) #= 'd=>1'::hstore from held h`,
  },
  {
    line: 'bodies',
    schema: `create function inside(x int) returns int language sql as $$ select act(inside.x) $$`,
    sql: 'select inside(1)',
  },
  {
    line: 'literals',
    schema: 'create type acting_row as (a acting)',
    sql: `select '(1)'::acting_row`,
  },
]
