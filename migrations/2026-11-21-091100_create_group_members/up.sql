create table group_members (
    group_id uuid not null references groups on delete cascade,
    user_id  uuid not null references users on delete cascade,
    primary key (group_id, user_id)
);
create index group_members_user_id_idx on group_members (user_id);
