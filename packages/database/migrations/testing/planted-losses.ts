/** A migration with a known answer, for the tests of verification. */
export interface Planted {
  name: string
  sql: string
}

/** The database that every planted migration meets: a shop with what is awkward to keep. */
export const SHOP = `
create type status as enum ('new', 'paid', 'sent');
create table customers (id int primary key, email text not null unique, name text, phone varchar(30), joined timestamptz not null,
  score double precision, tags text[], profile jsonb, raw json, active text);
insert into customers select g, 'User' || g || '@Example.org', (array['Ada', 'Grace', 'Alan'])[1 + g % 3] || ' ' || 'Name' || g,
  case when g % 5 = 0 then null else '+49 30 ' || (100000 + g) end,
  timestamptz '2024-03-31 00:00:00+00' + g * interval '37 minutes 11.123456 seconds', g / 7.0::float8,
  array['t' || g % 4, 'x' || g % 3], jsonb_build_object('city', 'City ' || g % 9, 'age', g), ('{"b":1,  "a":' || g || '}')::json,
  case when g % 2 = 0 then 'Y' else 'N' end from generate_series(1, 300) g;
create table orders (id bigint generated always as identity primary key, customer_id int not null references customers on delete cascade,
  status status not null, total numeric(12, 4) not null, placed timestamp not null, note text, shipping_city text, shipping_zip text);
insert into orders (customer_id, status, total, placed, note, shipping_city, shipping_zip)
  select 1 + g % 300, (enum_range(null::status))[1 + g % 3], g * 1.2345, timestamp '2024-01-01' + g * interval '1 hour 0.5 second',
  case when g % 4 = 0 then null else '  note ' || g || ' ' end, 'Town ' || (g % 300), lpad((g % 300)::text, 5, '0') from generate_series(1, 900) g;
create table items (order_id bigint not null references orders on delete cascade, nth int not null, sku char(8) not null, qty int not null, primary key (order_id, nth));
insert into items select 1 + g % 900, g / 900, 'SKU' || g % 50, 1 + g % 7 from generate_series(0, 1799) g;
create table events (at timestamptz, kind text, amount int);
insert into events select timestamptz '2024-05-05 10:00:00+00' + (g / 2) * interval '1 minute', 'kind ' || g / 2 % 3, g / 2 from generate_series(1, 200) g;
create table sizes (id int primary key, label text);
insert into sizes values (1, 's'), (2, 'm'), (3, 'l');
create table hues (id int primary key, label text);
insert into hues values (1, 'red'), (2, 'tan');`

/** Each loses something. */
export const LOSSY: Planted[] = [
  { name: 'a column is dropped', sql: 'alter table customers drop column phone' },
  { name: 'a table is dropped', sql: 'drop table events' },
  { name: 'a table is dropped with what refers to it', sql: 'drop table orders cascade' },
  { name: 'rows are deleted', sql: `delete from orders where placed < '2024-01-15'` },
  { name: 'a table is truncated', sql: 'truncate events' },
  { name: 'a parent is deleted and its children go with it', sql: 'delete from customers where id = 7' },
  {
    name: 'text is cut by its type',
    sql: 'alter table orders alter note type varchar(8) using left(note, 8)',
  },
  { name: 'numeric loses its scale', sql: 'alter table orders alter total type numeric(12, 2)' },
  { name: 'numeric becomes an integer', sql: 'alter table orders alter total type integer' },
  { name: 'a float loses half its digits', sql: 'alter table customers alter score type real' },
  { name: 'a time loses its fraction', sql: 'alter table customers alter joined type timestamptz(0)' },
  { name: 'a time becomes a date', sql: 'alter table orders alter placed type date' },
  {
    name: 'a time is read in another zone',
    sql: `alter table customers alter joined type timestamp using joined at time zone 'America/New_York'`,
  },
  { name: 'a time is shifted', sql: `update customers set joined = joined + interval '2 hours'` },
  {
    name: 'NULLs are replaced',
    sql: `update customers set phone = '' where phone is null; alter table customers alter phone set not null`,
  },
  { name: 'values become NULL', sql: 'update orders set note = null where id % 10 = 0' },
  { name: 'letters lose their case', sql: 'update customers set email = lower(email)' },
  { name: 'blanks are trimmed', sql: 'update orders set note = trim(note)' },
  {
    name: 'duplicates are removed',
    sql: 'create table events_new as select distinct * from events; drop table events; alter table events_new rename to events',
  },
  {
    name: 'duplicates are deleted in place',
    sql: 'delete from events a using events b where a.ctid > b.ctid and a = b',
  },
  {
    name: 'a split forgets the middle',
    sql: `alter table customers add first text, add last text; update customers set first = split_part(name, ' ', 1), last = left(split_part(name, ' ', 2), 5); alter table customers drop column name`,
  },
  {
    name: 'two tables become one, and rows of the same key only once',
    sql: `create table codes (id int primary key, label text); insert into codes select * from sizes; insert into codes select * from hues on conflict do nothing; drop table sizes, hues`,
  },
  {
    name: 'a column is recreated under its name',
    sql: 'alter table customers drop column score; alter table customers add column score double precision',
  },
  {
    name: 'columns are joined without a border',
    sql: `alter table orders add address text; update orders set address = shipping_city || shipping_zip; alter table orders drop column shipping_zip, drop column shipping_city`,
  },
  {
    name: 'words become a boolean that calls one of them false and the rest too',
    sql: `alter table orders add is_new boolean; update orders set is_new = status = 'new'; alter table orders drop column status`,
  },
  {
    name: 'a lookup forgets a word',
    sql: `create table cities (id int generated always as identity primary key, city text unique); insert into cities (city) select distinct shipping_city from orders where shipping_city <> 'Town 7'; alter table orders add city_id int references cities; update orders o set city_id = c.id from cities c where c.city = o.shipping_city; alter table orders drop column shipping_city`,
  },
  {
    name: 'a copy misses rows',
    sql: `create table orders_new (like orders including all); insert into orders_new overriding system value select * from orders where status <> 'new'; alter table items drop constraint items_order_id_fkey; drop table orders; alter table orders_new rename to orders`,
  },
  {
    name: 'a moved column is not filled',
    sql: 'create table phones (customer_id int primary key references customers, phone text); insert into phones select id, phone from customers where id < 290; alter table customers drop column phone',
  },
  { name: 'json becomes jsonb', sql: 'alter table customers alter raw type jsonb' },
  { name: 'a document loses a key', sql: `update customers set profile = profile - 'age'` },
  {
    name: 'an array loses its order',
    sql: `update customers set tags = (select array_agg(t order by t desc) from unnest(tags) t)`,
  },
  {
    name: 'an enum is merged',
    sql: `create type state as enum ('open', 'closed'); alter table orders alter status type state using case status when 'new' then 'open' when 'paid' then 'open' else 'closed' end::state`,
  },
  {
    name: 'rows are mixed up',
    sql: 'update customers c set phone = d.phone from customers d where d.id = 301 - c.id',
  },
  {
    name: 'one value in a thousand is wrong',
    sql: 'update items set qty = qty + 1 where order_id = 17 and nth = 0',
  },
  {
    name: 'a block of code deletes',
    sql: `do $$ begin execute 'delete from ' || 'events where amount = 3'; end $$`,
  },
  {
    name: 'a trigger deletes',
    sql: `create function f() returns trigger language plpgsql as $$ begin delete from items where order_id = new.id; return new; end $$; create trigger t after update on orders for each row execute function f(); update orders set status = status where id = 5`,
  },
  {
    name: 'a wrong column is kept',
    sql: 'alter table orders drop column shipping_city; alter table orders rename shipping_zip to shipping_city',
  },
  {
    name: 'two columns are exchanged',
    sql: 'update orders set shipping_city = shipping_zip, shipping_zip = shipping_city',
  },
  {
    name: 'references are turned to one row',
    sql: 'update orders set customer_id = 1 where customer_id = 2',
  },
  {
    name: 'an upsert overwrites',
    sql: `insert into customers (id, email, joined) select id, email || '.new', joined from customers on conflict (id) do update set email = excluded.email`,
  },
]

/** None of these loses anything. */
export const LOSSLESS: Planted[] = [
  { name: 'a column is added', sql: 'alter table customers add column vip boolean not null default false' },
  {
    name: 'columns and tables are renamed',
    sql: 'alter table customers rename column phone to telephone; alter table customers rename to people; create schema crm; alter table people set schema crm',
  },
  {
    name: 'integers widen',
    sql: 'alter table customers alter id type bigint; alter table orders alter customer_id type bigint',
  },
  { name: 'varchar becomes text', sql: 'alter table customers alter phone type text' },
  { name: 'a number becomes text', sql: 'alter table orders alter total type text' },
  {
    name: 'a time gets its zone',
    sql: `alter table orders alter placed type timestamptz using placed at time zone 'Europe/Berlin'`,
  },
  {
    name: 'a name is split and can be put together',
    sql: `alter table customers add first text, add last text; update customers set first = split_part(name, ' ', 1), last = split_part(name, ' ', 2); alter table customers drop column name`,
  },
  {
    name: 'a column moves to its own table',
    sql: 'create table phones (customer_id int primary key references customers, phone text); insert into phones select id, phone from customers; alter table customers drop column phone',
  },
  {
    name: 'a table is normalised',
    sql: `create table cities (zip text primary key, city text); insert into cities select distinct shipping_zip, shipping_city from orders; alter table orders add foreign key (shipping_zip) references cities; alter table orders drop column shipping_city`,
  },
  {
    name: 'a list becomes rows',
    sql: 'create table customer_tags (customer_id int references customers, nth bigint, tag text, primary key (customer_id, nth)); insert into customer_tags select c.id, t.nth, t.tag from customers c, unnest(c.tags) with ordinality t(tag, nth); alter table customers drop column tags',
  },
  {
    name: 'an enum becomes text, its type goes',
    sql: 'alter table orders alter status type text; drop type status',
  },
  { name: 'an enum label is renamed', sql: `alter type status rename value 'sent' to 'shipped'` },
  {
    name: 'words become a boolean',
    sql: `alter table customers alter active type boolean using active = 'Y'`,
  },
  {
    name: 'words become numbers by a CASE',
    sql: `alter table orders alter status type int using case status when 'new' then 1 when 'paid' then 2 when 'sent' then 3 end`,
  },
  {
    name: 'a price becomes units',
    sql: 'alter table orders add total_units bigint; update orders set total_units = total * 10000; alter table orders drop column total',
  },
  {
    name: 'a table is partitioned',
    sql: `alter table orders rename to orders_old; create table orders (id bigint not null, customer_id int not null, status status not null, total numeric(12, 4) not null, placed timestamp not null, note text, shipping_city text, shipping_zip text) partition by range (placed); create table orders_1 partition of orders for values from (minvalue) to ('2024-01-20'); create table orders_2 partition of orders for values from ('2024-01-20') to (maxvalue); insert into orders select * from orders_old; alter table items drop constraint items_order_id_fkey; drop table orders_old`,
  },
  {
    name: 'rows are archived',
    sql: `create table orders_archive (like orders); insert into orders_archive select * from orders where placed < '2024-01-15'; create table items_archive (like items); insert into items_archive select i.* from items i join orders o on o.id = i.order_id where o.placed < '2024-01-15'; delete from orders where placed < '2024-01-15'`,
  },
  {
    name: 'rows are archived by one statement',
    sql: `create table events_old (like events); with moved as (delete from events where amount < 50 returning *) insert into events_old select * from moved`,
  },
  {
    name: 'the original is kept beside',
    sql: 'alter table customers add email_given text; update customers set email_given = email, email = lower(email)',
  },
  {
    name: 'columns become a document',
    sql: `alter table orders add shipping jsonb; update orders set shipping = jsonb_build_object('city', shipping_city, 'zip', shipping_zip); alter table orders drop column shipping_city, drop column shipping_zip`,
  },
  {
    name: 'keys become longer and rows are added',
    sql: `alter table items alter sku type varchar(20); insert into items values (1, 99, 'NEW', 1)`,
  },
  {
    name: 'a table is copied and replaced',
    sql: 'create table events_new (like events); insert into events_new select * from events; drop table events; alter table events_new rename to events',
  },
  {
    name: 'indexes and constraints come',
    sql: 'create index concurrently orders_placed_idx on orders (placed); alter table orders add constraint positive check (total >= 0) not valid; alter table orders validate constraint positive; create view recent as select * from orders',
  },
  {
    name: 'a column becomes a time',
    sql: 'alter table orders alter placed type bigint using (extract(epoch from placed) * 1000)::bigint',
  },
  {
    name: 'two tables become one',
    sql: `create table codes (kind text, id int, label text, primary key (kind, id)); insert into codes select 'size', * from sizes; insert into codes select 'hue', * from hues; drop table sizes, hues`,
  },
  {
    name: 'words become a lookup',
    sql: `create table cities (id int generated always as identity primary key, city text unique); insert into cities (city) select distinct shipping_city from orders; alter table orders add city_id int references cities; update orders o set city_id = c.id from cities c where c.city = o.shipping_city; alter table orders drop column shipping_city`,
  },
  {
    name: 'a table is split by rows',
    sql: `create table events_small (like events); create table events_large (like events); insert into events_small select * from events where amount < 50; insert into events_large select * from events where amount >= 50; drop table events`,
  },
  {
    name: 'a keyed table is split by rows',
    sql: `create table items_few (like items including all); create table items_many (like items including all); insert into items_few select * from items where qty < 3; insert into items_many select * from items where qty >= 3; drop table items`,
  },
  {
    name: 'a table is split by columns',
    sql: `create table item_skus (order_id bigint, nth int, sku char(8), primary key (order_id, nth)); create table item_counts (order_id bigint, nth int, qty int, primary key (order_id, nth)); insert into item_skus select order_id, nth, sku from items; insert into item_counts select order_id, nth, qty from items; drop table items`,
  },
  {
    name: 'columns are joined to one',
    sql: `alter table orders add address text; update orders set address = shipping_zip || ' | ' || shipping_city; alter table orders drop column shipping_zip, drop column shipping_city`,
  },
  {
    name: 'a list becomes a document',
    sql: 'alter table customers alter tags type jsonb using to_jsonb(tags)',
  },
  {
    name: 'a key is replaced by a longer one',
    sql: 'alter table items add order_new bigint; update items set order_new = order_id; alter table items drop constraint items_pkey; alter table items rename order_id to order_old; alter table items rename order_new to order_id; alter table items add primary key (order_id, nth); alter table items drop column order_old',
  },
  { name: 'an empty table goes', sql: 'create table nothing (id int primary key); drop table nothing' },
]
