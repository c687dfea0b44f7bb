alter table audit_entries add column user_agent text not null default '';
