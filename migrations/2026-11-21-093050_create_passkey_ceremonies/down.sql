drop table passkey_ceremonies;
