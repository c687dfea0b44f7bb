-- In which words, and the part of the context that nobody may read here.
alter table messages
    add column language text not null default 'en',
    add column sealed bytea; -- forgotten when the message is sent
