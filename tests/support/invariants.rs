//! Invariants of a shop's records; `benches/http` checks them as well.

/// Queries that count violations of an invariant. All counts are 0 in a consistent shop.
pub const INVARIANT_VIOLATIONS: [(&str, &str); 6] = [
    (
        "stock levels whose allocated quantity differs from the sum of their allocations",
        "select count(*) from stocks s where s.allocated <> \
         (select coalesce(sum(a.quantity), 0) from stock_allocations a where a.stock_id = s.id)",
    ),
    (
        "stock levels that differ from the sum of their ledger",
        "select count(*) from stocks s where (s.quantity, s.allocated) <> \
         (select coalesce(sum(m.quantity_delta), 0), coalesce(sum(m.allocated_delta), 0) \
          from stock_movements m where m.stock_id = s.id)",
    ),
    (
        "lines of open orders whose allocation differs from the ordered quantity",
        "select count(*) from order_lines l join orders o on o.id = l.order_id \
         join variants v on v.id = l.variant_id and v.tracks_stock \
         where o.status in ('pending', 'confirmed', 'processing') and l.quantity <> \
         (select coalesce(sum(a.quantity), 0) from stock_allocations a where a.order_line_id = l.id)",
    ),
    (
        "allocations of orders that are not open",
        "select count(*) from stock_allocations a left join orders o on o.id = a.order_id \
         where o.id is null or o.status not in ('pending', 'confirmed', 'processing')",
    ),
    (
        "orders whose totals differ from the sum of their lines",
        "select count(*) from orders o where (o.total_net, o.total_tax, o.total_gross) <> \
         (select sum(l.total_net), sum(l.total_tax), sum(l.total_gross) from order_lines l where l.order_id = o.id)",
    ),
    (
        "orders whose status differs from the last entry of their history",
        "select count(*) from orders o where o.status <> \
         (select h.to_status from order_history h where h.order_id = o.id order by h.created_at desc, h.id desc limit 1)",
    ),
];
