import type { Queryable } from '@esa/database-catalog/sql'

/** How far the shop is filled. */
export interface ShopProgress {
  done: number
  total: number
  table: string
}

/** Orders of a shop for figures. */
const ORDERS = 1_000_000

/** Orders inserted by one statement: progress shows, and none takes long. */
const BATCH = 50_000

const ORDERS_PER_CUSTOMER = 10
const ORDERS_PER_PRODUCT = 10
const ORDERS_PER_BOOKING = 4

const TABLES = `
create schema shop;
create table shop.customers (id bigint not null, email text not null, name text not null, country text not null, created_at timestamptz not null);
create table shop.products (id bigint not null, sku text not null, name text not null, description text not null, tags text[] not null, price_cents int not null);
create table shop.orders (id bigint not null, customer_id bigint not null, status text not null, placed_at timestamptz not null, shipped_at timestamptz,
  total_cents int not null, note text, payload jsonb not null);
create table shop.order_items (order_id bigint not null, line int not null, product_id bigint not null, quantity int not null, price_cents int not null);
create table shop.bookings (id bigint not null, dock int not null, during tsrange not null, order_id bigint not null);`

/** Keys come last: filling is faster without them. No other index is there, that is for the advice to find. */
const KEYS = [
  'alter table shop.customers add primary key (id)',
  'alter table shop.products add primary key (id)',
  'alter table shop.orders add primary key (id), add foreign key (customer_id) references shop.customers',
  'alter table shop.order_items add primary key (order_id, line), add foreign key (order_id) references shop.orders',
  'alter table shop.bookings add primary key (id)',
  'analyze',
]

/** A number from 0 to n-1, the same for the same value and salt in every run. */
const pick = (value: string, salt: number, n: number | string): string =>
  `((hashint8extended(${value}, ${salt}) & 1073741823) % (${n}))`

/** The same, but small numbers come much more often: a few customers and products make most of the trade. */
const skewed = (value: string, salt: number, n: number | string): string =>
  `floor(${n} * power(${pick(value, salt, 1_000_000)} / 1000000.0, 3))::bigint`

const WORDS = `(array['amber','basket','candle','denim','ember','forest','garden','harbour','ivory','jasmine','kettle','linen','marble','nectar',
'oak','pepper','quilt','ribbon','saffron','timber','umber','velvet','walnut','yarn','zinc','brass','copper','dune','elm','fern','glass','hazel'])`
const word = (value: string, salt: number): string => `${WORDS}[${pick(value, salt, 32)} + 1]`

const CUSTOMERS = `insert into shop.customers select i, 'User' || i || case when i % 3 = 0 then '@Example.com' else '@example.com' end,
  initcap(${word('i', 1)}) || ' ' || initcap(${word('i', 2)}), (array['DE','FR','US','GB','JP','BR'])[${skewed('i', 3, 6)} + 1],
  timestamptz '2020-01-01+00' + i * interval '10 minutes' from generate_series(1, $1::bigint) i`

const PRODUCTS = `insert into shop.products select i, upper(left(${word('i', 4)}, 2)) || '-' || lpad(i::text, 7, '0'),
  ${word('i', 5)} || ' ' || ${word('i', 6)} || ' ' || i,
  (select string_agg(${word('i * 40 + k', 7)}, ' ') from generate_series(1, 30) k) || case when i % 500 = 0 then ' handmade porcelain' else '' end,
  array[${word('i', 8)}, ${word('i', 9)}] || case when i % 300 = 0 then array['clearance'] else '{}' end, 199 + ${pick('i', 10, 20_000)}
  from generate_series(1, $1::bigint) i`

const ORDERS_SQL = `insert into shop.orders select i, ${skewed('i', 11, '$3::bigint')} + 1,
  case when ${pick('i', 12, 100)} < 90 then 'delivered' when ${pick('i', 12, 100)} < 98 then 'cancelled' when ${pick('i', 12, 100)} < 99 then 'paid' else 'open' end,
  timestamptz '2023-01-01+00' + i * interval '1 minute', case when ${pick('i', 12, 100)} < 99 then timestamptz '2023-01-03+00' + i * interval '1 minute' end,
  500 + ${pick('i', 13, 100_000)},
  case when i % 3 = 0 then 'leave at the ' || ${word('i', 14)} || ' door, ring ' || ${word('i', 15)} || ' ' || i
    || case when i % 5000 = 0 then ', Wednesday courier only' else '' end end,
  jsonb_build_object('channel', (array['web','app','store','phone'])[${skewed('i', 16, 4)} + 1], 'device', (array['ios','android','desktop','kiosk'])[${skewed('i', 17, 4)} + 1],
    'campaign', 'c' || ${pick('i', 18, 2_000)}) || case when i % 1000 = 0 then jsonb_build_object('coupon', 'SPRING' || i % 7) else '{}' end
  from generate_series($1::bigint, $2::bigint) i`

const ITEMS = `insert into shop.order_items select i, line, ${skewed('i * 5 + line', 19, '$3::bigint')} + 1, 1 + ${pick('i + line', 20, 3)}, 199 + ${pick('i', 21, 20_000)}
  from generate_series($1::bigint, $2::bigint) i, generate_series(1, 1 + ${pick('i', 22, 3)}::int) line`

const BOOKINGS = `insert into shop.bookings select i, 1 + ${pick('i', 23, 40)}, tsrange(at, at + (1 + ${pick('i', 24, 8)}) * interval '30 minutes'), i
  from generate_series(1, $1::bigint) i, lateral (select timestamp '2023-01-01' + ${pick('i', 25, 1_000_000)} * interval '1 minute' as at) t`

/**
 * Fills the schema `shop` with a skewed trade: customers, products with words and tags, orders with notes and documents,
 * their items, and dock bookings as ranges. The same rows every time; only primary and foreign keys are there.
 */
export async function seedBigShop(
  queryable: Queryable,
  options: { orders?: number; onProgress?: (progress: ShopProgress) => void } = {},
): Promise<void> {
  const { orders = ORDERS, onProgress } = options
  const [customers, products] = [orders / ORDERS_PER_CUSTOMER, orders / ORDERS_PER_PRODUCT].map(Math.ceil)
  await queryable.query(TABLES)
  await queryable.query(CUSTOMERS, [customers])
  await queryable.query(PRODUCTS, [products])
  await queryable.query(BOOKINGS, [Math.ceil(orders / ORDERS_PER_BOOKING)])
  for (let from = 1; from <= orders; from += BATCH) {
    const to = Math.min(orders, from + BATCH - 1)
    await queryable.query(ORDERS_SQL, [from, to, customers])
    await queryable.query(ITEMS, [from, to, products])
    onProgress?.({ done: to, total: orders, table: 'orders' })
  }
  for (const key of KEYS) await queryable.query(key)
}
