create table audit_entries (
    id          uuid primary key,
    action      text not null,
    actor       jsonb not null,
    object_type text not null,
    object_id   text not null,
    changes     jsonb not null,
    address     text,
    request_id  text,
    created_at  timestamptz not null
);
create index audit_entries_object_idx on audit_entries (object_type, object_id, created_at);
