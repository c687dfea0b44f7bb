alter table signing_keys
    add column signs_from timestamptz,
    -- The longest that a session may last whose tokens it signed: it checks them for so long after it was retired.
    add column token_days integer not null default 30
        constraint signing_keys_token_days_positive check (token_days > 0);
update signing_keys set signs_from = created_at;
alter table signing_keys
    alter column signs_from set not null,
    alter column token_days drop default,
    add constraint signing_keys_retired_after_start check (retired_at >= signs_from);
