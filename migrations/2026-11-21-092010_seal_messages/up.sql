-- Language of a message, and the encrypted part of its context.
alter table messages
    add column language text not null default 'en',
    add column sealed bytea; -- deleted when the message is sent
