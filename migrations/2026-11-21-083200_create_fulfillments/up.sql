create table fulfillments (
    id              uuid primary key,
    order_id        uuid not null references orders on delete cascade,
    position        integer not null,
    status          text not null constraint fulfillments_status_known
                    check (status in ('prepared', 'shipped', 'delivered', 'cancelled')),
    tracking_number text not null default '',
    carrier         text not null default '',
    shipped_at      timestamptz,
    delivered_at    timestamptz,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint fulfillments_place_key unique (order_id, position)
);

create table fulfillment_lines (
    fulfillment_id uuid not null references fulfillments on delete cascade,
    order_line_id  uuid not null references order_lines on delete cascade,
    quantity       integer not null constraint fulfillment_lines_quantity_positive check (quantity > 0),
    primary key (fulfillment_id, order_line_id)
);
create index fulfillment_lines_order_line_id_idx on fulfillment_lines (order_line_id);
