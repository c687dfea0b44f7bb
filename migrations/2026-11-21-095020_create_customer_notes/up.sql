create table customer_notes (
    id          uuid primary key,
    customer_id uuid not null references customers on delete cascade,
    text        text not null,
    author      jsonb not null,
    created_at  timestamptz not null
);
create index customer_notes_customer_id_idx on customer_notes (customer_id, created_at);
