-- As text, byte for byte as it was written: the signature is over it. Nothing is searched for inside.
alter table audit_entries
    alter column actor type json using actor::json,
    alter column changes type json using changes::json,
    -- HMAC-SHA-256 of the whole entry under the shop's key; empty for what was written before there were any.
    add column mac bytea not null default '';

-- Which entry comes when: each link's hash, under the same key, is over the hash before it.
create table audit_chain (
    position  bigint primary key constraint audit_chain_position_positive check (position > 0),
    entry_id  uuid not null constraint audit_chain_entry_id_key unique references audit_entries on delete restrict,
    hash      bytea not null
);

-- Entries that have no link yet. The writers fill it, so that none of them waits for the chain; the sealer empties it.
create table audit_unsealed (
    entry_id  uuid primary key references audit_entries on delete restrict
);
insert into audit_unsealed (entry_id) select id from audit_entries;
