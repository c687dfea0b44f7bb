-- Shown to and written by staff who may.
alter table products add column private_metadata jsonb not null default '{}';
