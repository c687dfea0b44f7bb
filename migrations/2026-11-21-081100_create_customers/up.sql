create table customers (
    id          uuid primary key,
    user_id     uuid constraint customers_user_id_key unique references users on delete set null,
    external_id text constraint customers_external_id_key unique, -- id in the shop from which the customer was imported
    name        text not null default '', -- name of a customer without a user; otherwise see users
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
