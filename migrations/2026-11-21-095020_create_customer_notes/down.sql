drop table customer_notes;
