create table sign_in_challenges (
    id         uuid primary key,
    user_id    uuid not null references users on delete cascade,
    token_hash bytea not null constraint sign_in_challenges_token_hash_key unique,
    failures   integer not null default 0
               constraint sign_in_challenges_failures_limited check (failures between 0 and 5),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    met_at     timestamptz -- time of completion; a challenge is valid once
);
create index sign_in_challenges_user_id_idx on sign_in_challenges (user_id);
create index sign_in_challenges_expires_at_idx on sign_in_challenges (expires_at);
