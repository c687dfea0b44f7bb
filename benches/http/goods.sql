-- Simple products with numbered ids and SKUs, and goods enough for every order of a run; the ledger tells of them.
create schema bench;

-- The id of a number. Like the program's own ids these ascend, so that new rows go to the end of an index.
create function bench.id(number bigint) returns uuid language sql immutable as $$
    select ('00000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid
$$;

create table bench.goods as select number, bench.id(number) as id from generate_series(1, 1000) as number;

insert into products (id, name, slug, description, created_at, updated_at)
select id, 'Bench product ' || number, 'bench-product-' || number,
       'Neither the best nor the worst of its kind, it is described in as many words as most things in a shop are.',
       now(), now()
from bench.goods;

insert into variants (id, product_id, sku, created_at, updated_at)
select id, id, 'BENCH-' || number, now(), now() from bench.goods;

insert into variant_prices (variant_id, channel_id, amount, currency, updated_at)
select goods.id, channels.id, 12.50, channels.currency, now() from bench.goods cross join channels where is_default;

insert into stocks (id, variant_id, warehouse_id, quantity, updated_at)
select goods.id, goods.id, warehouse.id, 1000000, now()
from bench.goods cross join (select id from warehouses where is_active order by sort_order, id limit 1) as warehouse;

insert into stock_movements
    (id, stock_id, kind, quantity_delta, allocated_delta, quantity_after, allocated_after, actor, created_at)
select id, id, 'received', 1000000, 0, 1000000, 0, '{"type": "system"}', now() from bench.goods;
