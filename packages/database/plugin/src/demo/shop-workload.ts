import { parseWorkload, type WorkloadStatement } from '@esa/database-advice/measure'

/**
 * The shop's queries, as weights of a hundred. `account-overview` looks up the last orders of each of an
 * account manager's customers, and without an index on `orders.customer_id` each look-up reads all orders.
 */
export const shopWorkload: readonly WorkloadStatement[] = parseWorkload(`
-- id: order-page
-- weight: 50
select o.id, o.status, o.placed_at, i.line, p.name, i.quantity, i.price_cents
from shop.orders o
join shop.order_items i on i.order_id = o.id
join shop.products p on p.id = i.product_id
where o.id = 4711
order by i.line;

-- id: product-sales
-- weight: 30
select p.name, count(*) as sold, sum(i.quantity) as pieces
from shop.products p
join shop.order_items i on i.product_id = p.id
where p.id = 42
group by p.name;

-- id: account-overview
-- weight: 20
select c.id, c.name, latest.id as order_id, latest.placed_at, latest.status, sums.total_cents
from shop.customers c
cross join lateral (
  select o.id, o.placed_at, o.status
  from shop.orders o
  where o.customer_id = c.id
  order by o.placed_at desc
  limit 5
) latest
cross join lateral (
  select sum(i.quantity * i.price_cents) as total_cents
  from shop.order_items i
  where i.order_id = latest.id
) sums
where c.account_manager = 7
order by c.id, latest.placed_at desc;
`)
