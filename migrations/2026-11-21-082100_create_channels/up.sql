create table channels (
    id                   uuid primary key,
    slug                 text not null constraint channels_slug_key unique,
    name                 text not null,
    currency             char(3) not null,
    countries            text[] not null default '{}', -- empty: sells to all countries
    prices_include_tax   boolean not null,
    tax_rate             numeric(6, 4) not null constraint channels_tax_rate_in_range check (tax_rate >= 0 and tax_rate <= 1),
    confirms_orders      boolean not null default true,
    expires_after_minutes integer constraint channels_expires_after_positive check (expires_after_minutes > 0),
    is_default           boolean not null default false,
    created_at           timestamptz not null,
    updated_at           timestamptz not null,
    constraint channels_id_currency_key unique (id, currency)
);
create unique index channels_one_default_key on channels (is_default) where is_default;

insert into channels (id, slug, name, currency, prices_include_tax, tax_rate, is_default, created_at, updated_at)
values ('01900000-0000-7000-8000-000000000001', 'default', 'Default', 'EUR', false, 0.16, true, now(), now());
