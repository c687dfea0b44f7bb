create table warehouses (
    id         uuid primary key,
    code       text not null constraint warehouses_code_key unique,
    name       text not null,
    country    char(2),
    sort_order integer not null default 0, -- orders are allocated from the first warehouse with sufficient stock
    is_active  boolean not null default true,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

insert into warehouses (id, code, name, created_at, updated_at)
values ('01900000-0000-7000-8000-000000000002', 'main', 'Main warehouse', now(), now());

create table stocks (
    id              uuid primary key,
    variant_id      uuid not null references variants on delete restrict,
    warehouse_id    uuid not null references warehouses on delete restrict,
    quantity        integer not null default 0,
    allocated       integer not null default 0,
    backorder_limit integer not null default 0 constraint stocks_backorder_limit_not_negative check (backorder_limit >= 0),
    updated_at      timestamptz not null,
    constraint stocks_variant_warehouse_key unique (variant_id, warehouse_id),
    constraint stocks_never_oversold check (allocated >= 0 and allocated <= quantity + backorder_limit)
);
create index stocks_warehouse_id_idx on stocks (warehouse_id);

-- Allocated quantity of each order line.
create table stock_allocations (
    order_line_id uuid not null,
    stock_id      uuid not null references stocks on delete restrict,
    order_id      uuid not null,
    quantity      integer not null constraint stock_allocations_quantity_positive check (quantity > 0),
    primary key (order_line_id, stock_id)
);
create index stock_allocations_order_id_idx on stock_allocations (order_id);
create index stock_allocations_stock_id_idx on stock_allocations (stock_id);

-- Ledger: every change of a stock level, with the new balance.
create table stock_movements (
    id              uuid primary key,
    stock_id        uuid not null references stocks on delete restrict,
    kind            text not null constraint stock_movements_kind_known
                    check (kind in ('allocated', 'released', 'shipped', 'returned', 'received', 'counted')),
    quantity_delta  integer not null,
    allocated_delta integer not null,
    quantity_after  integer not null,
    allocated_after integer not null,
    order_id        uuid,
    actor           jsonb not null,
    note            text not null default '',
    created_at      timestamptz not null
);
create index stock_movements_stock_id_idx on stock_movements (stock_id, created_at, id);
create index stock_movements_order_id_idx on stock_movements (order_id) where order_id is not null;
