-- What is mailed to prove an address, once: its hash, and what it was made for.
create table account_tokens (
    id          uuid primary key, -- v7, made by the application
    user_id     uuid not null references users on delete cascade,
    purpose     text not null constraint account_tokens_purpose_known
                check (purpose in ('verify_email', 'reset_password', 'change_email', 'delete_account')),
    token_hash  bytea not null constraint account_tokens_hash_key unique, -- sha-256
    email       text not null, -- the address it proves
    credentials bytea not null, -- sha-256 of e-mail and password as they were: it dies when either changes
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    ended_at    timestamptz -- used, or replaced by a newer one
);
create index account_tokens_user_id_idx on account_tokens (user_id, purpose, created_at);
create index account_tokens_expires_at_idx on account_tokens (expires_at);
