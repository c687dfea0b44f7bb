drop table payment_transactions;
drop table payments;
