-- What the shop knows of a person, made once, to be fetched once.
create table personal_data_exports (
    id            uuid primary key, -- v7, made by the application
    customer_id   uuid not null references customers on delete cascade,
    sealed        bytea, -- none: not made yet, or no longer there
    created_at    timestamptz not null,
    ready_at      timestamptz,
    expires_at    timestamptz not null,
    downloaded_at timestamptz,
    constraint personal_data_exports_gone_when_downloaded check (downloaded_at is null or sealed is null)
);
create index personal_data_exports_customer_id_idx on personal_data_exports (customer_id, created_at);
create index personal_data_exports_expires_at_idx on personal_data_exports (expires_at);
