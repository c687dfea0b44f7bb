create table passkey_ceremonies (
    id             uuid primary key,
    kind           text not null
                   constraint passkey_ceremonies_kind_known check (kind in ('registration', 'second_factor', 'sign_in')),
    user_id        uuid references users on delete cascade,
    challenge_hash bytea not null constraint passkey_ceremonies_challenge_hash_key unique,
    state          jsonb not null,
    created_at     timestamptz not null,
    expires_at     timestamptz not null,
    constraint passkey_ceremonies_sign_in_is_anybodys check ((user_id is null) = (kind = 'sign_in'))
);
create index passkey_ceremonies_user_id_idx on passkey_ceremonies (user_id);
create index passkey_ceremonies_expires_at_idx on passkey_ceremonies (expires_at);
