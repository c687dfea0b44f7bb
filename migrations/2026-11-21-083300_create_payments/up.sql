create table payments (
    id         uuid primary key,
    order_id   uuid not null references orders on delete cascade,
    gateway    text not null,
    currency   char(3) not null,
    created_at timestamptz not null
);
create index payments_order_id_idx on payments (order_id);

-- Append-only: transactions as reported by the payment gateway.
create table payment_transactions (
    id         uuid primary key,
    payment_id uuid not null references payments on delete cascade,
    kind       text not null constraint payment_transactions_kind_known
               check (kind in ('authorize', 'capture', 'charge', 'refund', 'void')),
    amount     numeric(19, 4) not null constraint payment_transactions_amount_not_negative check (amount >= 0),
    reference  text not null default '',
    answer     jsonb not null default '{}',
    created_at timestamptz not null
);
create index payment_transactions_payment_id_idx on payment_transactions (payment_id, created_at, id);
