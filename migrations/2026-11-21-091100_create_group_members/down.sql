drop table group_members;
