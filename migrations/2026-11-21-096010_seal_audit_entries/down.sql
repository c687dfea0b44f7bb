drop table audit_unsealed;
drop table audit_chain;
alter table audit_entries
    drop column mac,
    alter column actor type jsonb using actor::jsonb,
    alter column changes type jsonb using changes::jsonb;
