-- How much of an allowance is used up, by a moment that lies in the future; whose it is, only the shop's key tells.
create table attempts (
    key         bytea primary key,
    used_until  timestamptz not null
);
create index attempts_used_until_idx on attempts (used_until);
