drop table customer_group_members;
