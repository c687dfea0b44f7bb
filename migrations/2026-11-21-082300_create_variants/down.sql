drop table variants;
