alter table customers add column private_metadata jsonb not null default '{}';
