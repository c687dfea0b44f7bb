-- A group with channels here counts in these alone; one without counts everywhere.
create table group_channels (
    group_id   uuid not null references groups on delete cascade,
    channel_id uuid not null references channels on delete restrict,
    primary key (group_id, channel_id)
);
create index group_channels_channel_id_idx on group_channels (channel_id);
