create index customers_created_at_idx on customers (created_at, id);
