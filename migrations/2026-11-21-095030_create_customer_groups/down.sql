drop table customer_groups;
