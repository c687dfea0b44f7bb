-- Sign-ins at a provider that have started. Each can be completed once, in the same browser.
create table oauth_attempts (
    state_hash   bytea primary key, -- sha-256
    browser_hash bytea not null, -- sha-256 of the cookie
    provider     text not null,
    sealed       bytea not null, -- nonce, PKCE verifier and redirect URL, encrypted
    created_at   timestamptz not null,
    expires_at   timestamptz not null
);
create index oauth_attempts_expires_at_idx on oauth_attempts (expires_at);
