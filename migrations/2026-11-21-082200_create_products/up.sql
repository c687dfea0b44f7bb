create table products (
    id          uuid primary key,
    category_id uuid references categories on delete restrict, -- null if the product has no category, for example after an import
    name        text not null,
    slug        text not null constraint products_slug_key unique,
    description text not null default '',
    is_active   boolean not null default true,
    archived_at timestamptz,
    metadata    jsonb not null default '{}',
    version     integer not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create index products_category_id_idx on products (category_id);
create index products_name_idx on products (name, id);
create index products_created_at_idx on products (created_at, id);
