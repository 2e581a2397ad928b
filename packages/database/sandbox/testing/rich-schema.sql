-- A schema that uses what PostgreSQL 15 offers, in awkward names and orders. It is copied, and the copy described again.
create schema shop;
create schema "Odd Schema";
create extension pg_trgm with schema shop;
create extension btree_gist;
create collation shop.german (provider = icu, locale = 'de-u-co-phonebk');
create collation shop.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

create type shop.state as enum ('new', 'paid', 'it''s gone');
create type shop.money_pair as (amount numeric(12, 2), currency text collate shop.german);
create domain shop.email as text collate "C" not null default 'nobody@example' constraint has_at check (value like '%@%') constraint is_short check (length(value) < 200);
create domain shop.loose as int;
alter domain shop.loose add constraint positive check (value > 0) not valid;
create type shop.span as range (subtype = float8, subtype_diff = float8mi, multirange_type_name = shop.spans);

create sequence shop.codes as int increment 5 minvalue 10 maxvalue 9000 start 20 cache 3 cycle;
create sequence "Odd Schema"."Loose Seq" increment -1;
create function shop.next_code() returns text language sql as $$ select 'c' || nextval('shop.codes') $$;
select nextval('shop.codes'), nextval('"Odd Schema"."Loose Seq"');

create function shop.slug(text) returns text immutable strict parallel safe language plpgsql as $$ begin return lower(replace($1, ' ', '-')); end $$;
create function shop.is_fine(text) returns boolean immutable language sql return $1 <> 'bad';
create procedure shop.tidy(inout n int) language plpgsql as $$ begin n := n + 1; commit; end $$;
create function shop.add_text(text, text) returns text immutable language sql as $$ select concat($1, $2) $$;
create aggregate shop.glue(text) (sfunc = shop.add_text, stype = text, initcond = '', parallel = safe, combinefunc = shop.add_text);
create text search dictionary shop.plain (template = simple, stopwords = english);
create text search configuration shop.words (copy = english);
alter text search configuration shop.words alter mapping for asciiword with shop.plain, english_stem;

create table shop.customers (
  id bigint generated always as identity (start 100 increment 2) primary key,
  mail shop.email,
  "Full Name" text collate shop.german not null default 'it''s "me"',
  slug text generated always as (shop.slug(mail)) stored,
  pay shop.money_pair,
  born date check (born > '1900-01-01'),
  reach shop.span,
  state shop.state not null default 'new',
  tags text[] not null default '{}',
  doc jsonb not null default '{}' check (jsonb_typeof(doc) = 'object'),
  constraint fine check (shop.is_fine("Full Name")) no inherit,
  constraint mail_once unique (mail) include (state) deferrable initially deferred
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_enabled = false);
alter table shop.customers alter doc set storage external, alter doc set compression pglz, alter tags set statistics 500, alter state set (n_distinct = 3);
alter table shop.customers add constraint later check (id > 0) not valid;
create index customers_slug on shop.customers using btree (lower(slug) text_pattern_ops desc nulls last) include (state) with (fillfactor = 60) where state <> 'paid';
create index customers_doc on shop.customers using gin (doc jsonb_path_ops) with (fastupdate = off);
create index customers_trgm on shop.customers using gin ("Full Name" shop.gin_trgm_ops);
create index customers_expr on shop.customers ((born + 1), (length(mail)));
alter index shop.customers_expr alter column 1 set statistics 222;
create unique index customers_state_once on shop.customers (state, id) nulls not distinct;
alter table shop.customers replica identity using index customers_state_once;
alter table shop.customers cluster on customers_expr;
create statistics shop.customers_stats (dependencies, mcv) on state, born from shop.customers;
alter statistics shop.customers_stats set statistics 77;
create statistics shop.customers_expression on lower(slug), (born + 1) from shop.customers;

create table shop.orders (
  id bigserial,
  customer_id bigint not null references shop.customers on delete cascade on update set null,
  placed_at timestamptz not null default now(),
  code text default shop.next_code(),
  total numeric(12, 2) not null,
  self_id bigint, self_at timestamptz,
  check (total >= 0),
  primary key (id, placed_at),
  foreign key (self_id, self_at) references shop.orders match full deferrable
) partition by range (placed_at);
create table shop.orders_2024 partition of shop.orders for values from ('2024-01-01 00:00+02') to ('2025-01-01 00:00+02');
create table shop.orders_2025 partition of shop.orders for values from ('2025-01-01 00:00+02') to (maxvalue) partition by hash (id);
create table shop.orders_2025_0 partition of shop.orders_2025 for values with (modulus 2, remainder 0) with (fillfactor = 50);
create table shop.orders_2025_1 (total numeric(12, 2) not null check (total >= 0), id bigint not null, customer_id bigint not null, self_at timestamptz, self_id bigint, placed_at timestamptz not null, code text, check (code <> 'x'), constraint orders_total_check check (total >= 0));
alter table shop.orders_2025 attach partition shop.orders_2025_1 for values with (modulus 2, remainder 1);
create table shop.orders_rest partition of shop.orders default;
create index orders_customer on shop.orders (customer_id, placed_at desc);
create index orders_only_2024 on shop.orders_2024 using brin (placed_at) with (pages_per_range = 16);
alter table shop.orders_2024 alter total set default 7;

create table shop.bookings (
  room int not null, during tstzrange not null, note text,
  exclude using gist (room with =, during with &&) where (note is null) deferrable
);
create unlogged table shop.scratch (id int generated by default as identity, v text);
create table shop.base (id int primary key, kind text not null default 'base', v int check (v > 0), w int);
create table shop.child (extra text, v int) inherits (shop.base);
alter table shop.child alter kind set default 'child', alter w set default 3, alter w set not null;
alter table shop.base add constraint typed_later foreign key (v) references shop.base not valid;
create table shop.typed of shop.money_pair (amount not null);
create table "Odd Schema"."Select" ("from" int primary key, "where ""x""" text, "naïve" point);
create table "Odd Schema".all_types (a smallint, b varchar(7), c char(3), d bit(4), e varbit(9), f time(3) with time zone, g interval day to second(2), h numeric, i bytea, j inet[], k "char", l xml, m tsvector, n int4multirange, o uuid default gen_random_uuid());
create table shop.empty_table ();

create view shop.v_late as select c.id, c.mail, count(o.id) as orders from shop.customers c left join shop.orders o on o.customer_id = c.id group by c.id;
create view shop.v_checked with (security_barrier = true) as select id, state from shop.customers where state = 'new' with cascaded check option;
alter view shop.v_checked alter state set default 'new';
create materialized view shop.totals with (fillfactor = 90) as select customer_id, sum(total) as total from shop.orders group by customer_id;
create unique index totals_customer on shop.totals (customer_id);
create materialized view shop.unfilled as select * from shop.v_late with no data;
create recursive view shop.counted (n) as values (1) union all select n + 1 from counted where n < 5;
create function shop.of_customers(shop.customers) returns setof shop.v_late stable language sql as $$ select * from shop.v_late where id = ($1).id $$;
create function shop.atomic(n bigint) returns bigint stable begin atomic select count(*) from shop.customers where id > n; end;

create function shop.touch() returns trigger language plpgsql as $$ begin new."Full Name" := upper(new."Full Name"); return new; end $$;
create trigger touch before insert or update of "Full Name" on shop.customers for each row when (new.state <> 'paid') execute function shop.touch();
create trigger sleeping after insert on shop.customers referencing new table as fresh for each statement execute function shop.touch();
alter table shop.customers disable trigger sleeping;
create function shop.note() returns trigger language plpgsql as $$ begin return null; end $$;
create constraint trigger deferred after insert on shop.orders deferrable initially deferred for each row execute function shop.note();
create rule no_delete as on delete to shop.base do instead nothing;
create rule shadow as on insert to shop.scratch do also notify scratch;
alter table shop.scratch disable rule shadow;
alter table shop.base enable row level security, force row level security, replica identity full;
create policy seen on shop.base for select using (kind = 'base');
create policy written on shop.base as restrictive for insert to public with check (v > 0);
create function shop.on_ddl() returns event_trigger language plpgsql as $$ begin end $$;

comment on schema shop is 'it''s a shop';
comment on table shop.customers is 'who buys';
comment on column shop.customers."Full Name" is 'as written';
comment on constraint fine on shop.customers is 'checked';
comment on constraint has_at on domain shop.email is 'an address';
comment on index shop.customers_doc is 'containment';
comment on view shop.v_late is 'view';
comment on materialized view shop.totals is 'filled';
comment on column shop.totals.total is 'sum';
comment on function shop.slug(text) is 'slug';
comment on aggregate shop.glue(text) is 'glue';
comment on trigger touch on shop.customers is 'touch';
comment on policy seen on shop.base is 'seen';
comment on rule no_delete on shop.base is 'kept';
comment on type shop.state is 'state';
comment on sequence shop.codes is 'codes';
comment on statistics shop.customers_stats is 'stats';
