-- Incremented by every change, for If-Match.
alter table channels add column version integer not null default 1;
