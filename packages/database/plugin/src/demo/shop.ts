import { EsaError } from '@esa/protocol'
import type { Queryable } from '@esa/database-catalog/sql'

/** How the shop is filled; the other tables follow from the number of orders. */
export interface ShopOptions {
  /** Orders, 200,000 by default. */
  orders?: number
  onProgress?: (progress: { done: number; total: number; table: string }) => void
}

/** Rows that were written. */
export interface ShopSize {
  customers: number
  products: number
  orders: number
  orderItems: number
}

const ORDERS = 200_000
const ORDERS_PER_CUSTOMER = 10
const PRODUCTS = 2_000

/** Orders of one INSERT: some tenths of a second, so that progress moves. */
const BATCH = 25_000

/** Comment of the schema: only a shop with it is replaced. */
const OURS = 'sample shop of esa demo'

const TABLES = `
create schema shop;
comment on schema shop is '${OURS}';
create table shop.customers (
  id bigint not null, name text not null, email text not null, account_manager int not null, joined_at timestamptz not null);
create table shop.products (id bigint not null, name text not null, price_cents int not null);
create table shop.orders (
  id bigint not null, customer_id bigint not null, status text not null, placed_at timestamptz not null);
create table shop.order_items (
  order_id bigint not null, line int not null, product_id bigint not null, quantity int not null, price_cents int not null);`

/** Keys come after the rows: one sorted pass each instead of a look-up a row. orders.customer_id is left without an index. */
const KEYS = [
  'alter table shop.customers add primary key (id)',
  'alter table shop.products add primary key (id)',
  'alter table shop.orders add primary key (id)',
  'alter table shop.order_items add primary key (order_id, line)',
  'alter table shop.orders add foreign key (customer_id) references shop.customers',
  'alter table shop.order_items add foreign key (order_id) references shop.orders',
  'alter table shop.order_items add foreign key (product_id) references shop.products',
  'create index on shop.order_items (product_id)',
  'analyze shop.customers, shop.products, shop.orders, shop.order_items',
]

/** A number in [0, below) that looks random and is always the same for the same row. */
function pick(row: string, salt: number, below: number | string): string {
  return `(((${row}) * 2654435761 + ${salt} * 40503) % 4294967291 / 7 % ${below})`
}

const CUSTOMERS_SQL = `insert into shop.customers
  select i, 'Customer ' || i, 'customer' || i || '@shop.example', ${pick('i', 1, '$2::bigint')} + 1,
    timestamptz '2021-01-01 00:00+00' + ${pick('i', 2, 1_460)} * interval '1 day' from generate_series(1::bigint, $1::bigint) i`

const PRODUCTS_SQL = `insert into shop.products
  select i, 'Product ' || i, 199 + ${pick('i', 3, 20_000)} from generate_series(1::bigint, $1::bigint) i`

const ORDERS_SQL = `insert into shop.orders
  select i, ${pick('i', 4, '$3::bigint')} + 1,
    (array['delivered', 'delivered', 'delivered', 'shipped', 'paid', 'cancelled'])[${pick('i', 5, 6)} + 1],
    timestamptz '2025-01-01 00:00+00' + i * interval '2 minutes' from generate_series($1::bigint, $2::bigint) i`

/** One to five items an order, three on average. */
const ITEMS_SQL = `insert into shop.order_items
  select i, line, product, 1 + ${pick('i + line', 7, 3)}, 199 + ${pick('product', 3, 20_000)}
  from generate_series($1::bigint, $2::bigint) i, generate_series(1, 1 + ${pick('i', 8, 5)}) line,
    lateral (select ${pick('i * 5 + line', 6, PRODUCTS)} + 1 as product) p`

/** Customers of one account manager: what the dashboard statement shows at once. */
const CUSTOMERS_PER_MANAGER = 40

async function replaceSchema(queryable: Queryable): Promise<void> {
  const { rows } = await queryable.query(
    `select obj_description(oid, 'pg_namespace') as about from pg_namespace where nspname = 'shop'`,
  )
  if (rows[0] && rows[0]['about'] !== OURS) {
    throw new EsaError('demo.schema-taken', 'terminal', 'the database has a schema "shop" of its own', {
      hint: 'give the demo a database of its own',
    })
  }
  if (rows[0]) await queryable.query('drop schema shop cascade')
  await queryable.query(TABLES)
}

/**
 * Fills the schema `shop` with customers, products, orders and their items, the same rows every time, replacing an
 * earlier sample shop. Primary and foreign keys are there; the index on `orders.customer_id` is not.
 * @throws EsaError `demo.schema-taken` (terminal) when a schema of that name is not ours.
 */
export async function seedShop(queryable: Queryable, options: ShopOptions = {}): Promise<ShopSize> {
  const total = options.orders ?? ORDERS
  const customers = Math.max(1, Math.round(total / ORDERS_PER_CUSTOMER))
  const tell = (done: number, table: string): void => options.onProgress?.({ done, total, table })
  await replaceSchema(queryable)
  await queryable.query(CUSTOMERS_SQL, [
    customers,
    Math.max(1, Math.round(customers / CUSTOMERS_PER_MANAGER)),
  ])
  await queryable.query(PRODUCTS_SQL, [PRODUCTS])
  for (let from = 1; from <= total; from += BATCH) {
    const to = Math.min(total, from + BATCH - 1)
    await queryable.query(ORDERS_SQL, [from, to, customers])
    await queryable.query(ITEMS_SQL, [from, to])
    tell(to, 'orders')
  }
  for (const key of KEYS) await queryable.query(key)
  tell(total, 'keys')
  const { rows } = await queryable.query('select count(*)::float8 as items from shop.order_items')
  return { customers, products: PRODUCTS, orders: total, orderItems: Number(rows[0]?.['items']) }
}
