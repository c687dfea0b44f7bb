create table variant_prices (
    variant_id uuid not null references variants on delete cascade,
    channel_id uuid not null,
    amount     numeric(19, 4) not null constraint variant_prices_amount_not_negative check (amount >= 0),
    currency   char(3) not null,
    updated_at timestamptz not null,
    primary key (variant_id, channel_id),
    -- a price uses the currency of its channel; the currency of a channel with prices cannot change
    constraint variant_prices_currency_is_the_channels foreign key (channel_id, currency) references channels (id, currency)
);
create index variant_prices_channel_id_idx on variant_prices (channel_id, amount);
