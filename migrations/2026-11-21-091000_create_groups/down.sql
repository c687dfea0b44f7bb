drop table groups;
