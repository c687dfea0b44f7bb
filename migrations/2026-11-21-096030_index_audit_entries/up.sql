alter table audit_entries add column actor_id text generated always as (actor->>'id') stored;
create index audit_entries_created_at_idx on audit_entries (created_at, id);
create index audit_entries_actor_idx on audit_entries (actor_id, created_at);
create index audit_entries_action_idx on audit_entries (action, created_at);
create index audit_entries_request_id_idx on audit_entries (request_id);
create index audit_entries_address_idx on audit_entries (address, created_at);
