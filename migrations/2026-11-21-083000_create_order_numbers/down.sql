drop function next_order_number();
drop table order_number_keys;
drop sequence order_number_seq;
