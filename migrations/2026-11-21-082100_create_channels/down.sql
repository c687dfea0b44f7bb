drop table channels;
