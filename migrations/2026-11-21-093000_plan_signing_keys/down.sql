alter table signing_keys
    drop constraint signing_keys_retired_after_start,
    drop column token_days,
    drop column signs_from;
