alter table channels drop column version;
