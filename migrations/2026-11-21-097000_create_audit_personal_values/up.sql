create table audit_personal_values (
    entry_id  uuid primary key references audit_entries on delete restrict,
    person    uuid not null,
    salt      bytea not null,
    changes   json not null
);
create index audit_personal_values_person_idx on audit_personal_values (person);
-- Personal values can be deleted but never changed.
create trigger audit_personal_values_unchanged before update or truncate on audit_personal_values
    for each statement execute function refuse_change();
