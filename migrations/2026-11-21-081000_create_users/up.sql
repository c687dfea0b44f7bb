create table users (
    id                uuid primary key,
    email             text not null
                      constraint users_email_key unique
                      constraint users_email_lower_case check (email = lower(email)),
    password_hash     text, -- bcrypt over base64(sha-384(password)); null if the user has no password
    first_name        text not null default '',
    last_name         text not null default '',
    is_active         boolean not null default true,
    is_staff          boolean not null default false,
    is_superuser      boolean not null default false,
    email_verified_at timestamptz,
    last_login_at     timestamptz,
    version           integer not null default 1,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    constraint users_superuser_is_staff check (is_staff or not is_superuser)
);
