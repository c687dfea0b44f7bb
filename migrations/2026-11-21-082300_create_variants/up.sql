create table variants (
    id           uuid primary key,
    product_id   uuid not null references products on delete restrict,
    sku          text not null,
    name         text not null default '',
    options      jsonb not null default '{}',
    tracks_stock boolean not null default true,
    sort_order   integer not null default 0,
    archived_at  timestamptz,
    version      integer not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null
);
create unique index variants_sku_key on variants (lower(sku));
create index variants_product_id_idx on variants (product_id, sort_order);
