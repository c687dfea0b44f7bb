-- Straightforward implementation of an order with two lines in nine statements and a commit: the baseline, which stays
-- unchanged when the server changes.
\set first random(1, :products)
\set second 1 + (:first - 1 + random(1, :products - 1)) % :products
\set n :n + 1
\set order (:run * 1000000 + :n) * 100 + :client_id
\set line_1 2 * :order
\set line_2 2 * :order + 1

begin;

select variants.id, variants.product_id, variants.sku, products.name, variant_prices.amount, variant_prices.currency
from variants
join products on variants.product_id = products.id
join variant_prices on variant_prices.variant_id = variants.id
where variant_prices.channel_id = '01900000-0000-7000-8000-000000000001'
  and lower(variants.sku) = any(array[lower('BENCH-' || :first), lower('BENCH-' || :second)]);

select id, quantity, allocated, backorder_limit
from stocks where variant_id = any(array[bench.id(:first), bench.id(:second)])
order by id for update;

update stocks set allocated = allocated + 1, updated_at = now()
where id = any(array[bench.id(:first), bench.id(:second)]);

insert into orders
    (id, status, origin, channel_id, email, currency, subtotal_net, total_net, total_tax, total_gross,
     shipping_address, billing_address, access_token_hash, placed_at, created_at, updated_at)
values
    (bench.id(:order), 'confirmed', 'shop', '01900000-0000-7000-8000-000000000001', 'guest@example.com', 'EUR',
     25.00, 25.00, 4.00, 29.00,
     '{"name": "A Guest", "company": "", "line1": "Moi Avenue 12", "line2": "", "city": "Nairobi", "postal_code": "", "area": "", "country": "KE"}',
     '{"name": "A Guest", "company": "", "line1": "Moi Avenue 12", "line2": "", "city": "Nairobi", "postal_code": "", "area": "", "country": "KE"}',
     '\x0000000000000000000000000000000000000000000000000000000000000000', now(), now(), now())
returning number;

insert into order_lines
    (id, order_id, position, product_id, variant_id, product_name, variant_name, sku, options, quantity, unit_price,
     tax_rate, total_net, total_tax, total_gross)
values
    (bench.id(:line_1), bench.id(:order), 0, bench.id(:first), bench.id(:first), 'Bench product', '',
     'BENCH-' || :first, '{}', 1, 12.50, 0.16, 12.50, 2.00, 14.50),
    (bench.id(:line_2), bench.id(:order), 1, bench.id(:second), bench.id(:second), 'Bench product', '',
     'BENCH-' || :second, '{}', 1, 12.50, 0.16, 12.50, 2.00, 14.50);

insert into stock_allocations (order_line_id, stock_id, order_id, quantity)
values (bench.id(:line_1), bench.id(:first), bench.id(:order), 1),
       (bench.id(:line_2), bench.id(:second), bench.id(:order), 1);

insert into order_history (id, order_id, to_status, actor, created_at)
values (bench.id(:line_1), bench.id(:order), 'confirmed', '{"type": "guest"}', now());

insert into events (id, topic, aggregate_type, aggregate_id, sequence, actor, payload, occurred_at)
values
    (bench.id(:line_1), 'order.confirmed', 'order', bench.id(:order), 1, '{"type": "guest"}',
     '{"id": "00000000-0000-7000-8000-000000000000", "number": "M-000000", "status": "confirmed", "currency": "EUR", "customer": null, "total_gross": "29.00"}',
     now());

commit;
