drop table audit_personal_values;
