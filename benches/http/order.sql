-- Statements of the server for an order of a guest with two lines, as printed by
-- `cargo bench --bench http -- --statements`.
--
-- The server calculates the amounts between the statements; here they are constants.
\set first random(1, :products)
\set second 1 + (:first - 1 + random(1, :products - 1)) % :products
\set n :n + 1
\set order (:run * 1000000 + :n) * 100 + :client_id
\set line_1 2 * :order
\set line_2 2 * :order + 1

begin;

select id, slug, name, currency, countries, prices_include_tax, tax_rate, confirms_orders, expires_after_minutes,
       is_default, version, created_at, updated_at
from channels where is_default limit 1;

with input as (
    select '{}'::uuid[] as products, '{}'::uuid[] as variants,
           array['BENCH-' || :first, 'BENCH-' || :second] as skus,
           '01900000-0000-7000-8000-000000000001'::uuid as channel)
select p.id, v.id, p.name, v.name, v.sku, v.options, v.tracks_stock, p.is_active,
       p.archived_at is not null or v.archived_at is not null, vp.amount
from (select id from variants where product_id = any((select products from input)::uuid[])
      union select id from variants where id = any((select variants from input)::uuid[])
      union select v.id from input, unnest(skus) as picked (sku) join variants v on lower(v.sku) = lower(picked.sku)
     ) as picked
join variants v on v.id = picked.id
join products p on p.id = v.product_id
left join variant_prices vp on vp.variant_id = v.id and vp.channel_id = (select channel from input)
order by v.sort_order, v.id;

with input as (select array[bench.id(:first), bench.id(:second)] as variants)
select s.id, s.variant_id, s.warehouse_id, s.quantity, s.allocated, s.backorder_limit, s.updated_at, w.sort_order
from stocks s join warehouses w on w.id = s.warehouse_id
where s.variant_id = any((select variants from input)::uuid[]) and w.is_active
order by s.id for no key update of s;

with input as (
    select array[bench.id(:line_1), bench.id(:line_2)] as lines, array[bench.id(:first), bench.id(:second)] as stocks,
           array[1, 1] as quantities, bench.id(:order) as order_id, '{"type": "guest"}'::jsonb as actor, now() as at,
           array[bench.id(:line_1), bench.id(:line_2)] as movement_ids),
requested as (
    select requested.* from input, unnest(lines, stocks, quantities) as requested (line, stock, quantity)),
totals as (
    select stock, sum(quantity)::int as quantity, row_number() over (order by stock) as number
    from requested group by stock),
levels as (
    update stocks set allocated = stocks.allocated + totals.quantity, updated_at = input.at
    from totals, input where stocks.id = totals.stock
    returning stocks.id, stocks.quantity, stocks.allocated),
ledger as (
    insert into stock_movements
        (id, stock_id, kind, quantity_delta, allocated_delta, quantity_after, allocated_after, order_id, actor,
         created_at)
    select input.movement_ids[totals.number], levels.id, 'allocated', 0, totals.quantity, levels.quantity,
           levels.allocated, input.order_id, input.actor, input.at
    from levels join totals on totals.stock = levels.id, input)
insert into stock_allocations (order_line_id, stock_id, order_id, quantity)
select requested.line, requested.stock, input.order_id, requested.quantity from requested, input;

insert into orders
    (id, status, origin, channel_id, customer_id, email, phone, currency, subtotal_net, discount, total_net, total_tax,
     total_gross, shipping_address, billing_address, note, access_token_hash, placed_at, created_at, updated_at)
values
    (bench.id(:order), 'confirmed', 'shop', '01900000-0000-7000-8000-000000000001', default, 'guest@example.com',
     default, 'EUR', 25.00, 0, 25.00, 4.00, 29.00,
     '{"name": "A Guest", "company": "", "line1": "Moi Avenue 12", "line2": "", "city": "Nairobi", "postal_code": "", "area": "", "country": "KE"}',
     '{"name": "A Guest", "company": "", "line1": "Moi Avenue 12", "line2": "", "city": "Nairobi", "postal_code": "", "area": "", "country": "KE"}',
     '', '\x0000000000000000000000000000000000000000000000000000000000000000', now(), now(), now())
returning id, number, status, payment_status, fulfillment_status, channel_id, customer_id, email, phone, currency,
          subtotal_net, shipping_net, discount, total_net, total_tax, total_gross, shipping_address, billing_address,
          note, access_token_hash, placed_at, version, created_at, updated_at;

with input as (
    select bench.id(:order) as order_id, '{"type": "guest"}'::jsonb as actor, now() as at,
           array[bench.id(:line_1), bench.id(:line_2)] as history_ids,
           array[null, 'pending'] as history_from, array['pending', 'confirmed'] as history_to,
           array[bench.id(:line_1), bench.id(:line_2)] as ids, array[0, 1] as positions,
           array[bench.id(:first), bench.id(:second)] as products,
           array[bench.id(:first), bench.id(:second)] as variants,
           array['Bench product', 'Bench product'] as product_names, array['', ''] as variant_names,
           array['BENCH-' || :first, 'BENCH-' || :second] as skus, array['{}', '{}']::jsonb[] as options,
           array[1, 1] as quantities, array[12.50, 12.50] as unit_prices, array[0, 0]::numeric[] as discounts,
           array[0.16, 0.16] as tax_rates, array[12.50, 12.50] as nets, array[2.00, 2.00] as taxes,
           array[14.50, 14.50] as gross),
history as (
    insert into order_history (id, order_id, from_status, to_status, actor, created_at)
    select entry.id, input.order_id, entry.from_status, entry.to_status, input.actor, input.at
    from input, unnest(history_ids, history_from, history_to) as entry (id, from_status, to_status))
insert into order_lines
    (order_id, id, position, product_id, variant_id, product_name, variant_name, sku, options, quantity, unit_price,
     discount, tax_rate, total_net, total_tax, total_gross)
select input.order_id, line.*
from input, unnest(ids, positions, products, variants, product_names, variant_names, skus, options, quantities,
                   unit_prices, discounts, tax_rates, nets, taxes, gross) as line;

with input as (
    select array[bench.id(:line_1), bench.id(:line_2)] as ids, array['order.created', 'order.confirmed'] as topics,
           array['order', 'order'] as aggregate_types, array[bench.id(:order), bench.id(:order)] as aggregate_ids,
           array[null, null]::text[] as channels, array[null, null]::uuid[] as owners,
           array[
               '{"id": "00000000-0000-7000-8000-000000000000", "number": "M-000000", "status": "pending", "currency": "EUR", "customer": null, "total_gross": "29.00"}',
               '{"id": "00000000-0000-7000-8000-000000000000", "number": "M-000000", "status": "confirmed", "currency": "EUR", "customer": null, "total_gross": "29.00"}'
           ]::jsonb[] as payloads,
           '{"type": "guest"}'::jsonb as actor, now() as occurred_at)
insert into events
    (id, topic, aggregate_type, aggregate_id, sequence, channel, owner_id, payload, actor, occurred_at)
select added.id, added.topic, added.aggregate_type, added.aggregate_id,
       coalesce((select max(e.sequence) from events e
                 where e.aggregate_type = added.aggregate_type and e.aggregate_id = added.aggregate_id), 0)
           + row_number() over (partition by added.aggregate_type, added.aggregate_id order by added.number),
       added.channel, added.owner_id, added.payload, input.actor, input.occurred_at
from input, unnest(ids, topics, aggregate_types, aggregate_ids, channels, owners, payloads)
         with ordinality as added (id, topic, aggregate_type, aggregate_id, channel, owner_id, payload, number)
order by added.number;

commit;
