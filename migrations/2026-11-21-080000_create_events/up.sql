-- The outbox: an event is written in the transaction of the change it tells of.
create table events (
    id             uuid primary key, -- v7, made by the application
    ordinal        bigint generated always as identity, -- order of writing; has gaps, and commits may overtake each other
    topic          text not null,
    aggregate_type text not null,
    aggregate_id   uuid not null,
    sequence       integer not null constraint events_sequence_positive check (sequence > 0),
    channel        text,
    owner_id       uuid, -- the customer whose thing this is, for feeds of their own
    actor          jsonb not null,
    payload        jsonb not null,
    occurred_at    timestamptz not null,
    position       bigint constraint events_position_key unique, -- given by the dispatcher, without gaps: readers never miss a late commit
    constraint events_aggregate_sequence_key unique (aggregate_type, aggregate_id, sequence)
);
create index events_undispatched_idx on events (ordinal) where position is null;
