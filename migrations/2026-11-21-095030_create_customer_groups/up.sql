create table customer_groups (
    id          uuid primary key,
    name        text not null constraint customer_groups_name_key unique,
    description text not null default '',
    metadata    jsonb not null default '{}',
    version     integer not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
