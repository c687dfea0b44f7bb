alter table messages
    drop column sealed,
    drop column language;
