-- Stored as text, because the signature covers the exact bytes. No query searches inside.
alter table audit_entries
    alter column actor type json using actor::json,
    alter column changes type json using changes::json,
    -- HMAC-SHA-256 of the complete entry under the shop's key; empty for entries from before this migration.
    add column mac bytea not null default '';

-- Order of the entries: the hash of each link covers the hash of the previous link, under the same key.
create table audit_chain (
    position  bigint primary key constraint audit_chain_position_positive check (position > 0),
    entry_id  uuid not null constraint audit_chain_entry_id_key unique references audit_entries on delete restrict,
    hash      bytea not null
);

-- Entries without a link. Writers insert here, so that they do not wait for the chain; the chain worker deletes.
create table audit_unsealed (
    entry_id  uuid primary key references audit_entries on delete restrict
);
insert into audit_unsealed (entry_id) select id from audit_entries;
