-- Identity of a user at an OpenID Connect provider. Never matched by e-mail, because an address can change its owner.
create table identities (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    provider     text not null, -- name of the provider in the settings
    issuer       text not null,
    subject      text not null,
    email        text not null, -- most recent address from the provider
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    constraint identities_issuer_subject_key unique (issuer, subject)
);
create index identities_user_id_idx on identities (user_id);
