/** The schema before of the corpus. */
export const CORPUS_SCHEMA = `
create type mood as enum ('sad', 'ok');
create domain positive as numeric;
create table customers (id bigint generated always as identity primary key, email text not null, name varchar(50), phone text, spare text);
create table orders (id int primary key, customer_id bigint, total numeric(10,2), note text, created_at timestamp,
  kind varchar(20), code char(3), state mood, period tsrange, price positive, old text, worse text);
create table items (id bigint generated always as identity primary key, order_id int references orders (id), sku text, qty int);
create table payments (id bigint primary key, order_id int, amount numeric, paid_at timestamptz default now());
create table unkeyed (a int, b int not null, c int);
create table events (id bigint, at date not null) partition by range (at);
create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
create table events_2026 (id bigint, at date not null);
create table events_2027 (id bigint, at date not null, constraint fits check (at >= '2027-01-01' and at < '2028-01-01'));
create table parent_log (at date);
create table child_log (at date);
create table scratch (id int primary key, v text);
create table legacy (id int primary key);
create table secrets (id int primary key, owner text);
create index orders_note on orders (note);
create index orders_kind on orders (kind);
create index items_sku on items (sku);
create materialized view totals as select customer_id, count(*) as orders from orders group by 1;
create unique index totals_key on totals (customer_id);
create view recent as select id, state from orders;
create sequence counter;
create schema old_things;
create table old_things.attic (id int primary key);
create function touch() returns trigger language plpgsql as 'begin return new; end';
create function rewrite_scratch() returns void language plpgsql as 'begin alter table scratch alter column v type bytea using v::bytea; end';
`
