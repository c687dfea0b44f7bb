drop index audit_entries_address_idx;
drop index audit_entries_request_id_idx;
drop index audit_entries_action_idx;
drop index audit_entries_created_at_idx;
alter table audit_entries drop column actor_id;
