create table totp_devices (
    user_id      uuid primary key references users on delete cascade,
    seed         bytea not null, -- sealed under MERCER_SECRET_KEY, for this user
    failures     integer not null default 0
                 constraint totp_devices_failures_limited check (failures between 0 and 5), -- before it is confirmed
    last_step    bigint, -- of the newest code that was taken: neither it nor an older one is taken again
    created_at   timestamptz not null,
    confirmed_at timestamptz
);
