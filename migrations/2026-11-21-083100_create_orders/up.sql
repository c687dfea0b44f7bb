create table orders (
    id                 uuid primary key,
    number             text not null default next_order_number() constraint orders_number_key unique,
    status             text not null constraint orders_status_known
                       check (status in ('draft', 'pending', 'confirmed', 'processing', 'shipped', 'delivered',
                                         'cancelled', 'expired', 'returned')),
    payment_status     text not null default 'unpaid' constraint orders_payment_status_known
                       check (payment_status in ('unpaid', 'authorized', 'partially_paid', 'paid',
                                                 'partially_refunded', 'refunded')),
    fulfillment_status text not null default 'unfulfilled' constraint orders_fulfillment_status_known
                       check (fulfillment_status in ('unfulfilled', 'partially_fulfilled', 'fulfilled',
                                                     'partially_returned', 'returned')),
    origin             text not null constraint orders_origin_known check (origin in ('shop', 'staff', 'import')),
    channel_id         uuid not null references channels on delete restrict,
    customer_id        uuid references customers on delete restrict,
    email              text,
    phone              text,
    currency           char(3) not null,
    subtotal_net       numeric(19, 4) not null,
    shipping_net       numeric(19, 4) not null default 0,
    discount           numeric(19, 4) not null default 0,
    total_net          numeric(19, 4) not null,
    total_tax          numeric(19, 4) not null,
    total_gross        numeric(19, 4) not null,
    shipping_address   jsonb not null,
    billing_address    jsonb not null,
    note               text not null default '',
    access_token_hash  bytea, -- sha-256 of the guest's access token for the order
    placed_at          timestamptz not null,
    version            integer not null default 1,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    constraint orders_totals_not_negative check (subtotal_net >= 0 and shipping_net >= 0 and discount >= 0 and total_tax >= 0),
    constraint orders_gross_is_net_and_tax check (total_gross = total_net + total_tax),
    constraint orders_someone_ordered check (customer_id is not null or email is not null or origin = 'import'),
    -- imported numbers must not have the format of generated numbers, so that the two never collide
    constraint orders_imported_number_is_foreign check (origin <> 'import' or number !~ '^M-[0-9A-HJKMNP-TV-Z]{6,}$')
);
create index orders_customer_id_idx on orders (customer_id, placed_at);
create index orders_placed_at_idx on orders (placed_at, id);
create index orders_channel_id_idx on orders (channel_id);
create index orders_status_idx on orders (status, placed_at);
create index orders_email_idx on orders (email);

create table order_lines (
    id           uuid primary key,
    order_id     uuid not null references orders on delete cascade,
    position     integer not null,
    product_id   uuid not null references products on delete restrict,
    variant_id   uuid not null references variants on delete restrict,
    product_name text not null, -- at the time of sale: catalogue changes do not change it
    variant_name text not null,
    sku          text not null,
    options      jsonb not null,
    quantity     integer not null constraint order_lines_quantity_positive check (quantity > 0),
    unit_price   numeric(19, 4) not null constraint order_lines_unit_price_not_negative check (unit_price >= 0),
    discount     numeric(19, 4) not null default 0 constraint order_lines_discount_not_negative check (discount >= 0),
    tax_rate     numeric(6, 4) not null constraint order_lines_tax_rate_not_negative check (tax_rate >= 0),
    total_net    numeric(19, 4) not null,
    total_tax    numeric(19, 4) not null,
    total_gross  numeric(19, 4) not null,
    constraint order_lines_place_key unique (order_id, position),
    constraint order_lines_gross_is_net_and_tax check (total_gross = total_net + total_tax)
);
create index order_lines_variant_id_idx on order_lines (variant_id);
create index order_lines_product_id_idx on order_lines (product_id);

create table order_history (
    id          uuid primary key,
    order_id    uuid not null references orders on delete cascade,
    from_status text,
    to_status   text not null,
    actor       jsonb not null,
    note        text not null default '',
    created_at  timestamptz not null
);
create index order_history_order_id_idx on order_history (order_id, created_at, id);
