drop table apps;
