/** What acts without standing in the tree of a statement, one object for each line of what is judged besides. */
export const RESOLVED_SCHEMA = `
create function act(x int) returns int immutable language plpgsql as $$ begin perform pg_advisory_lock(21); return x; end $$;
create function act_text(x text) returns text immutable language plpgsql as $$ begin perform pg_advisory_lock(21); return x; end $$;
create domain acting as int check (act(value) is not null);
create type acting_row as (a acting);
create table plain (id int, t text); insert into plain values (1, 'a'), (2, 'b');
create table with_domain (d acting);
create type spoken as (a int);
create function equals(a spoken, b spoken) returns boolean immutable language sql as $$ select (select (a).a) = (b).a $$;
create function acts_equal(a spoken, b spoken) returns boolean immutable language plpgsql as $$ begin perform pg_advisory_lock(21); return true; end $$;
create operator ~<> (leftarg = spoken, rightarg = spoken, function = acts_equal);
create operator ~== (leftarg = spoken, rightarg = spoken, function = equals, negator = ~<>);
create table speech (s spoken); insert into speech values (row(1));
create function keep(a acting, b int) returns acting immutable language sql as $$ select a $$;
create aggregate begins(int) (sfunc = keep, stype = acting, initcond = '1');
create type hashed as (a int);
create function hashed_is(a hashed, b hashed) returns boolean immutable language sql as $$ select true $$;
create operator === (leftarg = hashed, rightarg = hashed, function = hashed_is);
create function hash_acts(x hashed, seed bigint) returns bigint immutable language plpgsql as $$ begin perform pg_advisory_lock(21); return 1; end $$;
create operator class hash_acting for type hashed using hash as operator 1 ===, function 2 hash_acts(hashed, bigint);
create table by_hash (id hashed) partition by hash (id hash_acting);
create table folded (id int); insert into folded values (1);
create index on folded (act(((id > 0) and false)::int));
create index on folded (act(case when true then 1 else id end));
create function by_default(x int default act(1)) returns int language sql as $$ select x $$;
create function in_text(x int) returns int language sql as $$ select act(in_text.x) $$;
create function named(p spoken) returns int language sql as $$ select act(p.a) $$;
create view seen as select act(id) as v from plain;
create function several(out a int, out b text) language sql as $$ select act(1), 'x'::text $$;
create function row_of() returns acting_row language sql as $$ select row(1)::acting_row $$;
create function setting() returns setof plain language sql as $$ select id, act_text(t) from plain $$;
create function spoken_text(x spoken) returns text language plpgsql as $$ begin perform pg_advisory_lock(21); return 'x'; end $$;
create cast (spoken as text) with function spoken_text(spoken) as assignment;
select pg_advisory_unlock_all();
`

/** Each takes a lock where no guard is. */
export const RESOLVED_CALLS = [
  `select not (s ~== s) from speech where not (s ~== s)`,
  `select begins(id) from plain`,
  `select satisfies_hash_partition('by_hash'::regclass, 4, 0, row(1)::hashed)`,
  `select domain_in('1', 'acting'::regtype::oid, -1) is null`,
  `select array_in('{1}', 'acting'::regtype::oid, -1) is null`,
  `select record_in('(1)', 'acting_row'::regtype::oid, -1) is null`,
  `select * from folded where id = 1`,
  `select by_default()`,
  `select in_text(1)`,
  `select named(s) from speech`,
  `select v from seen`,
  `select * from several()`,
  `select row_of()`,
  `select * from setting()`,
  `select '(1)'::acting_row`,
  `select '{1}'::acting[]`,
  `select '1'::acting`,
  `select t::acting from (select '1'::text as t) x`,
  `select * from json_to_recordset('[{"d": 1}]') as x(d acting)`,
  `select jsonb_populate_record(null::with_domain, '{"d": 1}')`,
  `select 'x' || s from speech`,
  `select s::text from speech`,
  `select format('%s', s::text) from speech`,
]
