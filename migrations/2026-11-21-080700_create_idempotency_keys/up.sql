-- Write requests with an idempotency key, and their exact responses. The row commits with the effect.
create table idempotency_keys (
    scope          bytea primary key, -- sha-256 of principal, method, route and key
    fingerprint    bytea not null, -- sha-256 of the complete request
    status         smallint not null constraint idempotency_keys_status_known check (status between 100 and 599),
    headers        jsonb not null,
    sealed_headers bytea, -- headers with secrets, encrypted under the master key
    body           bytea,
    created_at     timestamptz not null,
    expires_at     timestamptz not null
);
create index idempotency_keys_expires_at_idx on idempotency_keys (expires_at);
