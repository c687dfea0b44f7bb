create table factor_failures (
    id         uuid primary key,
    user_id    uuid not null references users on delete cascade,
    created_at timestamptz not null
);
create index factor_failures_user_id_created_at_idx on factor_failures (user_id, created_at);
