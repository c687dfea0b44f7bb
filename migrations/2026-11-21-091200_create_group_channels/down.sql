drop table group_channels;
