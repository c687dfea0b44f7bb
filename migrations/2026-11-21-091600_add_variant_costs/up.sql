-- What one costs the shop, in the default channel's currency.
alter table variants add column cost numeric(19, 4)
    constraint variants_cost_not_negative check (cost >= 0);
