create table totp_devices (
    user_id      uuid primary key references users on delete cascade,
    seed         bytea not null, -- encrypted under MERCER_SECRET_KEY and bound to the user
    failures     integer not null default 0
                 constraint totp_devices_failures_limited check (failures between 0 and 5), -- failed attempts before the confirmation
    last_step    bigint, -- time step of the newest accepted code: this and older codes are rejected
    created_at   timestamptz not null,
    confirmed_at timestamptz
);
