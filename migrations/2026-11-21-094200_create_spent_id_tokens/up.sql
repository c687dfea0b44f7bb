-- ID tokens that were used to sign in. Each can be used once.
create table spent_id_tokens (
    digest     bytea primary key, -- sha-256 of issuer, subject and nonce
    expires_at timestamptz not null -- expiry of the token, after which the row can be deleted
);
create index spent_id_tokens_expires_at_idx on spent_id_tokens (expires_at);
