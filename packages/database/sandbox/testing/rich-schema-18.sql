-- What came with PostgreSQL 16 to 18.
create table shop.eighteen (
  id int,
  twice int generated always as (id * 2) virtual,
  label text storage external constraint label_is_there not null,
  period tstzrange not null,
  constraint eighteen_key primary key (id, period without overlaps)
);
create table shop.eighteen_part (id int, period tstzrange, constraint covered foreign key (id, period period) references shop.eighteen (id, period period));
create table shop.rules (id int, v int, constraint loose_check check (v > 0) not enforced);
alter table shop.rules add constraint v_later not null v not valid;
alter table shop.rules add constraint unchecked foreign key (id) references shop.base (id) not enforced;
create table shop.rules_child (constraint own_name not null w) inherits (shop.base);
create table shop.parts (id int constraint parts_id not null, k int) partition by list (k);
create table shop.parts_1 partition of shop.parts for values in (1, null);
alter table shop.orders add constraint customer_again foreign key (customer_id) references shop.customers (id) not valid;
