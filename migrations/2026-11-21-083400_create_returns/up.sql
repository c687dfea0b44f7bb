create table returns (
    id          uuid primary key,
    number      text not null constraint returns_number_key unique,
    order_id    uuid references orders on delete restrict, -- null for an imported credit without an order
    customer_id uuid references customers on delete restrict,
    status      text not null constraint returns_status_known check (status in ('requested', 'received', 'refunded')),
    origin      text not null constraint returns_origin_known check (origin in ('shop', 'import')),
    currency    char(3) not null,
    total_gross numeric(19, 4) not null constraint returns_total_not_negative check (total_gross >= 0),
    returned_at timestamptz not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create index returns_order_id_idx on returns (order_id);
create index returns_customer_id_idx on returns (customer_id);

create table return_lines (
    id            uuid primary key,
    return_id     uuid not null references returns on delete cascade,
    position      integer not null,
    order_line_id uuid references order_lines on delete restrict,
    product_id    uuid not null references products on delete restrict,
    variant_id    uuid not null references variants on delete restrict,
    product_name  text not null,
    sku           text not null,
    quantity      integer not null constraint return_lines_quantity_positive check (quantity > 0),
    unit_price    numeric(19, 4) not null constraint return_lines_unit_price_not_negative check (unit_price >= 0),
    total_gross   numeric(19, 4) not null,
    constraint return_lines_place_key unique (return_id, position)
);
create index return_lines_order_line_id_idx on return_lines (order_line_id);
create index return_lines_product_id_idx on return_lines (product_id);
create index return_lines_variant_id_idx on return_lines (variant_id);
