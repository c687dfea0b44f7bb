delete from schedules where name = 'auth.tend_keys';
update schedules set name = 'auth.tend_keys' where name = 'auth.rotate_signing_keys';
update jobs set name = 'auth.tend_keys' where name = 'auth.rotate_signing_keys';
