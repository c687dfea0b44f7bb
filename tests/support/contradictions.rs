//! What must never be found in the books of a shop; `benches/http` looks for it as well.

/// Each is a count of what contradicts something else; all are 0 in a sound shop.
pub const CONTRADICTIONS: [(&str, &str); 6] = [
    (
        "levels that hold another number than their allocations",
        "select count(*) from stocks s where s.allocated <> \
         (select coalesce(sum(a.quantity), 0) from stock_allocations a where a.stock_id = s.id)",
    ),
    (
        "levels that are not the sum of their ledger",
        "select count(*) from stocks s where (s.quantity, s.allocated) <> \
         (select coalesce(sum(m.quantity_delta), 0), coalesce(sum(m.allocated_delta), 0) \
          from stock_movements m where m.stock_id = s.id)",
    ),
    (
        "open lines that do not hold what was ordered",
        "select count(*) from order_lines l join orders o on o.id = l.order_id \
         join variants v on v.id = l.variant_id and v.tracks_stock \
         where o.status in ('pending', 'confirmed', 'processing') and l.quantity <> \
         (select coalesce(sum(a.quantity), 0) from stock_allocations a where a.order_line_id = l.id)",
    ),
    (
        "allocations of orders that are over",
        "select count(*) from stock_allocations a left join orders o on o.id = a.order_id \
         where o.id is null or o.status not in ('pending', 'confirmed', 'processing')",
    ),
    (
        "orders that are not the sum of their lines",
        "select count(*) from orders o where (o.total_net, o.total_tax, o.total_gross) <> \
         (select sum(l.total_net), sum(l.total_tax), sum(l.total_gross) from order_lines l where l.order_id = o.id)",
    ),
    (
        "orders whose history ends elsewhere",
        "select count(*) from orders o where o.status <> \
         (select h.to_status from order_history h where h.order_id = o.id order by h.created_at desc, h.id desc limit 1)",
    ),
];
