-- Used part of an allowance, stored as a future time. The subject is hashed under the shop's key.
create table attempts (
    key         bytea primary key,
    used_until  timestamptz not null
);
create index attempts_used_until_idx on attempts (used_until);
