create table customer_group_members (
    group_id    uuid not null references customer_groups on delete cascade,
    customer_id uuid not null references customers on delete cascade,
    added_at    timestamptz not null,
    primary key (group_id, customer_id)
);
create index customer_group_members_customer_id_idx on customer_group_members (customer_id);
