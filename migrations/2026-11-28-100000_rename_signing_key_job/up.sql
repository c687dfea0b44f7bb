-- The job that rotates the signing keys has a new name. A worker fails queued jobs whose name it does not know, and the
-- scheduler ignores a schedule whose name it does not know.
delete from schedules where name = 'auth.rotate_signing_keys';
update schedules set name = 'auth.rotate_signing_keys' where name = 'auth.tend_keys';
update jobs set name = 'auth.rotate_signing_keys' where name = 'auth.tend_keys';
