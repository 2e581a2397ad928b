/** Objects that ordinary queries use: functions, views, domains and operators that only compute. */
export const HARMLESS_SCHEMA = `
create extension if not exists pg_trgm; create extension if not exists citext; create extension if not exists btree_gist;
create table products (id int primary key, name text, tags text[], price numeric, made date, at timestamptz default now(),
  detail jsonb, during tsrange, parent int references products);
insert into products select i, 'p' || i, array['a', 'b'], i, date '2025-01-01' + i, timestamptz '2025-01-01' + i * interval '1 h',
  jsonb_build_object('k', i, 'l', array[1, 2]), tsrange(timestamp '2025-01-01', timestamp '2025-01-01' + i * interval '1 h'),
  nullif(i / 2, 0) from generate_series(1, 40) i;
create function net(p numeric) returns numeric immutable language sql as $$ select p / 1.19 $$;
create function gross(p numeric) returns numeric language sql return p * 1.19;
create function cheap(p products) returns boolean stable language sql as $$ select p.price < 10 $$;
create view product_view as select id, net(price) as net from products where cheap(products);
create domain positive as int check (value > 0);
create aggregate product_of(numeric) (sfunc = numeric_mul, stype = numeric, initcond = '1');
create function shouted(t text) returns text immutable language plpgsql as $$ begin return upper(t); end $$;
create index on products (shouted(name), (price + 2 * 3)) where shouted(name) <> 'X' and made > '2020-01-01'::date;
alter table products add check (shouted(name) <> '' and price in (1, 2) or length('a' || name) > abs(-1));
create type pair as (a int, b positive);
create function taxed(p numeric, rate positive default 19) returns numeric language sql as $$ select p * (100 + rate) / 100 $$;
create function as_text(p pair) returns text language sql as $$ select p.a::text $$;
create cast (pair as text) with function as_text(pair) as assignment;
create function told(p pair) returns text language sql as $$ select p $$;
`

/** What people and programs really ask; every one must run. */
export const HARMLESS_QUERIES = `select 1
select * from products
table products
values (1, 'a'), (2, 'b')
select p.* from products p where id = 3
select count(*), sum(price), avg(price), min(made), max(at) from products
select name, row_number() over (order by price desc) from products
select name, rank() over w, lag(price) over w, first_value(id) over w from products window w as (partition by made order by price)
select sum(price) over (order by id rows between 2 preceding and current row) from products
select ntile(4) over (order by id), percent_rank() over (order by id) from products
with a as (select * from products) select * from a join products using (id)
with a as materialized (select id from products) select count(*) from a
with recursive up as (select id, parent from products where id = 40 union all select p.id, p.parent from products p join up on p.id = up.parent) select * from up
with recursive n(i) as (values (1) union all select i + 1 from n where i < 10) select sum(i) from n
select * from products p, lateral (select count(*) from products c where c.parent = p.id) x
select * from products p left join lateral unnest(p.tags) with ordinality as t(tag, at) on true
select p.id, t.tag from products p cross join lateral unnest(p.tags) t(tag)
select * from generate_series(1, 3) a, generate_series(date '2025-01-01', date '2025-01-03', interval '1 day') b
select * from rows from (generate_series(1, 2), unnest(array['a', 'b'])) as x(n, t)
select detail -> 'k', detail ->> 'l', detail #> '{l,0}', detail @> '{"k": 1}' from products
select jsonb_path_query(detail, '$.l[*]') from products
select jsonb_agg(to_jsonb(p)), json_object_agg(id, name) from products p
select jsonb_build_object('a', 1, 'b', array[1, 2]), json_build_array(1, 'x')
select json_object('a': 1, 'b': 2), json_array(1, 2), json_arrayagg(id) from products
select * from json_table('[{"a": 1}]', '$[*]' columns (a int path '$.a')) j
select json_value('{"a": 1}', '$.a'), json_exists('{"a": 1}', '$.a'), '{"a": 1}' is json object
select * from jsonb_to_recordset('[{"a": 1}]') as x(a int)
select * from jsonb_populate_record(null::pair, '{"a": 1, "b": 2}')
select * from jsonb_each_text('{"a": 1}')
select * from xmltable('/r/a' passing xml '<r><a>1</a></r>' columns a int path '.')
select xmlelement(name a, xmlattributes(1 as b), 'c'), xmlforest(1 as x)
select string_agg(name, ',' order by name), array_agg(distinct made) from products
select percentile_cont(0.95) within group (order by price), mode() within group (order by made) from products
select count(*) filter (where price > 10) from products
select made, name, sum(price) from products group by rollup (made, name)
select made, name, grouping(made) from products group by grouping sets ((made), (name), ())
select distinct on (made) * from products order by made, price desc
select name from products union all select 'x' except select 'p1' intersect select name from products
select case when price > 10 then 'dear' else 'cheap' end, coalesce(parent, 0), nullif(id, 1), greatest(1, 2) from products
select * from products where name ilike 'p%' and name ~ '^p[0-9]+$' and name similar to 'p(1|2)'
select * from products where id in (1, 2) or id between 5 and 7 or id = any(array[8, 9])
select * from products where exists (select from products c where c.parent = products.id) and id not in (select parent from products where parent is not null)
select * from products where (id, name) > (3, 'a') order by id, name limit 5 offset 2
select * from products where during && tsrange('2025-01-01', '2025-01-02') and during @> timestamp '2025-01-01 00:30'
select at at time zone 'UTC', date_trunc('day', at), extract(epoch from at), age(at), to_char(at, 'YYYY') from products
select now(), current_date, current_timestamp, localtime, clock_timestamp(), current_user, session_user, version()
select random() > 2, gen_random_uuid() is null, md5('a'), encode(sha256('a'), 'hex')
select name % 'p1', similarity(name, 'p1'), word_similarity('p', name) from products
select 'A'::citext = 'a'::citext, 'x'::varchar(3), '1'::positive, row(1, 2)::pair
select net(price), gross(price), cheap(p), p.cheap from products p
select * from product_view
select taxed(price), taxed(price, 7) from products
select row(1, 2)::pair::text, told(row(1, 2)), 'pair: ' || row(1, 2)::pair, to_jsonb(row(1, 2)::pair)
select 'no. ' || id, id || '.', name || ' ', detail || '{}', tags || 'c'::text, quote_literal(id), quote_nullable(made), lpad(name, 9) from products
select jsonb_populate_record(p, '{"id": 7}'), json_populate_record(null::products, '{"id": 7}') from products p
select array_agg(p order by p), max(made), count(distinct p.*) from products p
select product_of(price) from products where id < 5
select cast(id as text) || name collate "C", name::bytea, id::numeric(10, 2) from products order by name collate "C"
select to_tsvector('english', name) @@ plainto_tsquery('english', 'p1'), ts_rank(to_tsvector(name), to_tsquery('p1')), ts_headline(name, to_tsquery('p1')) from products
select * from products tablesample bernoulli (50) repeatable (1)
select * from products tablesample system (10)
select a.n, b.n from (values (1)) a(n) full join (values (2)) b(n) on a.n = b.n
select array(select id from products), (array[[1, 2], [3, 4]])[1][2], (array[1, 2, 3])[1:2]
select pg_size_pretty(pg_total_relation_size('products')), pg_relation_size('products'), pg_database_size(current_database())
select relname, n_live_tup from pg_stat_user_tables
select pid, state, query from pg_stat_activity where datname = current_database()
select * from pg_locks
select table_name from information_schema.tables where table_schema = 'public'
select indexdef from pg_indexes where tablename = 'products'
select attname, n_distinct from pg_stats where tablename = 'products'
select regexp_replace(name, '(p)(\\d)', '\\2\\1'), split_part(name, 'p', 2), substring(name from 2), trim(both 'p' from name), position('1' in name) from products
select overlay('abc' placing 'x' from 2), lower(name), upper(name), initcap(name), lpad(name, 5), format('%s-%I', name, 'a') from products
select (p).id, (p).name, (select p2 from products p2 limit 1).price from products p
select 'delete from products; drop table x' as "insert", $$; commit$$, $q$ it's $q$
select/**/1;
select all id from only products order by made fetch first 3 rows with ties
select id from products order by id desc nulls last fetch first 3 rows only
(select 1) union (select 2) order by 1
select interval '1 day' * 2, date '2025-01-01' + 3, timestamp '2025-01-01' - timestamp '2024-01-01', make_interval(days => 3)
select power(2, 3), sqrt(2), round(1.5), mod(7, 3), width_bucket(5, 0, 10, 5), trunc(1.7), abs(-1), ceil(1.2), exp(1), ln(2)
select * from unnest(array[1, 2], array['a', 'b']) as t(a, b)
select ctid, xmin, tableoid::regclass from products limit 1
select * from pg_get_keywords() limit 1
select positive(1), public.positive(2), citext('a')`
  .split('\n')
  .map((line) => line.trim())
