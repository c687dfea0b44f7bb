-- Statements of the server for a product's page, as printed by `cargo bench --bench http -- --statements`.
\set product random(1, :products)

select id, category_id, name, slug, description, is_active, archived_at, metadata, version, created_at, updated_at
from products where archived_at is null and id = bench.id(:product) limit 1;

with input as (select array[bench.id(:product)] as products)
select v.product_id, v.id, v.sku, v.name, v.options, v.tracks_stock, c.currency::text, vp.amount,
       coalesce((select sum(s.quantity + s.backorder_limit - s.allocated)
                 from stocks s join warehouses w on w.id = s.warehouse_id
                 where s.variant_id = v.id and w.is_active), 0)
from variants v
join channels c on c.is_default
left join variant_prices vp on vp.variant_id = v.id and vp.channel_id = c.id
where v.product_id = any((select products from input)::uuid[]) and v.archived_at is null
order by v.product_id, v.sort_order, v.id;
