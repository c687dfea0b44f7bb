-- Tokens that somebody brought along to sign in: each counts once.
create table spent_id_tokens (
    digest     bytea primary key, -- sha-256 of issuer, subject and nonce
    expires_at timestamptz not null -- refused for its age from here on
);
create index spent_id_tokens_expires_at_idx on spent_id_tokens (expires_at);
