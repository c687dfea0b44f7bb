-- The account is erased; only accounting records refer to this customer.
alter table customers add column erased_at timestamptz;
