create table customers (
    id          uuid primary key,
    user_id     uuid constraint customers_user_id_key unique references users on delete set null,
    external_id text constraint customers_external_id_key unique, -- their id in the shop they were imported from
    name        text not null default '', -- of customers without a user; a user's name stands in users
    email       text constraint customers_email_lower_case check (email = lower(email)),
    phone       text,
    language    text not null default 'en',
    notes       text not null default '',
    metadata    jsonb not null default '{}',
    version     integer not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create index customers_email_idx on customers (email);
