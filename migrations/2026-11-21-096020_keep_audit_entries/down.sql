drop trigger audit_chain_append_only on audit_chain;
drop trigger audit_entries_append_only on audit_entries;
drop function refuse_change();
