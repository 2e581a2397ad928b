import type { LockMode } from '@esa/database-catalog/sql'

/** What PostgreSQL does for a statement. Source: the lock levels in the manual's pages of each command. */
export interface CorpusCase {
  sql: string
  /** The lock on each table of the schema before; those on its indexes are compared with the probe only. */
  locks: Record<string, LockMode>
  /** Tables whose rows are written again, and tables that are read from end to end. */
  rewrites?: string[]
  scans?: string[]
  /** Rules that must speak up, as an error or a warning. */
  rules?: string[]
}

const AE = 'AccessExclusiveLock'
const SRE = 'ShareRowExclusiveLock'
const SUE = 'ShareUpdateExclusiveLock'
const RE = 'RowExclusiveLock'
const AS = 'AccessShareLock'

/** Statements with the truth about them, in an order in which each runs; those without rules are safe ones. */
export const CORPUS: readonly CorpusCase[] = [
  { sql: 'alter table orders add column a1 int', locks: { orders: AE } },
  { sql: "alter table orders add column a2 text not null default 'x'", locks: { orders: AE } },
  { sql: 'alter table orders add column a3 timestamptz default now()', locks: { orders: AE } },
  {
    sql: 'alter table orders add column b1 uuid default gen_random_uuid()',
    locks: { orders: AE },
    rewrites: ['orders'],
    scans: ['orders'],
    rules: ['volatile-default-rewrites'],
  },
  {
    sql: 'alter table orders add column b2 timestamptz default clock_timestamp()',
    locks: { orders: AE },
    rewrites: ['orders'],
    scans: ['orders'],
    rules: ['volatile-default-rewrites'],
  },
  {
    sql: 'alter table orders add column b3 bigserial',
    locks: { orders: AE },
    rewrites: ['orders'],
    scans: ['orders'],
    rules: ['serial-column-rewrites'],
  },
  {
    sql: 'alter table payments add column b4 int generated always as identity',
    locks: { payments: AE },
    rewrites: ['payments'],
    scans: ['payments'],
    rules: ['serial-column-rewrites'],
  },
  {
    sql: 'alter table payments add column b5 numeric generated always as (amount * 2) stored',
    locks: { payments: AE },
    rewrites: ['payments'],
    scans: ['payments'],
    rules: ['generated-column-rewrites'],
  },
  {
    sql: 'alter table payments add column b6 numeric generated always as (amount * 2) virtual',
    locks: { payments: AE },
  },
  {
    sql: 'alter table payments add column b7 text not null',
    locks: { payments: AE },
    scans: ['payments'],
    rules: ['required-column'],
  },
  {
    sql: 'alter table payments alter column b5 set expression as (amount * 3)',
    locks: { payments: AE },
    rewrites: ['payments'],
    scans: ['payments'],
    rules: ['generated-column-rewrites'],
  },
  { sql: 'alter table orders alter column kind type varchar(40)', locks: { orders: AE } },
  { sql: 'alter table orders alter column kind type text', locks: { orders: AE } },
  { sql: 'alter table orders alter column total type numeric(12,2)', locks: { orders: AE } },
  { sql: 'alter table orders alter column created_at type timestamptz', locks: { orders: AE } },
  {
    sql: 'alter table customers alter column name type varchar(20)',
    locks: { customers: AE },
    rewrites: ['customers'],
    scans: ['customers'],
    rules: ['column-type-rewrites'],
  },
  {
    sql: 'alter table items alter column qty type bigint',
    locks: { items: AE },
    rewrites: ['items'],
    scans: ['items'],
    rules: ['column-type-rewrites'],
  },
  {
    sql: 'alter table items alter column sku type varchar(9)',
    locks: { items: AE },
    rewrites: ['items'],
    scans: ['items'],
    rules: ['column-type-rewrites'],
  },
  {
    sql: 'alter table payments alter column amount type numeric(10,2)',
    locks: {},
    rules: ['execution-failed', 'column-type-rewrites'],
  },
  {
    sql: 'alter table customers alter column phone set not null',
    locks: { customers: AE },
    scans: ['customers'],
    rules: ['not-null-scans'],
  },
  {
    sql: 'alter table customers add constraint spare_there check (spare is not null) not valid',
    locks: { customers: AE },
  },
  {
    sql: 'alter table customers validate constraint spare_there',
    locks: { customers: SUE },
    scans: ['customers'],
  },
  { sql: 'alter table customers alter column spare set not null', locks: { customers: AE } },
  {
    sql: 'alter table customers add constraint name_there not null name not valid',
    locks: { customers: AE },
  },
  {
    sql: 'alter table customers validate constraint name_there',
    locks: { customers: SUE },
    scans: ['customers'],
  },
  {
    sql: 'alter table customers alter column name drop not null',
    locks: { customers: AE },
    rules: ['not-null-dropped'],
  },
  { sql: "alter table customers alter column spare set default ''", locks: { customers: AE } },
  {
    sql: 'alter table items add constraint qty_positive check (qty > 0)',
    locks: { items: AE },
    scans: ['items'],
    rules: ['check-validates'],
  },
  {
    sql: 'alter table payments add constraint payments_order foreign key (order_id) references orders (id)',
    locks: { payments: SRE, orders: SRE },
    scans: ['payments'],
    rules: ['foreign-key-validates'],
  },
  {
    sql: 'alter table orders add constraint orders_customer foreign key (customer_id) references customers (id) not valid',
    locks: { orders: SRE, customers: SRE },
  },
  {
    sql: 'alter table orders validate constraint orders_customer',
    locks: { orders: SUE, customers: 'RowShareLock' },
    scans: ['orders'],
  },
  {
    sql: 'alter table customers add constraint email_once unique (email)',
    locks: { customers: AE },
    scans: ['customers'],
    rules: ['unique-builds-index'],
  },
  {
    sql: 'create unique index concurrently items_once on items (order_id, sku)',
    locks: { items: SUE },
    scans: ['items'],
  },
  { sql: 'alter table items add constraint items_once unique using index items_once', locks: { items: AE } },
  {
    sql: 'create unique index concurrently unkeyed_a on unkeyed (a)',
    locks: { unkeyed: SUE },
    scans: ['unkeyed'],
  },
  {
    sql: 'alter table unkeyed add primary key using index unkeyed_a',
    locks: { unkeyed: AE },
    scans: ['unkeyed'],
    rules: ['primary-key-checks-null'],
  },
  {
    sql: 'alter table child_log add primary key (at)',
    locks: { child_log: AE },
    scans: ['child_log'],
    rules: ['primary-key-builds-index'],
  },
  {
    sql: 'alter table orders add constraint no_overlap exclude using gist (period with &&)',
    locks: { orders: AE },
    scans: ['orders'],
    rules: ['exclusion-builds-index'],
  },
  { sql: 'alter table customers drop constraint spare_there', locks: { customers: AE } },
  {
    sql: 'create index orders_created on orders (created_at)',
    locks: { orders: 'ShareLock' },
    scans: ['orders'],
    rules: ['index-not-concurrently'],
  },
  {
    sql: 'create index concurrently orders_customer_id on orders (customer_id)',
    locks: { orders: SUE },
    scans: ['orders'],
  },
  { sql: 'drop index orders_created', locks: { orders: AE }, rules: ['index-drop-not-concurrently'] },
  { sql: 'drop index concurrently orders_note', locks: { orders: SUE } },
  {
    sql: 'reindex index orders_kind',
    locks: { orders: 'ShareLock' },
    scans: ['orders'],
    rules: ['reindex-not-concurrently'],
  },
  {
    sql: 'reindex table items',
    locks: { items: 'ShareLock' },
    scans: ['items'],
    rules: ['reindex-not-concurrently'],
  },
  { sql: 'reindex index concurrently orders_kind', locks: { orders: SUE }, scans: ['orders'] },
  { sql: 'reindex table concurrently scratch', locks: { scratch: SUE }, scans: ['scratch'] },
  { sql: 'alter index items_sku rename to items_by_sku', locks: {} },
  { sql: 'vacuum scratch', locks: { scratch: SUE } },
  { sql: 'analyze scratch', locks: { scratch: SUE } },
  {
    sql: 'vacuum full scratch',
    locks: { scratch: AE },
    rewrites: ['scratch'],
    scans: ['scratch'],
    rules: ['vacuum-full-rewrites'],
  },
  {
    sql: 'cluster scratch using scratch_pkey',
    locks: { scratch: AE },
    rewrites: ['scratch'],
    scans: ['scratch'],
    rules: ['cluster-rewrites'],
  },
  {
    sql: 'alter table scratch set unlogged',
    locks: { scratch: AE },
    rewrites: ['scratch'],
    scans: ['scratch'],
    rules: ['set-logged-rewrites'],
  },
  {
    sql: 'alter table scratch set logged',
    locks: { scratch: AE },
    rewrites: ['scratch'],
    scans: ['scratch'],
    rules: ['set-logged-rewrites'],
  },
  { sql: 'alter table scratch set (fillfactor = 80)', locks: { scratch: SUE } },
  { sql: 'alter table scratch alter column v set statistics 500', locks: { scratch: SUE } },
  { sql: 'alter table scratch alter column v set storage external', locks: { scratch: AE } },
  {
    sql: 'refresh materialized view totals',
    locks: { totals: AE, orders: AS },
    rewrites: ['totals'],
    scans: ['orders', 'totals'],
    rules: ['refresh-not-concurrently'],
  },
  {
    sql: 'refresh materialized view concurrently totals',
    locks: { totals: 'ExclusiveLock', orders: AS },
    scans: ['orders', 'totals'],
  },
  {
    sql: "alter table events attach partition events_2026 for values from ('2026-01-01') to ('2027-01-01')",
    locks: { events: SUE, events_2026: AE },
    scans: ['events_2026'],
    rules: ['attach-partition-scans'],
  },
  {
    sql: "alter table events attach partition events_2027 for values from ('2027-01-01') to ('2028-01-01')",
    locks: { events: SUE, events_2027: AE },
  },
  {
    sql: 'alter table events detach partition events_2025',
    locks: { events: AE, events_2025: AE },
    rules: ['detach-not-concurrently'],
  },
  {
    sql: 'alter table events detach partition events_2027 concurrently',
    locks: { events: SUE, events_2027: AE },
  },
  {
    sql: 'create trigger touched before update on orders for each row execute function touch()',
    locks: { orders: SRE },
  },
  { sql: 'alter table orders disable trigger touched', locks: { orders: SRE }, rules: ['trigger-disabled'] },
  {
    sql: 'alter table legacy replica identity full',
    locks: { legacy: AE },
    rules: ['replica-identity-full'],
  },
  {
    sql: 'alter table secrets enable row level security',
    locks: { secrets: AE },
    rules: ['row-security-changes'],
  },
  {
    sql: 'alter table child_log inherit parent_log',
    locks: { child_log: AE, parent_log: SUE },
    rules: ['inheritance-changes'],
  },
  {
    sql: 'create table invoices (id bigint generated always as identity primary key, order_id int references orders (id))',
    locks: { orders: SRE },
  },
  {
    sql: 'create index invoices_order on invoices (order_id)',
    locks: { invoices: 'ShareLock' },
    scans: ['invoices'],
  },
  {
    sql: 'alter table invoices alter column order_id set not null',
    locks: { invoices: AE },
    scans: ['invoices'],
  },
  { sql: 'create unlogged table staging (id bigint primary key)', locks: {}, rules: ['unlogged-table'] },
  { sql: "comment on table orders is 'what was bought'", locks: { orders: SUE } },
  { sql: 'grant select on orders to public', locks: { orders: AS } },
  { sql: 'revoke select on orders from public', locks: { orders: AS }, rules: ['privilege-revoked'] },
  { sql: 'create policy mine on secrets using (owner = current_user)', locks: { secrets: AE } },
  { sql: 'create statistics orders_stats on customer_id, kind from orders', locks: { orders: SUE } },
  { sql: 'insert into scratch values (1)', locks: { scratch: RE } },
  { sql: "update scratch set v = 'x' where id = 1", locks: { scratch: RE } },
  {
    sql: "update scratch set v = 'y'",
    locks: { scratch: RE },
    scans: ['scratch'],
    rules: ['update-without-where'],
  },
  { sql: 'delete from scratch', locks: { scratch: RE }, scans: ['scratch'], rules: ['delete-without-where'] },
  { sql: 'select 1 from scratch where id = 1 for update', locks: { scratch: 'RowShareLock' } },
  { sql: 'truncate scratch', locks: { scratch: AE }, rewrites: ['scratch'], rules: ['truncated'] },
  {
    sql: 'select rewrite_scratch()',
    locks: { scratch: AE },
    rewrites: ['scratch'],
    scans: ['scratch'],
    rules: ['table-rewrite'],
  },
  {
    sql: 'do $$ begin alter table legacy add constraint id_positive check (id > 0); end $$',
    locks: { legacy: AE },
    scans: ['legacy'],
    rules: ['blocking-scan'],
  },
  { sql: "alter type mood add value 'happy' after 'ok'", locks: {} },
  { sql: "alter type mood rename value 'sad' to 'blue'", locks: {}, rules: ['enum-value-renamed'] },
  {
    sql: 'alter domain positive add constraint is_positive check (value > 0)',
    locks: { orders: 'ShareLock' },
    scans: ['orders'],
    rules: ['domain-validates'],
  },
  {
    sql: 'create or replace view recent as select id, state, old from orders',
    locks: { recent: AE, orders: AS },
  },
  {
    sql: 'alter table orders rename column note to remark',
    locks: { orders: AE },
    rules: ['column-renamed'],
  },
  { sql: 'alter table legacy rename to ancient', locks: { legacy: AE }, rules: ['table-renamed'] },
  { sql: 'alter table ancient set schema public', locks: { ancient: AE }, rules: ['schema-changed'] },
  { sql: 'alter function touch() rename to touched', locks: {}, rules: ['object-renamed'] },
  { sql: 'alter table orders drop column worse', locks: { orders: AE }, rules: ['column-dropped'] },
  { sql: 'drop view recent', locks: { recent: AE }, rules: ['object-dropped'] },
  { sql: 'drop table secrets cascade', locks: { secrets: AE }, rules: ['table-dropped', 'drop-cascades'] },
  { sql: 'create schema archive', locks: {} },
  { sql: 'drop table if exists never_there', locks: {} },
  { sql: 'drop function if exists never_there(int)', locks: {} },
  { sql: 'drop index concurrently if exists never_there', locks: {} },
  { sql: 'drop function if exists touched()', locks: {}, rules: ['execution-failed', 'object-dropped'] },
]
