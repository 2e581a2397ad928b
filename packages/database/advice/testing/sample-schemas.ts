/**
 * Schemas of well-known kinds with made-up rows, the same in every run: a film rental, a trader, a music shop (with the
 * copied addresses that such schemas keep on purpose), and tables that put several things into one. For tests.
 */
export interface SampleSchema {
  name: string
  sql: string
}

/** A number from 0 to `sides` - 1 that looks random, from a row's number and a salt. */
const roll = (row: string, salt: number, sides: number): string =>
  `((hashint8(${row}::int8 * 1000 + ${salt}) & 2147483647) % ${sides})`

const word = (row: string, salt: number): string => `left(md5(${row}::text || '${salt}'), 8)`

const rental: SampleSchema = {
  name: 'rental',
  sql: `
create table country (country_id serial primary key, country text not null, last_update timestamptz not null default now());
insert into country (country) select 'Country ' || i from generate_series(1, 100) i;
create table city (city_id serial primary key, city text not null, country_id int not null references country, last_update timestamptz not null default now());
insert into city (city, country_id) select 'City ' || i, 1 + ${roll('i', 1, 100)} from generate_series(1, 600) i;
create table address (address_id serial primary key, address text not null, address2 text, district text not null, city_id int not null references city, postal_code text, phone text not null, last_update timestamptz not null default now());
insert into address (address, address2, district, city_id, postal_code, phone)
  select ${roll('i', 2, 1990)} || ' ' || ${word('i', 2)} || ' Street', '', 'District ' || ${roll('i', 3, 380)}, 1 + ${roll('i', 4, 600)}, (10000 + ${roll('i', 5, 89000)})::text, (1000000 + ${roll('i', 6, 8999999)})::text from generate_series(1, 603) i;
create table language (language_id serial primary key, name char(20) not null, last_update timestamptz not null default now());
insert into language (name) values ('English'), ('Italian'), ('Japanese'), ('Mandarin'), ('French'), ('German');
create table category (category_id serial primary key, name text not null, last_update timestamptz not null default now());
insert into category (name) select 'Category ' || i from generate_series(1, 16) i;
create table actor (actor_id serial primary key, first_name text not null, last_name text not null, last_update timestamptz not null default now());
insert into actor (first_name, last_name) select 'First' || ${roll('i', 7, 120)}, 'Last' || ${roll('i', 8, 120)} from generate_series(1, 200) i;
create table film (film_id serial primary key, title text not null, description text, release_year int, language_id int not null references language, original_language_id int references language, rental_duration smallint not null default 3, rental_rate numeric(4,2) not null default 4.99, length smallint, replacement_cost numeric(5,2) not null default 19.99, rating text default 'G', last_update timestamptz not null default now(), special_features text[], fulltext tsvector not null);
insert into film (title, description, release_year, language_id, rental_duration, rental_rate, length, replacement_cost, rating, special_features, fulltext)
  select 'Film ' || i, 'A story of ' || ${word('i', 9)}, 2006, 1, 3 + ${roll('i', 9, 5)}, (array[0.99, 2.99, 4.99])[1 + ${roll('i', 10, 3)}], 46 + ${roll('i', 11, 140)}, 9.99 + ${roll('i', 12, 21)}, (array['G', 'PG', 'PG-13', 'R', 'NC-17'])[1 + ${roll('i', 13, 5)}], array['Trailers', 'Deleted Scenes'], to_tsvector('Film ' || i) from generate_series(1, 1000) i;
create table film_actor (actor_id int references actor, film_id int references film, last_update timestamptz not null default now(), primary key (actor_id, film_id));
insert into film_actor (actor_id, film_id) select distinct 1 + ${roll('i', 14, 200)}, 1 + ${roll('i', 15, 1000)} from generate_series(1, 5462) i;
create table film_category (film_id int references film, category_id int references category, last_update timestamptz not null default now(), primary key (film_id, category_id));
insert into film_category (film_id, category_id) select i, 1 + ${roll('i', 16, 16)} from generate_series(1, 1000) i;
create table store (store_id serial primary key, manager_staff_id int not null, address_id int not null references address, last_update timestamptz not null default now());
insert into store (manager_staff_id, address_id) values (1, 1), (2, 2);
create table staff (staff_id serial primary key, first_name text not null, last_name text not null, address_id int not null references address, email text, store_id int not null references store, active boolean not null default true, username text not null, password text, last_update timestamptz not null default now(), picture bytea);
insert into staff (first_name, last_name, address_id, email, store_id, username) values ('Mike', 'Hill', 3, 'mike@example.com', 1, 'mike'), ('Jon', 'Stone', 4, 'jon@example.com', 2, 'jon');
create table customer (customer_id serial primary key, store_id int not null references store, first_name text not null, last_name text not null, email text, address_id int not null references address, activebool boolean not null default true, create_date date not null default date '2022-02-14', last_update timestamptz default now(), active int);
insert into customer (store_id, first_name, last_name, email, address_id, active)
  select 1 + ${roll('i', 17, 2)}, 'First' || i, 'Last' || i, 'first' || i || '@example.com', 4 + i, case when ${roll('i', 18, 40)} = 0 then 0 else 1 end from generate_series(1, 599) i;
create table inventory (inventory_id serial primary key, film_id int not null references film, store_id int not null references store, last_update timestamptz not null default now());
insert into inventory (film_id, store_id) select 1 + ${roll('i', 19, 1000)}, 1 + ${roll('i', 20, 2)} from generate_series(1, 4581) i;
create table rental (rental_id serial primary key, rental_date timestamptz not null, inventory_id int not null references inventory, customer_id int not null references customer, return_date timestamptz, staff_id int not null references staff, last_update timestamptz not null default now());
insert into rental (rental_date, inventory_id, customer_id, return_date, staff_id)
  select at, 1 + ${roll('i', 21, 4581)}, 1 + ${roll('i', 22, 599)}, case when i > 5800 then null else at + ${roll('i', 23, 200)} * interval '1 hour' end, 1 + ${roll('i', 24, 2)}
  from generate_series(1, 6000) i, lateral (select timestamptz '2022-05-24 00:00+00' + ${roll('i', 25, 8000000)} * interval '1 s' as at) t;
create table payment (payment_id serial primary key, customer_id int not null references customer, staff_id int not null references staff, rental_id int not null references rental, amount numeric(5,2) not null, payment_date timestamptz not null);
insert into payment (customer_id, staff_id, rental_id, amount, payment_date)
  select customer_id, 1 + ${roll('rental_id', 26, 2)}, rental_id, (array[0.99, 1.99, 2.99, 4.99, 6.99])[1 + ${roll('rental_id', 27, 5)}], rental_date + interval '1 minute' from rental;`,
}

const trader: SampleSchema = {
  name: 'trader',
  sql: `
create table categories (category_id smallint primary key, category_name varchar(15) not null, description text, picture bytea);
insert into categories select i, 'Category ' || i, 'All of kind ' || i from generate_series(1, 8) i;
create table suppliers (supplier_id smallint primary key, company_name varchar(40) not null, contact_name varchar(30), contact_title varchar(30), address varchar(60), city varchar(15), region varchar(15), postal_code varchar(10), country varchar(15), phone varchar(24), homepage text);
insert into suppliers select i, 'Supplier ' || i, 'Contact ' || i, 'Title ' || ${roll('i', 1, 10)}, i || ' Road', 'City ' || ${roll('i', 2, 28)}, null, (10000 + i)::text, 'Country ' || ${roll('i', 3, 16)}, (5550000 + i)::text from generate_series(1, 29) i;
create table products (product_id smallint primary key, product_name varchar(40) not null, supplier_id smallint references suppliers, category_id smallint references categories, quantity_per_unit varchar(20), unit_price real, units_in_stock smallint, units_on_order smallint, reorder_level smallint, discontinued int not null);
insert into products select i, 'Product ' || i, 1 + ${roll('i', 4, 29)}, 1 + ${roll('i', 5, 8)}, (1 + ${roll('i', 6, 48)}) || ' boxes', 2 + ${roll('i', 7, 100)}, ${roll('i', 8, 125)}, 10 * ${roll('i', 9, 4)}, 5 * ${roll('i', 10, 6)}, case when ${roll('i', 11, 10)} = 0 then 1 else 0 end from generate_series(1, 77) i;
create table customers (customer_id char(5) primary key, company_name varchar(40) not null, contact_name varchar(30), contact_title varchar(30), address varchar(60), city varchar(15), region varchar(15), postal_code varchar(10), country varchar(15), phone varchar(24), fax varchar(24));
insert into customers select chr((65 + i / 26)::int) || chr((65 + i % 26)::int) || 'XYZ', 'Company ' || i, 'Contact ' || i, 'Title ' || ${roll('i', 12, 12)}, i || ' Street', 'City ' || c, case when c % 3 = 0 then 'Region ' || c end, (20000 + i)::text, 'Country ' || (c % 21), (5560000 + i)::text, null
  from generate_series(1, 91) i, lateral (select case when ${roll('i', 13, 3)} = 0 then ${roll('i', 14, 12)} else i end as c) t;
create table employees (employee_id smallint primary key, last_name varchar(20) not null, first_name varchar(10) not null, title varchar(30), title_of_courtesy varchar(25), birth_date date, hire_date date, address varchar(60), city varchar(15), region varchar(15), postal_code varchar(10), country varchar(15), home_phone varchar(24), extension varchar(4), notes text, reports_to smallint references employees, photo_path varchar(255));
insert into employees select i, 'Last ' || i, 'First ' || i, 'Representative', 'Ms.', date '1960-01-01' + i * 400::int, date '1992-01-01' + i * 60::int, i || ' Avenue', 'City ' || ${roll('i', 15, 5)}, 'WA', (98000 + i)::text, 'USA', (5570000 + i)::text, (400 + i)::text, 'Notes ' || i, case when i > 1 then 1 end, null from generate_series(1, 9) i;
create table shippers (shipper_id smallint primary key, company_name varchar(40) not null, phone varchar(24));
insert into shippers select i, 'Shipper ' || i, (5580000 + i)::text from generate_series(1, 6) i;
create table orders (order_id smallint primary key, customer_id char(5) references customers, employee_id smallint references employees, order_date date, required_date date, shipped_date date, ship_via smallint references shippers, freight real, ship_name varchar(40), ship_address varchar(60), ship_city varchar(15), ship_region varchar(15), ship_postal_code varchar(10), ship_country varchar(15));
insert into orders select i, c.customer_id, 1 + ${roll('i', 16, 9)}, date '1996-07-04' + (i * 0.8)::int, date '1996-08-01' + (i * 0.8)::int + 14 * ${roll('i', 17, 2)}::int, date '1996-07-08' + (i * 0.8)::int + ${roll('i', 18, 30)}::int, 1 + ${roll('i', 19, 3)}, ${roll('i', 20, 20000)} / 100.0,
  case when ${roll('i', 21, 200)} = 0 then 'Another name' else c.company_name end, case when ${roll('i', 21, 100)} = 0 then 'Another address' else c.address end, c.city, c.region, case when ${roll('i', 22, 150)} = 0 then '00000' else c.postal_code end, c.country
  from generate_series(1, 830) i join lateral (select * from customers order by customer_id offset ${roll('i', 23, 91)} limit 1) c on true;
create table order_details (order_id smallint references orders, product_id smallint references products, unit_price real not null, quantity smallint not null, discount real not null, primary key (order_id, product_id));
insert into order_details select distinct on (1, 2) 1 + ${roll('i', 24, 830)}, p.product_id, p.unit_price * case when ${roll('i', 25, 5)} = 0 then 0.8 else 1 end, 1 + ${roll('i', 26, 100)}, (array[0, 0, 0.05, 0.1, 0.15, 0.2, 0.25])[1 + ${roll('i', 27, 7)}]
  from generate_series(1, 2155) i join products p on p.product_id = 1 + ${roll('i', 28, 77)};
create table region (region_id smallint primary key, region_description varchar(60) not null);
insert into region select i, 'Region ' || i from generate_series(1, 4) i;
create table territories (territory_id varchar(20) primary key, territory_description varchar(60) not null, region_id smallint not null references region);
insert into territories select (1000 + i)::text, 'Territory ' || i, 1 + ${roll('i', 29, 4)} from generate_series(1, 53) i;
create table employee_territories (employee_id smallint references employees, territory_id varchar(20) references territories, primary key (employee_id, territory_id));
insert into employee_territories select 1 + ${roll('i', 30, 9)}, (1000 + i)::text from generate_series(1, 49) i;`,
}

const music: SampleSchema = {
  name: 'music',
  sql: `
create table artist (artist_id int primary key, name varchar(120));
insert into artist select i, 'Artist ' || i from generate_series(1, 275) i;
create table album (album_id int primary key, title varchar(160) not null, artist_id int not null references artist);
insert into album select i, 'Album ' || i, 1 + ${roll('i', 1, 275)} from generate_series(1, 347) i;
create table genre (genre_id int primary key, name varchar(120));
insert into genre select i, 'Genre ' || i from generate_series(1, 25) i;
create table media_type (media_type_id int primary key, name varchar(120));
insert into media_type select i, 'Media ' || i from generate_series(1, 5) i;
create table track (track_id int primary key, name varchar(200) not null, album_id int references album, media_type_id int not null references media_type, genre_id int references genre, composer varchar(220), milliseconds int not null, bytes int, unit_price numeric(10,2) not null);
insert into track select i, 'Track ' || ${roll('i', 2, 3200)}, a, 1 + ${roll('i', 3, 5)}, g, case when ${roll('i', 4, 4)} > 0 then 'Composer ' || ${roll('i', 5, 850)} end, 100000 + ${roll('i', 6, 400000)}, 2000000 + ${roll('i', 7, 9000000)}, case when g > 20 then 1.99 else 0.99 end
  from generate_series(1, 3503) i, lateral (select 1 + (i - 1) / 11 as a) t, lateral (select case when ${roll('i', 8, 50)} = 0 then 1 + ${roll('i', 9, 25)} else 1 + ${roll('a', 10, 25)} end as g) u;
create table playlist (playlist_id int primary key, name varchar(120));
insert into playlist select i, 'Playlist ' || i from generate_series(1, 18) i;
create table playlist_track (playlist_id int references playlist, track_id int references track, primary key (playlist_id, track_id));
insert into playlist_track select distinct 1 + ${roll('i', 11, 18)}, 1 + ${roll('i', 12, 3503)} from generate_series(1, 8715) i;
create table employee (employee_id int primary key, last_name varchar(20) not null, first_name varchar(20) not null, title varchar(30), reports_to int references employee, birth_date timestamp, hire_date timestamp, address varchar(70), city varchar(40), state varchar(40), country varchar(40), postal_code varchar(10), phone varchar(24), fax varchar(24), email varchar(60));
insert into employee select i, 'Last ' || i, 'First ' || i, 'Title ' || (i % 5), case when i > 1 then 1 end, timestamp '1960-01-01' + i * interval '400 days', timestamp '2002-01-01' + i * interval '40 days', i || ' Street', case when i < 7 then 'Calgary' else 'Lethbridge' end, 'AB', 'Canada', 'T2P ' || i, (5550000 + i)::text, (5560000 + i)::text, 'e' || i || '@example.com' from generate_series(1, 8) i;
create table customer (customer_id int primary key, first_name varchar(40) not null, last_name varchar(20) not null, company varchar(80), address varchar(70), city varchar(40), state varchar(40), country varchar(40), postal_code varchar(10), phone varchar(24), fax varchar(24), email varchar(60) not null, support_rep_id int references employee);
insert into customer select i, 'First ' || i, 'Last ' || i, case when i % 6 = 0 then 'Company ' || i end, i || ' Lane', 'City ' || c, case when c % 2 = 0 then 'State ' || c end, 'Country ' || c % 24, (30000 + i)::text, (5570000 + i)::text, null, 'c' || i || '@example.com', 3 + ${roll('i', 13, 3)}
  from generate_series(1, 59) i, lateral (select case when i % 10 = 0 then i / 20 else i end as c) t;
create table invoice (invoice_id int primary key, customer_id int not null references customer, invoice_date timestamp not null, billing_address varchar(70), billing_city varchar(40), billing_state varchar(40), billing_country varchar(40), billing_postal_code varchar(10), total numeric(10,2) not null);
insert into invoice select i, c.customer_id, timestamp '2021-01-01' + i * interval '4 days', c.address, c.city, c.state, c.country, c.postal_code, 0 from generate_series(1, 412) i join customer c on c.customer_id = 1 + i % 59;
create table invoice_line (invoice_line_id int primary key, invoice_id int not null references invoice, track_id int not null references track, unit_price numeric(10,2) not null, quantity int not null);
insert into invoice_line select i, 1 + ${roll('i', 14, 412)}, t.track_id, t.unit_price, 1 from generate_series(1, 2240) i join track t on t.track_id = 1 + ${roll('i', 15, 3503)};
update invoice set total = coalesce((select sum(unit_price * quantity) from invoice_line l where l.invoice_id = invoice.invoice_id), 0);`,
}

const wideOrders: SampleSchema = {
  name: 'wide_orders',
  sql: `
create table orders (line_id bigint primary key, order_no int not null, order_date date not null, order_year int not null, customer_name text not null, customer_email text not null, customer_city text not null, customer_country text not null, product_sku text not null, product_name text not null, category text not null, supplier text, supplier_phone text, unit_price numeric(10,2) not null, quantity int not null, discount numeric(4,2) not null, total numeric(12,2) not null);
insert into orders
  select i, o, d, extract(year from d)::int, 'Customer ' || c, 'customer' || c || '@example.com', 'City ' || ci, 'Country ' || ${roll('ci', 1, 9)}, 'SKU' || p, 'Product ' || p, 'Category ' || ${roll('p', 2, 12)}, 'Supplier ' || s, case when s > 0 then 'Phone ' || ${roll('s', 3, 100000)} end, 5 + ${roll('p', 4, 9000)} / 100.0, q, r, round((5 + ${roll('p', 4, 9000)} / 100.0) * q * (1 - r), 2)
  from generate_series(1, 4000) i, lateral (select 1 + i / 4 as o) a, lateral (select date '2024-01-01' + ${roll('o', 5, 700)}::int as d, ${roll('o', 6, 240)} as c) b, lateral (select ${roll('c', 7, 40)} as ci) e, lateral (select ${roll('i', 8, 300)} as p) f, lateral (select ${roll('p', 9, 25)} as s, 1 + ${roll('i', 10, 9)} as q, (array[0, 0, 0.05, 0.1])[1 + ${roll('i', 11, 4)}] as r) g;`,
}

const wideSchool: SampleSchema = {
  name: 'wide_school',
  sql: `
create table enrolment (student_id int, course_code text, student_name text, student_house text, course_title text, teacher text, teacher_room text, grade int, primary key (student_id, course_code));
insert into enrolment select distinct on (1, 2) s, 'C' || c, 'Student ' || s, 'House ' || ${roll('s', 1, 6)}, 'Course ' || c, 'Teacher ' || t, 'Room ' || ${roll('t', 2, 90)}, ${roll('i', 3, 100)}
  from generate_series(1, 3000) i, lateral (select ${roll('i', 4, 400)} as s, ${roll('i', 5, 30)} as c) a, lateral (select ${roll('c', 6, 14)} as t) b;`,
}

const random: SampleSchema = {
  name: 'random',
  sql: `
create table noise (id int primary key, ${Array.from({ length: 16 }, (_, n) => `c${n} int`).join(', ')});
insert into noise select i, ${Array.from({ length: 16 }, (_, n) => roll('i', n + 1, 2 + n * n * 3)).join(', ')} from generate_series(1, 5000) i;
create table few (id int primary key, ${Array.from({ length: 12 }, (_, n) => `c${n} text`).join(', ')});
insert into few select i, ${Array.from({ length: 12 }, (_, n) => `(${roll('i', n + 50, 2 + n)})::text`).join(', ')} from generate_series(1, 60) i;`,
}

/** Schemas that state each fact once, more or less; some warts included. */
export const WELL_NORMALISED: readonly SampleSchema[] = [rental, trader, music]

/** Schemas that put several things into one table. */
export const WIDE: readonly SampleSchema[] = [wideOrders, wideSchool]

/** Columns that have nothing to do with each other. */
export const RANDOM: SampleSchema = random
