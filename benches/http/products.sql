-- Simple products with numbered ids and SKUs, and enough stock for all orders of a run, with ledger entries.
create schema bench;

-- Returns the id of a number. The ids ascend, like those of the application, so that new rows are at the end of an index.
create function bench.id(number bigint) returns uuid language sql immutable as $$
    select ('00000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid
$$;

create table bench.products as select number, bench.id(number) as id from generate_series(1, 1000) as number;

insert into products (id, name, slug, description, created_at, updated_at)
select id, 'Bench product ' || number, 'bench-product-' || number,
       'A product for measurements. Its description has about the same length as that of most products in a shop.',
       now(), now()
from bench.products;

insert into variants (id, product_id, sku, created_at, updated_at)
select id, id, 'BENCH-' || number, now(), now() from bench.products;

insert into variant_prices (variant_id, channel_id, amount, currency, updated_at)
select products.id, channels.id, 12.50, channels.currency, now() from bench.products cross join channels where is_default;

insert into stocks (id, variant_id, warehouse_id, quantity, updated_at)
select products.id, products.id, warehouse.id, 1000000, now()
from bench.products cross join (select id from warehouses where is_active order by sort_order, id limit 1) as warehouse;

insert into stock_movements
    (id, stock_id, kind, quantity_delta, allocated_delta, quantity_after, allocated_after, actor, created_at)
select id, id, 'received', 1000000, 0, 1000000, 0, '{"type": "system"}', now() from bench.products;
