create table app_tokens (
    id           uuid primary key,
    app_id       uuid not null references apps on delete cascade,
    name         text not null default '',
    token_hash   bytea not null constraint app_tokens_token_hash_key unique, -- sha-256
    last_four    char(4) not null, -- shown to distinguish the tokens of an app
    expires_at   timestamptz,
    last_used_at timestamptz,
    created_at   timestamptz not null
);
create index app_tokens_app_id_idx on app_tokens (app_id);
