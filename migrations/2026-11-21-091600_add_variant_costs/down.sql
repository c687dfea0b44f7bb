alter table variants drop column cost;
