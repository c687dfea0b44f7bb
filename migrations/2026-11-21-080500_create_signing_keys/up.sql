create table signing_keys (
    id          text primary key, -- the JWK thumbprint, which tokens carry as kid
    private_key bytea not null, -- PKCS #8, sealed under MERCER_SECRET_KEY
    public_jwk  jsonb not null,
    created_at  timestamptz not null,
    retired_at  timestamptz
);
