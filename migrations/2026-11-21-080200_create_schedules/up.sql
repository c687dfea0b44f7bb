create table schedules (
    name        text primary key,
    cron        text not null,
    next_run_at timestamptz not null,
    last_run_at timestamptz,
    is_enabled  boolean not null default true
);
