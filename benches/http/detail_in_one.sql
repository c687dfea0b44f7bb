-- One statement for a product's page: the baseline, which stays unchanged when the server changes.
\set product random(1, :products)

select products.id, products.category_id, products.name, products.slug, products.description, products.is_active,
       products.metadata, products.created_at, products.updated_at,
       variants.id, variants.sku, variants.name, variants.options, variants.tracks_stock, variants.sort_order,
       variant_prices.amount, channels.currency,
       (select sum(stocks.quantity + stocks.backorder_limit - stocks.allocated)
        from stocks join warehouses on stocks.warehouse_id = warehouses.id
        where warehouses.is_active and stocks.variant_id = variants.id)
from products
join channels on channels.is_default
left join variants on variants.product_id = products.id and variants.archived_at is null
left join variant_prices on variant_prices.variant_id = variants.id and variant_prices.channel_id = channels.id
where products.archived_at is null and products.id = bench.id(:product);
