drop table factor_failures;
