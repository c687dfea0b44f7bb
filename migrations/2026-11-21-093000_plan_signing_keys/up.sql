alter table signing_keys
    add column signs_from timestamptz,
    -- Maximum lifetime of the sessions whose tokens the key signed. A retired key verifies tokens for this long.
    add column token_days integer not null default 30
        constraint signing_keys_token_days_positive check (token_days > 0);
update signing_keys set signs_from = created_at;
alter table signing_keys
    alter column signs_from set not null,
    alter column token_days drop default,
    add constraint signing_keys_retired_after_start check (retired_at >= signs_from);
