create table jobs (
    id           uuid primary key,
    queue        text not null,
    name         text not null,
    payload      jsonb not null,
    priority     smallint not null default 0, -- higher runs first
    state        text not null default 'queued'
                 constraint jobs_state_known check (state in ('queued', 'running', 'done', 'dead')),
    run_at       timestamptz not null,
    attempts     integer not null default 0,
    max_attempts integer not null constraint jobs_max_attempts_positive check (max_attempts > 0),
    unique_key   text constraint jobs_unique_key_key unique,
    leased_by    uuid, -- worker that runs the job
    leased_until timestamptz, -- after this time, another worker can lease the job
    last_error   text,
    created_at   timestamptz not null,
    finished_at  timestamptz,
    constraint jobs_running_is_leased check ((state = 'running') = (leased_until is not null))
);
create index jobs_ready_idx on jobs (queue, priority desc, run_at) where state = 'queued';
create index jobs_leased_idx on jobs (leased_until) where state = 'running';
create index jobs_finished_idx on jobs (state, finished_at) where state in ('done', 'dead');
