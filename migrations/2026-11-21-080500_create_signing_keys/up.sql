create table signing_keys (
    id          text primary key, -- JWK thumbprint, the kid of tokens
    private_key bytea not null, -- PKCS #8, encrypted under MERCER_SECRET_KEY
    public_jwk  jsonb not null,
    created_at  timestamptz not null,
    retired_at  timestamptz
);
