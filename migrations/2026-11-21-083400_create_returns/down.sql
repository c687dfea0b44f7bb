drop table return_lines;
drop table returns;
