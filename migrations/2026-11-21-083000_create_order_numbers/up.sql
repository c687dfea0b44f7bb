create sequence order_number_seq;

-- Key of the permutation, generated once for each shop.
create table order_number_keys (
    is_only boolean primary key default true constraint order_number_keys_one_row check (is_only),
    key     bigint not null
);
insert into order_number_keys (key) values (floor(random() * 2147483647)::bigint);

-- M-7F3K2Q: a sequence number, permuted over 30 bits by a small Feistel network so that it does not reveal the number
-- of orders, in Crockford's base 32. After 2^30 orders, the block number precedes it as additional digits.
create function next_order_number() returns text
language plpgsql as $$
declare
    alphabet constant text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    serial bigint := nextval('order_number_seq');
    secret bigint := (select key from order_number_keys);
    block bigint := serial >> 30;
    high bigint := (serial >> 15) & 32767;
    low bigint := serial & 32767;
    rest bigint;
    digits text := '';
begin
    for round in 1..4 loop
        rest := high # (((low * 40503 + secret + round * 1299709) >> 3) & 32767);
        high := low;
        low := rest;
    end loop;
    rest := (high << 15) | low;
    for digit in 1..6 loop
        digits := substr(alphabet, (rest & 31)::integer + 1, 1) || digits;
        rest := rest >> 5;
    end loop;
    while block > 0 loop
        digits := substr(alphabet, (block & 31)::integer + 1, 1) || digits;
        block := block >> 5;
    end loop;
    return 'M-' || digits;
end;
$$;
