alter table customers drop column private_metadata;
