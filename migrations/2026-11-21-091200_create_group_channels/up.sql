-- Channels to which a group is restricted. A group without rows applies to all channels.
create table group_channels (
    group_id   uuid not null references groups on delete cascade,
    channel_id uuid not null references channels on delete restrict,
    primary key (group_id, channel_id)
);
create index group_channels_channel_id_idx on group_channels (channel_id);
