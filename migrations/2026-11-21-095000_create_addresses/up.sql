create table addresses (
    id                  uuid primary key,
    customer_id         uuid not null references customers on delete cascade,
    name                text not null,
    company             text not null default '',
    line1               text not null,
    line2               text not null default '',
    city                text not null default '', -- empty if addresses of the country have no city
    area                text not null default '',
    postal_code         text not null default '',
    country             text not null,
    phone               text,
    is_default_billing  boolean not null default false,
    is_default_shipping boolean not null default false,
    version             integer not null default 1,
    created_at          timestamptz not null,
    updated_at          timestamptz not null
);
create index addresses_customer_id_idx on addresses (customer_id, created_at);
create unique index addresses_default_billing_key on addresses (customer_id) where is_default_billing;
create unique index addresses_default_shipping_key on addresses (customer_id) where is_default_shipping;
create index addresses_country_idx on addresses (country, customer_id);
