//! Sending orders off, and taking them back.

use serde_json::json;

use super::case::Role::Staff;
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Refused, call, refused};
use super::gates::PERMITTED_ONLY;
use super::stage::NOBODY;

pub fn cases() -> Vec<Case> {
    vec![process_create(), ship_create(), deliver_create(), returns_create(), returns_list(), returns_retrieve()]
}

fn process_create() -> Case {
    Case {
        operation: "orders_process_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.order("confirmed").await)),
            status: 200,
            shows: vec![
                Has("/status", json!("processing")),
                Grows("select count(*) from fulfillments where status = 'prepared'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("pending").await)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("processing").await)),
            refused(400, Field("/note"), async |s| {
                Call::of(s.order("confirmed").await).body(json!({"note": "x".repeat(1001)}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn ship_create() -> Case {
    Case {
        operation: "orders_ship_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let label = json!({"tracking_number": "KE-1", "carrier": "Boda"});
                Call::of(s.order("processing").await).body(label)
            }),
            status: 200,
            shows: vec![
                Has("/status", json!("shipped")),
                Has("/fulfillment_status", json!("fulfilled")),
                Grows(
                    "select count(*) from fulfillments where (status, carrier, tracking_number) = ('shipped', 'Boda', 'KE-1')",
                    1,
                ),
                Grows("select sum(quantity) from stocks", -1),
                Grows("select sum(allocated) from stocks", -1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("confirmed").await)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("shipped").await)),
            refused(400, Field("/carrier"), async |s| {
                Call::of(s.order("processing").await).body(json!({"carrier": "x".repeat(101)}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn deliver_create() -> Case {
    Case {
        operation: "orders_deliver_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.order("shipped").await)),
            status: 200,
            shows: vec![
                Has("/status", json!("delivered")),
                Grows("select count(*) from fulfillments where status = 'delivered'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("processing").await)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("delivered").await)),
            refused(400, Field("/note"), async |s| {
                Call::of(s.order("shipped").await).body(json!({"note": ["left", "at", "the", "door"]}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn returns_create() -> Case {
    Case {
        operation: "orders_returns_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.order("delivered").await)),
            status: 201,
            shows: vec![
                Has("/status", json!("received")),
                Has("/total_gross", json!("14.50")),
                Has("/lines/0/quantity", json!(1)),
                Grows("select count(*) from orders where status = 'returned'", 1),
                Grows("select sum(quantity) from stocks", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("processing").await)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("returned").await)),
            refused(400, Field("/note"), async |s| {
                Call::of(s.order("shipped").await).body(json!({"note": "x".repeat(1001)}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn returns_list() -> Case {
    Case {
        operation: "returns_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                s.taken_back().await;
                Call::asking("page_size=1")
            }),
            status: 200,
            shows: vec![Has("/results/0/status", json!("received")), Has("/results/0/total_gross", json!("14.50"))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::asking("page=99"))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn returns_retrieve() -> Case {
    Case {
        operation: "returns_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.taken_back().await)),
            status: 200,
            shows: vec![Has("/lines/0/product_name", json!("Mug")), Has("/lines/0/unit_price", json!("12.50"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            // The order is no name of its return.
            refused(404, Code("not_found"), async |s| Call::of(s.order("returned").await)),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}
