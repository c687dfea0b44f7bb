create table recovery_codes (
    id         uuid primary key,
    user_id    uuid not null references users on delete cascade,
    code_hash  bytea not null,
    created_at timestamptz not null,
    used_at    timestamptz,
    constraint recovery_codes_user_code_key unique (user_id, code_hash)
);
