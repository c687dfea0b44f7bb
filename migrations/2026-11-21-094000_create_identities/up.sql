-- Who a user is at a provider of OpenID Connect. Never told by e-mail: an address may pass to somebody else.
create table identities (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    provider     text not null, -- the name it had in the settings
    issuer       text not null,
    subject      text not null,
    email        text not null, -- as the provider said last
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    constraint identities_issuer_subject_key unique (issuer, subject)
);
create index identities_user_id_idx on identities (user_id);
