-- Running workers, for the health report.
create table workers (
    id         uuid primary key,
    queues     text[] not null,
    started_at timestamptz not null,
    seen_at    timestamptz not null
);
