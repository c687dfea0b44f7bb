alter table products drop column private_metadata;
