-- Groups of staff members. The members have the permissions of the group.
create table groups (
    id          uuid primary key,
    name        text not null constraint groups_name_present check (name <> ''),
    permissions text[] not null default '{}', -- names such as orders.view
    version     integer not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create unique index groups_name_key on groups (lower(name));
