-- Visible to and writable by staff members with the required permission.
alter table products add column private_metadata jsonb not null default '{}';
