-- Purchase cost of one unit, in the currency of the default channel.
alter table variants add column cost numeric(19, 4)
    constraint variants_cost_not_negative check (cost >= 0);
