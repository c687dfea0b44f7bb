-- Third-party apps that call the API.
create table apps (
    id                uuid primary key,
    name              text not null constraint apps_name_present check (name <> ''),
    permissions       text[] not null default '{}', -- names such as orders.view
    allowed_addresses text[] not null default '{}', -- networks from which the app is allowed to call; empty: all
    is_active         boolean not null default true,
    version           integer not null default 1,
    created_at        timestamptz not null,
    updated_at        timestamptz not null
);
create unique index apps_name_key on apps (lower(name));
