create table categories (
    id          uuid primary key,
    parent_id   uuid references categories on delete restrict,
    level       integer not null constraint categories_level_not_negative check (level >= 0),
    sort_order  integer not null default 0,
    name        text not null,
    slug        text not null constraint categories_slug_key unique,
    description text not null default '',
    external_id text constraint categories_external_id_key unique,
    version     integer not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint categories_root_has_level_zero check ((parent_id is null) = (level = 0)),
    constraint categories_not_own_parent check (parent_id <> id)
);
create index categories_parent_id_idx on categories (parent_id, sort_order, name);
