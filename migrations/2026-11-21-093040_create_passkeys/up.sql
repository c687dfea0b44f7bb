create table passkeys (
    id            uuid primary key,
    user_id       uuid not null references users on delete cascade,
    credential_id bytea not null constraint passkeys_credential_id_key unique,
    credential    jsonb not null, -- public key and registration data
    name          text not null,
    version       integer not null default 1,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    last_used_at  timestamptz
);
create index passkeys_user_id_idx on passkeys (user_id);
