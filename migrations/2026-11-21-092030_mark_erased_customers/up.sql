-- Only the books still name this customer.
alter table customers add column erased_at timestamptz;
