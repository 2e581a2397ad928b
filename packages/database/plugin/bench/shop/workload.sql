-- What the big shop is asked all day. Weights are executions of a thousand.

-- id: login
-- weight: 200
select id, name, country from shop.customers where lower(email) = 'user4711@example.com';

-- id: customer-orders
-- weight: 200
select id, status, placed_at, total_cents from shop.orders where customer_id = 42 order by placed_at desc limit 20;

-- id: open-orders
-- weight: 120
select id, customer_id, placed_at from shop.orders where status = 'open' order by placed_at limit 50;

-- id: product-sales
-- weight: 100
select count(*) as sold, sum(i.quantity) as pieces from shop.order_items i join shop.orders o on o.id = i.order_id
where i.product_id = 4242 and o.status <> 'cancelled';

-- id: day-report
-- weight: 80
select id, customer_id, total_cents from shop.orders
where placed_at >= '2023-02-01 00:00+00' and placed_at < '2023-02-02 00:00+00' order by total_cents desc limit 100;

-- id: coupon-orders
-- weight: 60
select id, placed_at, payload from shop.orders where payload @> '{"coupon": "SPRING3"}';

-- id: dock-clashes
-- weight: 60
select id, during from shop.bookings where dock = 7 and during && tsrange('2023-02-10 08:00', '2023-02-10 18:00');

-- id: note-search
-- weight: 40
select id, note from shop.orders where note ilike '%wednesday courier%';

-- id: clearance
-- weight: 40
select id, name, price_cents from shop.products where tags @> array['clearance', 'oak'];

-- id: product-words
-- weight: 40
select id, name from shop.products
where to_tsvector('english', description) @@ plainto_tsquery('english', 'handmade porcelain');

-- id: sku-prefix
-- weight: 40
select id, sku, name from shop.products where sku like 'AM-00004%' order by sku;

-- id: unshipped
-- weight: 20
select count(*) from shop.orders where shipped_at is null and placed_at < '2023-06-01 00:00+00';
