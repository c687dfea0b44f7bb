-- A session is a family of refresh tokens. Only the newest token is valid.
create table sessions (
    id             uuid primary key,
    user_id        uuid not null references users on delete cascade,
    generation     integer not null default 1,
    refresh_hash   bytea not null, -- sha-256 of the jti of the newest refresh token
    rotated_at     timestamptz not null,
    expires_at     timestamptz not null, -- absolute: rotation does not extend it
    revoked_at     timestamptz,
    revoked_reason text,
    user_agent     text not null default '',
    address        text not null default '',
    created_at     timestamptz not null,
    last_used_at   timestamptz not null
);
create index sessions_user_id_idx on sessions (user_id);
create index sessions_expires_at_idx on sessions (expires_at);
