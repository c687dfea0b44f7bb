-- Of staff: a group is a named set of permissions, and whoever is in it has them.
create table groups (
    id          uuid primary key,
    name        text not null constraint groups_name_present check (name <> ''),
    permissions text[] not null default '{}', -- names such as orders.view
    version     integer not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create unique index groups_name_key on groups (lower(name));
