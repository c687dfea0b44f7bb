alter table audit_entries drop column user_agent;
