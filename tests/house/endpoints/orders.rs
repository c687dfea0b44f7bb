//! Cases of the endpoints that place, list, retrieve, confirm and cancel orders.

use serde_json::{Value, json};

use super::access::{INVALID_TOKEN, NOT_SIGNED_IN, PERMISSION_REQUIRED, order_access};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Customer, Guest, OtherCustomer, Staff};
use super::case::{Access, Call, Case, OtherCallers, Rejections, Success, call, rejected};
use super::fixture::{Fixture, UNKNOWN_ID};

pub fn cases() -> Vec<Case> {
    vec![
        create(),
        list("orders_list"),
        list("customers_me_orders_list"),
        retrieve(),
        history_list(),
        payments_list(),
        confirm_create(),
        cancel_create(),
    ]
}

/// Returns a valid order with one field replaced.
fn order_with(fixture: &Fixture, field: &str, value: impl Into<Value>) -> Call {
    let mut body = fixture.order_body(2);
    body[field] = value.into();
    Call::with_body(body)
}

/// Returns one line with this quantity.
fn lines(sku: &str, quantity: impl Into<Value>) -> Value {
    json!([{"sku": sku, "quantity": quantity.into()}])
}

fn create() -> Case {
    let placed = || Increases("select count(*) from orders where total_gross = 29.00", 1);
    Case {
        operation: "orders_create",
        successes: vec![
            Success {
                by: Customer,
                call: call(async |s| {
                    let mut body = s.order_body(2);
                    body["billing_address"] = body["shipping_address"].clone();
                    Call::with_body(body)
                }),
                status: 201,
                checks: vec![
                    Equals("/status", json!("confirmed")),
                    Equals("/email", json!("ana@example.com")),
                    Equals("/total_net", json!("25.00")),
                    Equals("/total_gross", json!("29.00")),
                    placed(),
                    Increases("select sum(allocated) from stocks", 2),
                    Increases("select count(*) from events where topic = 'order.created'", 1),
                ],
            },
            Success {
                by: Guest,
                call: call(async |s| order_with(s, "email", "guest@example.com")),
                status: 201,
                checks: vec![Equals("/customer", json!(null)), placed()],
            },
            Success {
                by: Staff,
                call: call(async |s| order_with(s, "customer", s.ana.customer.to_string())),
                status: 201,
                checks: vec![Equals("/email", json!("ana@example.com")), placed()],
            },
        ],
        rejections: Rejections::Cases(rejections_of_create()),
        other_callers: OtherCallers {
            anonymous: Access::Rejected(400, Field("/email")),
            other_customer: Access::Open("every customer can place orders"),
            wrong_role: Access::Open("staff can place orders for themselves"),
            expired: INVALID_TOKEN,
            deactivated: INVALID_TOKEN,
        },
    }
}

fn rejections_of_create() -> Vec<super::case::Rejection> {
    vec![
        rejected(409, Code("out_of_stock"), async |s| Call::with_body(s.order_body(11))),
        // The quantities of two lines of one variant add up.
        rejected(409, Code("out_of_stock"), async |s| {
            let sku = s.mug().sku;
            let line = json!({"sku": sku, "quantity": 6});
            order_with(s, "lines", json!([line, line]))
        }),
        rejected(400, Field("/lines/0/sku"), async |s| order_with(s, "lines", lines("NO-SUCH", 1))),
        rejected(400, Field("/lines/0/sku"), async |s| order_with(s, "lines", lines(&s.inactive_mug().sku, 1))),
        rejected(400, Field("/lines/0/variant"), async |s| {
            order_with(s, "lines", json!([{"variant": UNKNOWN_ID, "quantity": 1}]))
        }),
        rejected(400, Field("/lines/0/non_field_errors"), async |s| order_with(s, "lines", json!([{"quantity": 1}]))),
        rejected(400, Field("/lines/0/quantity"), async |s| order_with(s, "lines", lines(&s.mug().sku, 0))),
        rejected(400, Field("/lines/0/quantity"), async |s| order_with(s, "lines", lines(&s.mug().sku, -1))),
        rejected(400, Field("/lines/0/quantity"), async |s| order_with(s, "lines", lines(&s.mug().sku, 1_000_001))),
        rejected(400, Field("/lines"), async |s| order_with(s, "lines", json!([]))),
        // The total exceeds the largest amount that the columns can store.
        rejected(400, Field("/non_field_errors"), async |s| {
            let gold = s.shop.product("Gold").sku(&format!("GOLD-{}", s.next())).price("999999999.99");
            order_with(s, "lines", lines(&gold.untracked().create().sku, 1_000_000))
        }),
        rejected(400, Field("/currency"), async |s| order_with(s, "currency", "KES")),
        rejected(400, Field("/shipping_address"), async |s| order_with(s, "shipping_address", Value::Null)),
        rejected(400, Field("/shipping_address/country"), async |s| {
            let mut body = s.order_body(1);
            body["shipping_address"]["country"] = json!("XX");
            Call::with_body(body)
        }),
        rejected(400, Field("/customer"), async |s| order_with(s, "customer", UNKNOWN_ID)).by(Staff),
        rejected(403, Code("permission_denied"), async |s| order_with(s, "customer", s.ana.customer.to_string()))
            .by(OtherCustomer),
        rejected(400, Field("/email"), async |s| order_with(s, "note", "a guest without an e-mail address")).by(Guest),
    ]
}

fn list(operation: &'static str) -> Case {
    let staff_list_all = operation == "orders_list";
    Case {
        operation,
        successes: vec![
            Success {
                by: Customer,
                call: call(async |s| {
                    s.guest_order().await;
                    let order = s.order("pending").await;
                    let number = s.text(&format!("select number from orders where id = '{order}'"));
                    Call::with_query(format!("number={number}&status=pending&total_gross__gte=14.50"))
                }),
                status: 200,
                checks: vec![
                    Equals("/count", json!(1)),
                    Equals("/results/0/total_gross", json!("14.50")),
                    Equals("/results/0/lines/0/product_name", json!("Mug")),
                ],
            },
            Success {
                by: Customer,
                call: call(async |s| {
                    s.guest_order().await;
                    Call::with_query("email=guest@example.com")
                }),
                status: 200,
                checks: vec![Equals("/results", json!([]))],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/status"), async |_| Call::with_query("status=lost")),
            rejected(400, Field("/placed_at__gte"), async |_| Call::with_query("placed_at__gte=yesterday")),
            rejected(400, Field("/customer"), async |_| Call::with_query("customer=ana")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=99")),
        ]),
        other_callers: OtherCallers {
            anonymous: NOT_SIGNED_IN,
            other_customer: Access::OwnData("every customer can list their own orders"),
            wrong_role: if staff_list_all {
                Access::Open("staff can view all orders")
            } else {
                Access::OwnData("staff can have orders of their own")
            },
            expired: INVALID_TOKEN,
            deactivated: INVALID_TOKEN,
        },
    }
}

fn retrieve() -> Case {
    Case {
        operation: "orders_retrieve",
        successes: vec![
            Success {
                by: Customer,
                call: call(async |s| Call::with_id(s.order("shipped").await)),
                status: 200,
                checks: vec![
                    Equals("/status", json!("shipped")),
                    Equals("/fulfillment_status", json!("fulfilled")),
                    Equals("/total_tax", json!("2.00")),
                ],
            },
            Success {
                by: Guest,
                call: call(async |s| {
                    let (order, token) = s.guest_order().await;
                    Call::with_id(order).header("x-order-token", token)
                }),
                status: 200,
                checks: vec![Equals("/email", json!("guest@example.com"))],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| Call::with_id(s.guest_order().await.0)),
            rejected(404, Code("not_found"), async |s| {
                Call::with_id(s.guest_order().await.0).header("x-order-token", "a guess")
            })
            .by(Guest),
            // An order token gives access to its own order only.
            rejected(404, Code("not_found"), async |s| {
                let order = s.order("confirmed").await;
                Call::with_id(order).header("x-order-token", s.guest_order().await.1)
            })
            .by(Guest),
        ]),
        other_callers: order_access("staff can view all orders"),
    }
}

fn history_list() -> Case {
    Case {
        operation: "orders_history_list",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(s.order("processing").await)),
            status: 200,
            checks: vec![
                Equals("/0/from_status", json!(null)),
                Equals("/1/to_status", json!("confirmed")),
                Equals("/2/to_status", json!("processing")),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| {
                Call::with_id(s.guest_order().await.0).header("x-order-token", "a guess")
            })
            .by(Guest),
        ]),
        other_callers: order_access("staff can view all orders"),
    }
}

fn payments_list() -> Case {
    Case {
        operation: "orders_payments_list",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| {
                let order = s.order("confirmed").await;
                s.payment(&order);
                Call::with_id(order)
            }),
            status: 200,
            checks: vec![Equals("/0/gateway", json!("manual")), Equals("/0/transactions/0/amount", json!("14.50"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| Call::with_id(s.guest_order().await.0)),
        ]),
        other_callers: order_access("staff can view all orders"),
    }
}

fn confirm_create() -> Case {
    Case {
        operation: "orders_confirm_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.order("pending").await).body(json!({"note": "Paid in cash"}))),
            status: 200,
            checks: vec![
                Equals("/status", json!("confirmed")),
                Increases("select count(*) from orders where status = 'confirmed'", 1),
                Increases("select count(*) from order_history where note = 'Paid in cash'", 1),
                Increases("select count(*) from events where topic = 'order.confirmed'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(400, Field("/note"), async |s| {
                Call::with_id(s.order("pending").await).body(json!({"note": "x".repeat(1001)}))
            }),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("confirmed").await)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("cancelled").await)),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn cancel_create() -> Case {
    let cancelled = || Increases("select count(*) from orders where status = 'cancelled'", 1);
    Case {
        operation: "orders_cancel_create",
        successes: vec![
            Success {
                by: Customer,
                call: call(async |s| Call::with_id(s.order("confirmed").await).body(json!({"note": "Too many mugs"}))),
                status: 200,
                checks: vec![
                    Equals("/status", json!("cancelled")),
                    cancelled(),
                    Increases("select sum(allocated) from stocks", -1),
                ],
            },
            Success {
                by: Staff,
                call: call(async |s| Call::with_id(s.order("processing").await)),
                status: 200,
                checks: vec![cancelled()],
            },
            Success {
                by: Guest,
                call: call(async |s| {
                    let (order, token) = s.guest_order().await;
                    Call::with_id(order).header("x-order-token", token)
                }),
                status: 200,
                checks: vec![cancelled()],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(400, Field("/note"), async |s| {
                Call::with_id(s.order("pending").await).body(json!({"note": {"why": "because"}}))
            }),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("processing").await)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("cancelled").await)),
            rejected(409, Code("invalid_transition"), async |s| Call::with_id(s.order("shipped").await)).by(Staff),
        ]),
        other_callers: order_access("staff can cancel all orders"),
    }
}
