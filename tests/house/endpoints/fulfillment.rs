//! Cases of the endpoints that prepare, ship, deliver and return orders.

use serde_json::json;

use super::access::PERMISSION_REQUIRED;
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::Staff;
use super::case::{Call, Case, Rejections, Success, call, rejected};
use super::fixture::UNKNOWN_ID;

pub fn cases() -> Vec<Case> {
    vec![process_create(), ship_create(), deliver_create(), returns_create(), returns_list(), returns_retrieve()]
}

fn process_create() -> Case {
    Case {
        operation: "orders_process_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.order("confirmed").await)),
            status: 200,
            checks: vec![
                Equals("/status", json!("processing")),
                Increases("select count(*) from fulfillments where status = 'prepared'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("pending").await)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("processing").await)),
            rejected(400, Field("/note"), async |s| {
                Call::with_id(s.order("confirmed").await).body(json!({"note": "x".repeat(1001)}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn ship_create() -> Case {
    Case {
        operation: "orders_ship_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let label = json!({"tracking_number": "KE-1", "carrier": "Boda"});
                Call::with_id(s.order("processing").await).body(label)
            }),
            status: 200,
            checks: vec![
                Equals("/status", json!("shipped")),
                Equals("/fulfillment_status", json!("fulfilled")),
                Increases(
                    "select count(*) from fulfillments where (status, carrier, tracking_number) = ('shipped', 'Boda', 'KE-1')",
                    1,
                ),
                Increases("select sum(quantity) from stocks", -1),
                Increases("select sum(allocated) from stocks", -1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("confirmed").await)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("shipped").await)),
            rejected(400, Field("/carrier"), async |s| {
                Call::with_id(s.order("processing").await).body(json!({"carrier": "x".repeat(101)}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn deliver_create() -> Case {
    Case {
        operation: "orders_deliver_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.order("shipped").await)),
            status: 200,
            checks: vec![
                Equals("/status", json!("delivered")),
                Increases("select count(*) from fulfillments where status = 'delivered'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("processing").await)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("delivered").await)),
            rejected(400, Field("/note"), async |s| {
                Call::with_id(s.order("shipped").await).body(json!({"note": ["left", "at", "the", "door"]}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn returns_create() -> Case {
    Case {
        operation: "orders_returns_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.order("delivered").await)),
            status: 201,
            checks: vec![
                Equals("/status", json!("received")),
                Equals("/total_gross", json!("14.50")),
                Equals("/lines/0/quantity", json!(1)),
                Increases("select count(*) from orders where status = 'returned'", 1),
                Increases("select sum(quantity) from stocks", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("processing").await)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("returned").await)),
            rejected(400, Field("/note"), async |s| {
                Call::with_id(s.order("shipped").await).body(json!({"note": "x".repeat(1001)}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn returns_list() -> Case {
    Case {
        operation: "returns_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                s.return_of_order().await;
                Call::with_query("page_size=1")
            }),
            status: 200,
            checks: vec![
                Equals("/results/0/status", json!("received")),
                Equals("/results/0/total_gross", json!("14.50")),
            ],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_query("page=99"))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn returns_retrieve() -> Case {
    Case {
        operation: "returns_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.return_of_order().await)),
            status: 200,
            checks: vec![Equals("/lines/0/product_name", json!("Mug")), Equals("/lines/0/unit_price", json!("12.50"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            // The id of an order does not identify the return of the order.
            rejected(404, Code("not_found"), async |s| Call::with_id(s.order("returned").await)),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}
