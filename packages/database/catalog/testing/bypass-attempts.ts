/** Casts, domains, defaults, operator classes and ranges that act, and are called by what does not name them. */
const UNNAMED = `create type texted as (a int);
create function to_text(x texted) returns text language plpgsql as $$ begin perform pg_advisory_lock(11); return 'x'; end $$;
create cast (texted as text) with function to_text(texted) as assignment;
create type jsoned as enum ('a');
create function to_json_of(x jsoned) returns json language plpgsql as $$ begin perform pg_advisory_lock(12); return '{}'; end $$;
create cast (jsoned as json) with function to_json_of(jsoned);
create table cast_away (t texted); insert into cast_away values (row(1));
create table jsons (j jsoned); insert into jsons values ('a');
create table domained (d attack_domain);
create function assigned(x texted) returns text language sql as $$ select x $$;
create function in_domain(x attack_domain) returns int language sql as $$ select x + 1 $$;
create function out_domain() returns attack_domain language sql as $$ select 1 $$;
create function by_default(x int default quiet(1)) returns int language sql as $$ select x $$;
create aggregate lock_domain(attack_domain) (sfunc = int4_sum, stype = bigint);
create type sorted as (a int);
create function sorted_is(a sorted, b sorted) returns boolean language sql as $$ select a.a = b.a $$;
create function sorted_cmp(a sorted, b sorted) returns int immutable language plpgsql as $$ begin perform pg_advisory_lock(13); return 0; end $$;
create operator < (leftarg = sorted, rightarg = sorted, function = sorted_is);
create operator <= (leftarg = sorted, rightarg = sorted, function = sorted_is);
create operator = (leftarg = sorted, rightarg = sorted, function = sorted_is);
create operator >= (leftarg = sorted, rightarg = sorted, function = sorted_is);
create operator > (leftarg = sorted, rightarg = sorted, function = sorted_is);
create operator class sorted_ops default for type sorted using btree as
  operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 sorted_cmp(sorted, sorted);
create table sorting (s sorted); insert into sorting values (row(1)), (row(2));
create function spread_diff(a int, b int) returns float8 immutable language plpgsql as $$ begin perform pg_advisory_lock_shared(14); return a - b; end $$;
create type spread as range (subtype = int4, subtype_diff = spread_diff);
create table spreads (s spread); insert into spreads select spread(i, 2 * i) from generate_series(1, 50) i; analyze spreads;
create function make_texted() returns texted language sql as $$ select row(1)::texted $$;
create function as_text(x anyelement) returns text language sql as $$ select x::text $$;
create function constant(x int) returns int immutable language plpgsql as $$ begin perform pg_advisory_lock_shared(15); return x; end $$;
create function wrapped(x int) returns int immutable language sql as $$ select public.constant(1) + x $$;
create table indexed (id int); create index on indexed ((constant(1) + id));
create table indexed_wrapped (id int); create index on indexed_wrapped (wrapped(id));
create table indexed_part (id int); create index on indexed_part (id) where id > constant(1);
create table counted (id int, n int); create statistics counted_both on (id + constant(1)), n from counted;
create table split (id int) partition by range (id);
create table split_1 partition of split (check (id > constant(3))) for values from (0) to (9);
create function filled(x anyelement) returns anyelement language sql as $$ select json_populate_record(x, '{"d": 1}') $$;
`

/** Objects to attack: tables, a sequence, a large object, and functions that hide a write in every way that SQL has. */
export function attackedSchema(file: string): string {
  return `
create extension if not exists dblink;
create table accounts (id int primary key, name text, balance int);
insert into accounts select i, 'n' || i, 100 from generate_series(1, 50) i;
create table log (at timestamptz default now(), what text);
create sequence counter;
select lo_from_bytea(4711, 'secret');
create function write_log(x int) returns int language plpgsql as $$ begin insert into log values (now(), 'x'); return x; end $$;
create function claims_pure(x int) returns int immutable language plpgsql as $$ begin
  perform dblink_exec('dbname=' || current_database() || ' host=127.0.0.1 port=' || current_setting('port') || ' user=attacker password=attacker', 'insert into log values (now(), ''dblink'')'); return x; end $$;
create function to_file(x int) returns int stable language plpgsql as $$ begin
  execute 'copy (select 1) to ''${file}'''; return x; end $$;
create function to_program(x int) returns int stable language plpgsql as $$ begin
  execute 'copy (select 1) to program ''touch ${file}'''; return x; end $$;
create function as_owner(x int) returns int security definer stable language plpgsql as $$ begin perform pg_advisory_lock(x); return x; end $$;
create function plain_sql(x int) returns int language sql as $$ select pg_advisory_lock(x); select x $$;
create function nested_sql(x int) returns int language sql as $$ select plain_sql(x) + 1 $$;
create function atomic_sql(x int) returns bigint language sql begin atomic select nextval('counter') + x; end;
create function sql_write(x int) returns int language sql as $$ insert into log values (now(), 'sql') returning 1 $$;
create function own_settings(x int) returns int language sql set search_path = public as $$ select x $$;
create function quiet(x int) returns int stable language plpgsql as $$ begin perform pg_advisory_lock(x); return x; end $$;
create function row_attack(a accounts) returns int language plpgsql as $$ begin perform pg_advisory_lock(a.id); return a.id; end $$;
create function lock_state(state int, x int) returns int language plpgsql as $$ begin perform pg_advisory_lock(x); return x; end $$;
create aggregate lock_all(int) (sfunc = lock_state, stype = int, initcond = '0');
create operator @@@ (leftarg = int, rightarg = int, function = lock_state);
create function op_in_public(a accounts, b accounts) returns boolean language plpgsql as $$ begin perform pg_advisory_lock(1); return true; end $$;
create operator = (leftarg = accounts, rightarg = accounts, function = op_in_public);
create view attack_view as select quiet(id) from accounts;
create view view_of_view as select * from attack_view;
create view builtin_view as select pg_try_advisory_lock(id) from accounts;
create domain attack_domain as int check (quiet(value) is not null);
create type attack_type as (a attack_domain);
create type target_type as (a int);
create function to_target(x accounts) returns target_type language plpgsql as $$ begin perform pg_advisory_lock(x.id); return row(1)::target_type; end $$;
create cast (accounts as target_type) with function to_target(accounts);
${UNNAMED}create table guarded (id int); insert into guarded values (1);
create policy peek on guarded using (quiet(id) is not null);
alter table guarded enable row level security, force row level security;
create procedure do_write() language plpgsql as $$ begin insert into log values (now(), 'proc'); commit; end $$;
create materialized view mat as select count(*) from accounts;
`
}

/** An operator as above on every `=` would refuse every query: it is taken away again for what follows. */
export const AFTER_OPERATOR = 'drop operator = (accounts, accounts)'

/** Expressions that act when they are evaluated. */
export function attackingExpressions(victim: number, file: string): string[] {
  return [
    `nextval('counter')`,
    `setval('counter', 99)`,
    `lo_create(4242)`,
    `lo_from_bytea(0, 'x')`,
    `lo_unlink(4711)`,
    `lo_import('/etc/hostname')`,
    `lo_export(4711, '${file}')`,
    `pg_advisory_lock(7)`,
    `pg_try_advisory_lock(8)`,
    `pg_advisory_lock_shared(9)`,
    `pg_notify('heard', 'x')`,
    `set_config('work_mem', '77MB', false)`,
    `set_config('transaction_read_only', 'off', true)`,
    `set_config('role', 'pg_monitor', false)`,
    `pg_terminate_backend(${victim})`,
    `pg_reload_conf()`,
    `pg_rotate_logfile()`,
    `pg_create_restore_point('x')`,
    `pg_switch_wal()`,
    `pg_logical_emit_message(false, 'a', 'b')`,
    `pg_stat_reset()`,
    `pg_create_physical_replication_slot('stolen')`,
    `pg_export_snapshot()`,
    `pg_read_file('/etc/passwd')`,
    `pg_ls_dir('/')::text`,
    `pg_sleep(0.01)`,
    `setseed(0.5)`,
    `pg_current_xact_id()`,
    `query_to_xml('select pg_advisory_lock(1)', true, true, '')`,
    `query_to_xmlschema('select pg_advisory_lock(1)', true, true, '')`,
    `query_to_xml_and_xmlschema('select pg_advisory_lock(1)', true, true, '')`,
    `table_to_xml('attack_view', true, true, '')`,
    `table_to_xml_and_xmlschema('attack_view', true, true, '')`,
    `schema_to_xml('public', true, true, '')`,
    `schema_to_xml_and_xmlschema('public', true, true, '')`,
    `database_to_xml(true, true, '')`,
    `database_to_xml_and_xmlschema(true, true, '')`,
    `ts_rewrite('a'::tsquery, 'select quiet(1)::text::tsquery, ''b''::tsquery')`,
    `ts_stat('select to_tsvector(pg_advisory_lock(1)::text)')`,
    `pg_input_is_valid('1', 'attack_domain')`,
    `dblink_exec('dbname=x', 'drop table accounts')`,
    `dblink_connect('a', 'dbname=postgres')`,
    `write_log(1)`,
    `claims_pure(1)`,
    `to_file(1)`,
    `to_program(1)`,
    `as_owner(1)`,
    `plain_sql(1)`,
    `nested_sql(1)`,
    `atomic_sql(1)`,
    `sql_write(1)`,
    `own_settings(1)`,
    `quiet(1)`,
    `(1 @@@ 2)`,
    `(1 operator(public.@@@) 2)`,
    `1::attack_domain`,
    `cast(row(1) as attack_type)`,
  ]
}

/** Ways to put an expression into a query. */
export const QUERIES_AROUND: ((expression: string) => string)[] = [
  (x) => `select ${x}`,
  (x) => `with a as materialized (select ${x} as v) select v from a`,
  (x) => `select 1 where (${x})::text is not null`,
  (x) => `/* a /* nested */ comment */ select -- ;\n (select ${x})`,
  (x) => `values (${x});;`,
  (x) => `select count(*) filter (where (${x})::text <> '') over () from accounts limit 1`,
]

/** Queries that call by other ways than a name in parentheses. */
export const HIDDEN_CALLS = [
  'select a.row_attack from accounts a',
  'select (a).row_attack from accounts a',
  'select lock_all(id) from accounts',
  'select lock_all(id) over () from accounts',
  'select * from attack_view',
  'select * from view_of_view',
  'select * from builtin_view',
  'select count(*) from (table builtin_view) x',
  'select a::target_type from accounts a',
  'select t::text from cast_away',
  'select array[t]::text[] from cast_away',
  `select 'x' || t from cast_away`,
  `select t || 'x' from cast_away`,
  'select quote_literal(t) from cast_away',
  'select make_texted()::text',
  'select as_text(t) from cast_away',
  'select as_text(make_texted())',
  'select assigned(t) from cast_away',
  'select assigned from cast_away c, lateral assigned(c.t)',
  'select j::json from jsons',
  'select to_json(j) from jsons',
  'select row_to_json(c) from jsons c',
  'select jsonb_agg(j) from jsons',
  'select json_build_array(j) from jsons',
  `select json_object('a': j) from jsons`,
  'select in_domain(1)',
  'select out_domain()',
  'select by_default()',
  'select lock_domain(1)',
  `select json_populate_record(r, '{"d": 1}') from (select) x left join domained r on true`,
  `select * from (select) x left join domained r on true, lateral jsonb_populate_recordset(r, '[{"d": 1}]')`,
  'select filled(r) from (select) x left join domained r on true',
  `select * from spreads where s && spread(3, 5)`,
  'select * from indexed',
  'select * from indexed_wrapped where id = 1',
  'select * from indexed_part where id = 5',
  'select n, count(*) from counted group by n',
  'select * from split where id = 5',
  'select s from sorting order by s',
  'select distinct s from sorting',
  'select * from guarded',
  'select id from accounts order by id using operator(public.@@@)',
  'select 1 @@@ any(array[1])',
  `select * from json_to_record('{"a":1}') as x(a attack_domain)`,
  `select * from json_populate_record(null::attack_type, '{"a":1}')`,
  `select "pg_advisory_lock"(1)`,
  `select U&"pg\\005fadvisory\\005flock"(1)`,
  `select U&"pg!005fsleep" uescape '!' (0.1)`,
  'select pg_catalog . pg_advisory_lock(1)',
  'select PG_ADVISORY_LOCK(1)',
  'select * from pg_advisory_lock(1)',
  'select * from rows from (pg_advisory_lock(1), generate_series(1, 2)) x',
  'select * from accounts, lateral quiet(id)',
  'select coalesce(null, quiet(1))',
  'select array(select quiet(id) from accounts)',
  'select pg_temp.quiet(1)',
  'select 1 operator(pg_temp.@@@) 2',
  'select * from accounts tablesample bernoulli (quiet(50))',
  'select sum(id) from accounts group by grouping sets ((quiet(id)), ())',
  'select * from accounts limit quiet(1)',
  'select * from accounts a join accounts b on quiet(a.id) = b.id',
  'with recursive r as (select 1 as n union all select quiet(n) + 1 from r where n < 3) table r',
]

/** Queries that run beside all of this: they touch none of it. */
export const HARMLESS_BESIDE = [
  'select name, sum(balance), max(id) from accounts group by name order by 1, 2 desc',
  `select 'no. ' || id, id::text, to_json(a), quote_literal(name) from accounts a where id in (1, 2)`,
  `select (json_populate_record(null::accounts, '{"id": 1}')).id`,
  'select c.what, count(*) from log c join accounts a on a.name = c.what group by c.what',
]

/** Statements that are not a query, or more than one. */
export function attackingStatements(victim: number, file: string): string[] {
  return [
    `insert into accounts values (99, 'x', 1)`,
    'update accounts set balance = 0',
    'delete from accounts',
    `merge into accounts a using (select 1 as id) s on a.id = s.id when matched then update set balance = 0`,
    'truncate accounts',
    'drop table accounts',
    'create table stolen (id int)',
    'create table stolen as select * from accounts',
    'create temp table mine as select 1',
    'select * into stolen from accounts',
    'alter table accounts add column x int',
    'alter role attacker superuser',
    'create role thief login superuser',
    'grant all on accounts to public',
    `copy accounts to '${file}'`,
    `copy (select 1) to program 'touch ${file}'`,
    `copy accounts from program 'echo 99,x,1' csv`,
    'do $$ begin delete from accounts; end $$',
    'call do_write()',
    'set role pg_monitor',
    'set session authorization attacker',
    'set transaction_read_only = off',
    'set transaction read write',
    'set session characteristics as transaction read write',
    `set work_mem = '77MB'`,
    'reset all',
    'commit',
    'rollback',
    'begin',
    'savepoint a',
    `prepare transaction 'two'`,
    'prepare p as delete from accounts',
    'execute p',
    'declare c cursor with hold for select 1',
    'listen heard',
    `notify heard, 'x'`,
    'lock table accounts',
    'vacuum accounts',
    'analyze accounts',
    'reindex table accounts',
    'refresh materialized view mat',
    `load 'auto_explain'`,
    'discard all',
    `alter system set work_mem = '77MB'`,
    'create extension pg_trgm',
    `comment on table accounts is 'x'`,
    'explain analyze delete from accounts',
    'explain (analyze, format json) insert into log values (now(), 1)',
    'select * from accounts for update',
    'select * from accounts for no key update skip locked',
    'select * from accounts for key share',
    'with d as (delete from accounts returning *) select * from d',
    'with u as (update accounts set balance = 0 returning 1) select count(*) from u',
    'select * from (with i as (insert into log values (now(), 1) returning 1) select 1) x',
    `select pg_terminate_backend(${victim}) for update`,
  ]
}

/** Ways to bring a statement past a reader of only its beginning, or splits badly. */
export const STATEMENTS_AROUND: ((statement: string) => string)[] = [
  (s) => s,
  (s) => `select 1; ${s}`,
  (s) => `${s}; select 1`,
  (s) => `select 1; commit; ${s}`,
]

/** Texts that a lexer may cut otherwise than the server does. */
export const CONFUSING_TEXTS = [
  `select '\\'; delete from accounts; --'`,
  `select E'\\\\'; delete from accounts; --'`,
  `select $a$ $b$ $a$; delete from accounts; --$b$`,
  `select 1 /* /* */; delete from accounts; */`,
  `select 1 -- \r; delete from accounts`,
  `select 1 --\n; delete from accounts`,
  `select 1\u0000; delete from accounts`,
  `\uFEFFdelete from accounts`,
  `select 1\u037E delete from accounts`,
  `select 1；delete from accounts`,
  `select U&'\\0027'; delete from accounts`,
  `select 'a' 'b'; delete from accounts`,
  `select 1;;;; delete from accounts`,
  `; delete from accounts`,
  `select "a;b"; delete from accounts`,
  `( delete from accounts )`,
  `select '\\' || pg_advisory_lock(1) || '\\'`,
  `select '\\', pg_advisory_lock(1), '\\'`,
  `\\! touch /tmp/x`,
  `select 1 \\gexec`,
]
