//! Looking into the books of a shop: do they add up, and has anything changed?

use std::time::Duration;

use super::TestShop;

/// All that an order leaves behind, and all that it must not leave when it is refused.
const BOOKS: [&str; 10] = [
    "orders",
    "order_lines",
    "order_history",
    "stock_allocations",
    "stock_movements",
    "fulfillments",
    "returns",
    "payments",
    "events",
    "jobs",
];

/// Each is a count of what contradicts something else; all are 0 in a sound shop.
const CONTRADICTIONS: [(&str, &str); 6] = [
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

impl TestShop {
    /// Fails where stock, allocations, ledger, orders and history do not tell the same story.
    #[track_caller]
    pub fn assert_books_balance(&self) {
        for (what, query) in CONTRADICTIONS {
            assert_eq!(self.number(query), 0, "{what}");
        }
    }

    /// How many rows each book has, and the sum of all levels: the same before and after what was refused.
    pub fn books(&self) -> Vec<i64> {
        let mut counts: Vec<i64> =
            BOOKS.iter().map(|table| self.number(&format!("select count(*) from {table}"))).collect();
        counts.push(self.number("select coalesce(sum(quantity), 0) from stocks"));
        counts.push(self.number("select coalesce(sum(allocated), 0) from stocks"));
        counts
    }

    /// Until somebody waits for a lock that another holds.
    pub async fn until_somebody_waits(&self) {
        let waiting = "select count(*) from pg_stat_activity \
                       where datname = current_database() and wait_event_type = 'Lock'";
        while self.number(waiting) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
