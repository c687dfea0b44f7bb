drop table stock_movements;
drop table stock_allocations;
drop table stocks;
drop table warehouses;
