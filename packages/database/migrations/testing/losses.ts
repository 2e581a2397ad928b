/** A migration that loses rows, or hides that it does. */
export interface Loss {
  name: string
  /** Made before, as the database is. */
  before?: string
  sql: string
  /** The grammar shows it: nothing of the migration may run before its approval is there. */
  shown?: true
  /** The statement as it is written was approved: what it does beyond that was not. */
  approved?: true
}

/** What every loss begins from. The function is VOLATILE, and says nothing of what it does. */
export const LOSSES_SCHEMA = `
create table customers (id int primary key, name text, email text);
insert into customers select g, 'name ' || g, 'Mail' || g || '@example.org' from generate_series(1, 50) g;
create table orders (id int primary key, customer_id int references customers on delete cascade, total numeric(12, 4), note text);
insert into orders select g, 1 + g % 50, g + 0.1234, 'note ' || g from generate_series(1, 200) g;
create table parts (id int, kind int, label text) partition by list (kind);
create table parts_1 partition of parts for values in (1);
create table parts_2 partition of parts for values in (2);
insert into parts select g, 1 + g % 2, 'part ' || g from generate_series(1, 60) g;
create table audit (id int, what text);
insert into audit values (1, 'began');
create sequence tickets;
select setval('tickets', 500);
select lo_from_bytea(4711, 'a contract');
create function wipe() returns int language plpgsql set search_path = public as $$ begin delete from orders where id <= 100; return 1; end $$;
create function wiping() returns trigger language plpgsql as $$ begin perform wipe(); return new; end $$;
create function steady(i int) returns int immutable language plpgsql set search_path = public as $$ begin perform wipe(); return i; end $$;`

const inDo = (body: string): string => `do $$ begin ${body}; end $$`

/** Each either keeps every row or names the approval that it takes. */
export const LOSSES: Loss[] = [
  { name: 'DELETE in a DO block', sql: inDo('delete from orders where id < 50') },
  { name: 'TRUNCATE by EXECUTE in a DO block', sql: inDo(`execute 'trun' || 'cate orders'`) },
  { name: 'DROP TABLE in a DO block', sql: inDo('drop table orders') },
  { name: 'DROP COLUMN in a DO block', sql: inDo('alter table orders drop column note') },
  { name: 'a narrower type in a DO block', sql: inDo('alter table orders alter total type numeric(12, 2)') },
  {
    name: 'a rewritten file with one distinct value left, in a DO block',
    sql: inDo(`alter table customers alter email type text using 'x'`),
  },
  { name: 'UPDATE to a constant in a DO block', sql: inDo(`update customers set email = ''`) },
  {
    name: 'as many rows put in as taken out, in a DO block',
    sql: inDo(`delete from audit; insert into audit values (1, 'nothing')`),
  },
  {
    name: 'more rows put in than taken out, in a DO block',
    sql: inDo(`delete from audit; insert into audit select g, 'nothing' from generate_series(1, 9) g`),
  },
  {
    name: 'ON CONFLICT DO UPDATE in a DO block',
    sql: inDo(`insert into customers values (7, '-', '-') on conflict (id) do update set name = '-'`),
  },
  { name: 'DROP of a partition in a DO block', sql: inDo('drop table parts_1') },
  { name: 'DELETE from a partition in a DO block', sql: inDo('delete from parts_2') },
  {
    name: 'a type that takes a column with it, in a DO block',
    before: `create type mood as enum ('glad'); alter table customers add mood mood default 'glad'`,
    sql: inDo('drop type mood cascade'),
  },
  { name: 'DROP SEQUENCE in a DO block', sql: inDo('drop sequence tickets') },
  { name: 'setval', sql: `select setval('tickets', 1)` },
  { name: 'lo_unlink', sql: 'select lo_unlink(4711)' },
  { name: 'lo_put', sql: `select lo_put(4711, 0, 'forgery')` },
  { name: 'lo_unlink of one and lo_create of another', sql: 'select lo_unlink(4711), lo_create(4712)' },
  { name: 'a function', sql: 'select wipe()' },
  {
    name: 'TRUNCATE in a function that the migration makes',
    sql: `create function clear() returns void language plpgsql as $$ begin truncate audit; end $$; select clear()`,
  },
  {
    name: 'a procedure',
    before: 'create procedure clear() language plpgsql as $$ begin perform wipe(); end $$',
    sql: 'call clear()',
  },
  { name: 'a prepared statement', sql: 'begin; prepare p as select wipe(); execute p; commit' },
  { name: 'EXPLAIN ANALYZE', sql: 'explain analyze select wipe()' },
  { name: 'CREATE TABLE AS', sql: 'create table counted as select wipe()' },
  { name: 'CREATE MATERIALIZED VIEW', sql: 'create materialized view counted as select wipe()' },
  {
    name: 'REFRESH MATERIALIZED VIEW',
    before: 'create materialized view counted as select wipe() with no data',
    sql: 'refresh materialized view counted',
  },
  { name: 'INSERT ... SELECT', sql: 'insert into audit select wipe()' },
  {
    name: 'a default',
    before: 'alter table audit add wiped int; alter table audit alter wiped set default wipe()',
    sql: 'insert into audit (id) values (2)',
  },
  { name: 'the default of a new column', sql: 'alter table audit add wiped int default wipe()' },
  { name: 'a CHECK', sql: 'alter table audit add check (wipe() = 1)' },
  { name: 'a domain', sql: 'create domain wiped as int check (wipe() = 1); select 1::wiped' },
  { name: 'an index', sql: 'create index on audit (steady(id))' },
  {
    name: 'an index that no transaction holds',
    sql: 'create index concurrently audit_i on audit (steady(id))',
  },
  {
    name: 'a trigger',
    before: 'create trigger t before insert on audit for each row execute function wiping()',
    sql: `insert into audit values (2, 'more')`,
  },
  {
    name: 'a trigger that waits for the end of the transaction',
    before: `create constraint trigger t after insert on audit deferrable initially deferred for each row execute function wiping()`,
    sql: `insert into audit values (2, 'more')`,
  },
  {
    name: 'a trigger that the migration makes',
    sql: `create trigger t before insert on audit for each row execute function wiping(); insert into audit values (2, 'more')`,
  },
  {
    name: 'a rule',
    before: 'create rule r as on insert to audit do also delete from orders',
    sql: `insert into audit values (2, 'more')`,
  },
  {
    name: 'a view with a trigger',
    before: `create view shown as select * from customers;
      create trigger t instead of insert on shown for each row execute function wiping()`,
    sql: `insert into shown values (99, 'x', 'y')`,
  },
  {
    name: 'a view that calls',
    before: 'create view calling as select wipe() as wiped',
    sql: 'create table counted as select * from calling',
  },
  {
    name: 'an event trigger',
    before: `create function on_ddl() returns event_trigger language plpgsql as $$ begin perform wipe(); end $$;
      create event trigger e on ddl_command_end when tag in ('CREATE SEQUENCE') execute function on_ddl()`,
    sql: 'create sequence more',
  },
  {
    name: 'an operator',
    before: `create function wipes(int, int) returns int language sql as 'select wipe()';
      create operator @#@ (leftarg = int, rightarg = int, function = wipes)`,
    sql: 'insert into audit select 1 @#@ 2',
  },
  {
    name: 'a cast',
    before: `create type pair as (a int, b int); create function to_int(pair) returns int language sql as 'select wipe()';
      create cast (pair as int) with function to_int(pair) as assignment`,
    sql: 'insert into audit select row(1, 2)::pair',
  },
  {
    name: 'FORCE ROW LEVEL SECURITY, which hides the rows that are left',
    before: `create role ROLE; grant ROLE to current_user; alter table orders owner to ROLE; grant all on schema public to ROLE;
      alter table orders enable row level security; create policy p on orders for delete using (id < 100)`,
    sql: `begin; set local role ROLE; do $$ begin alter table orders force row level security; delete from orders; end $$; commit`,
  },
  { name: 'UPDATE of values', sql: `update orders set note = 'x' where id < 50` },
  {
    name: 'UPDATE of values of another table',
    sql: 'update orders o set note = c.name from customers c where c.id = o.customer_id',
  },
  { name: 'UPDATE of a partition', sql: `update parts_1 set label = 'x' where id < 50` },
  {
    name: 'UPDATE behind a view',
    before: 'create view shown as select * from orders',
    sql: `update shown set note = 'x' where id < 50`,
  },
  {
    name: 'UPDATE in WITH',
    sql: `with u as (update orders set note = '' where id < 50 returning id) insert into audit select id from u`,
  },
  {
    name: 'UPDATE that gives each value to another row',
    sql: 'update orders o set note = p.note from orders p where p.id = 201 - o.id and o.id > 0',
  },
  {
    name: 'ON CONFLICT DO UPDATE',
    sql: `insert into customers values (7, '-', '-') on conflict (id) do update set name = '-'`,
  },
  {
    name: 'MERGE that updates',
    sql: `merge into orders o using customers c on c.id = o.customer_id when matched then update set note = ''`,
  },
  {
    name: 'a wider type that loses digits',
    before:
      'create table readings (id int, of float8); insert into readings select g, g / 7::float8 from generate_series(1, 9) g',
    sql: 'alter table readings alter of type numeric',
  },
  { name: 'ALTER SEQUENCE RESTART', sql: 'alter sequence tickets restart with 1' },
  {
    name: 'a foreign key that takes more rows along',
    sql: 'delete from customers where id = 7',
    approved: true,
  },
  { name: 'TRUNCATE CASCADE', sql: 'truncate customers cascade', approved: true },
  { name: 'a DELETE after harmless steps', sql: 'delete from orders where id = 7', shown: true },
  {
    name: 'DROP TABLE after harmless steps',
    sql: 'alter table orders add x int; drop table audit',
    shown: true,
  },
  {
    name: 'a DELETE in WITH',
    sql: 'with gone as (delete from orders returning id) insert into audit select id from gone',
    shown: true,
  },
  {
    name: 'MERGE that deletes',
    sql: 'merge into orders o using customers c on c.id = o.customer_id when matched then delete',
    shown: true,
  },
]

/** What looks like a loss to a counter, and is none: it runs without an approval. */
export const NO_LOSSES: { name: string; before?: string; sql: string }[] = [
  {
    name: 'an UPDATE that moves rows to another partition',
    before: `create table moving (id int, kind int) partition by list (kind);
      create table moving_n partition of moving for values in (null); create table moving_1 partition of moving for values in (1);
      insert into moving select g from generate_series(1, 9) g`,
    sql: 'update moving set kind = 1 where id > 0',
  },
  {
    name: 'a DELETE that its block takes back',
    sql: inDo(`begin delete from orders; raise 'no'; exception when others then null; end`),
  },
  {
    name: 'a trigger that touches the parent row',
    before: `create function touch() returns trigger language plpgsql as
      $$ begin update customers set name = name where id = new.customer_id; return new; end $$;
      create trigger t after insert on orders for each row execute function touch()`,
    sql: 'insert into orders values (1000, 7, 1, null)',
  },
  {
    name: 'a column filled in a DO block',
    sql: `alter table customers add slug text; ${inDo('update customers set slug = lower(name)')}`,
  },
  { name: 'a file rewritten with the same rows', sql: inDo('alter table audit set unlogged') },
  { name: 'rows put in by a DO block', sql: inDo(`insert into audit values (2, 'more')`) },
  { name: 'a sequence that goes on', sql: `select setval('tickets', 900)` },
  { name: 'an UPDATE that changes nothing', sql: `update orders set note = note where id > 0` },
  { name: 'a wider type', sql: 'alter table customers alter name type text, alter id type bigint' },
]
