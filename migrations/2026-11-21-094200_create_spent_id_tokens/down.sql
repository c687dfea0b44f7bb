drop table spent_id_tokens;
