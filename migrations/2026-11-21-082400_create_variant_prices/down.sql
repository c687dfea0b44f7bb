drop table variant_prices;
