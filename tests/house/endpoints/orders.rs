//! Placing orders, seeing them, confirming and cancelling.

use serde_json::{Value, json};

use super::case::Role::{Anyone, Customer, Staff, Stranger};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Gate, Happy, Outsiders, Refused, call, refused};
use super::gates::{BAD_TOKEN, NOT_SIGNED_IN, PERMITTED_ONLY, of_an_order};
use super::stage::{NOBODY, Stage};

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

/// A good body with one field replaced.
fn order_with(stage: &Stage, field: &str, value: impl Into<Value>) -> Call {
    let mut body = stage.order_body(2);
    body[field] = value.into();
    Call::sending(body)
}

/// One line of so many.
fn lines(sku: &str, quantity: impl Into<Value>) -> Value {
    json!([{"sku": sku, "quantity": quantity.into()}])
}

fn create() -> Case {
    let placed = || Grows("select count(*) from orders where total_gross = 29.00", 1);
    Case {
        operation: "orders_create",
        happy: vec![
            Happy {
                by: Customer,
                call: call(async |s| {
                    let mut body = s.order_body(2);
                    body["billing_address"] = body["shipping_address"].clone();
                    Call::sending(body)
                }),
                status: 201,
                shows: vec![
                    Has("/status", json!("confirmed")),
                    Has("/email", json!("ana@example.com")),
                    Has("/total_net", json!("25.00")),
                    Has("/total_gross", json!("29.00")),
                    placed(),
                    Grows("select sum(allocated) from stocks", 2),
                    Grows("select count(*) from events where topic = 'order.created'", 1),
                ],
            },
            Happy {
                by: Anyone,
                call: call(async |s| order_with(s, "email", "guest@example.com")),
                status: 201,
                shows: vec![Has("/customer", json!(null)), placed()],
            },
            Happy {
                by: Staff,
                call: call(async |s| order_with(s, "customer", s.ana.customer.to_string())),
                status: 201,
                shows: vec![Has("/email", json!("ana@example.com")), placed()],
            },
        ],
        refused: Refused::These(refusals_of_create()),
        outsiders: Outsiders {
            anonymous: Gate::Refused(400, Field("/email")),
            stranger: Gate::OpenToAll("everybody may order"),
            wrong_role: Gate::OpenToAll("staff may order for themselves"),
            expired: BAD_TOKEN,
            deactivated: BAD_TOKEN,
        },
    }
}

fn refusals_of_create() -> Vec<super::case::Refusal> {
    vec![
        refused(409, Code("out_of_stock"), async |s| Call::sending(s.order_body(11))),
        // Two lines of one variant are one demand.
        refused(409, Code("out_of_stock"), async |s| {
            let sku = s.mug().sku;
            let line = json!({"sku": sku, "quantity": 6});
            order_with(s, "lines", json!([line, line]))
        }),
        refused(400, Field("/lines/0/sku"), async |s| order_with(s, "lines", lines("NO-SUCH", 1))),
        refused(400, Field("/lines/0/sku"), async |s| order_with(s, "lines", lines(&s.inactive_mug().sku, 1))),
        refused(400, Field("/lines/0/variant"), async |s| {
            order_with(s, "lines", json!([{"variant": NOBODY, "quantity": 1}]))
        }),
        refused(400, Field("/lines/0/non_field_errors"), async |s| order_with(s, "lines", json!([{"quantity": 1}]))),
        refused(400, Field("/lines/0/quantity"), async |s| order_with(s, "lines", lines(&s.mug().sku, 0))),
        refused(400, Field("/lines/0/quantity"), async |s| order_with(s, "lines", lines(&s.mug().sku, -1))),
        refused(400, Field("/lines/0/quantity"), async |s| order_with(s, "lines", lines(&s.mug().sku, 1_000_001))),
        refused(400, Field("/lines"), async |s| order_with(s, "lines", json!([]))),
        // More than the columns of an order can hold.
        refused(400, Field("/non_field_errors"), async |s| {
            let gold = s.shop.product("Gold").sku(&format!("GOLD-{}", s.next())).price("999999999.99");
            order_with(s, "lines", lines(&gold.untracked().create().sku, 1_000_000))
        }),
        refused(400, Field("/currency"), async |s| order_with(s, "currency", "KES")),
        refused(400, Field("/shipping_address"), async |s| order_with(s, "shipping_address", Value::Null)),
        refused(400, Field("/shipping_address/country"), async |s| {
            let mut body = s.order_body(1);
            body["shipping_address"]["country"] = json!("XX");
            Call::sending(body)
        }),
        refused(400, Field("/customer"), async |s| order_with(s, "customer", NOBODY)).by(Staff),
        refused(403, Code("permission_denied"), async |s| order_with(s, "customer", s.ana.customer.to_string()))
            .by(Stranger),
        refused(400, Field("/email"), async |s| order_with(s, "note", "a guest without an address")).by(Anyone),
    ]
}

fn list(operation: &'static str) -> Case {
    let is_staffs_too = operation == "orders_list";
    Case {
        operation,
        happy: vec![
            Happy {
                by: Customer,
                call: call(async |s| {
                    s.guest_order().await;
                    let order = s.order("pending").await;
                    let number = s.text(&format!("select number from orders where id = '{order}'"));
                    Call::asking(format!("number={number}&status=pending&total_gross__gte=14.50"))
                }),
                status: 200,
                shows: vec![
                    Has("/count", json!(1)),
                    Has("/results/0/total_gross", json!("14.50")),
                    Has("/results/0/lines/0/product_name", json!("Mug")),
                ],
            },
            Happy {
                by: Customer,
                call: call(async |s| {
                    s.guest_order().await;
                    Call::asking("email=guest@example.com")
                }),
                status: 200,
                shows: vec![Has("/results", json!([]))],
            },
        ],
        refused: Refused::These(vec![
            refused(400, Field("/status"), async |_| Call::asking("status=lost")),
            refused(400, Field("/placed_at__gte"), async |_| Call::asking("placed_at__gte=yesterday")),
            refused(400, Field("/customer"), async |_| Call::asking("customer=ana")),
            refused(404, Code("not_found"), async |_| Call::asking("page=99")),
        ]),
        outsiders: Outsiders {
            anonymous: NOT_SIGNED_IN,
            stranger: Gate::TheirOwn("everybody sees the orders they placed"),
            wrong_role: if is_staffs_too {
                Gate::OpenToAll("staff see everybody's orders")
            } else {
                Gate::TheirOwn("staff have orders of their own, too")
            },
            expired: BAD_TOKEN,
            deactivated: BAD_TOKEN,
        },
    }
}

fn retrieve() -> Case {
    Case {
        operation: "orders_retrieve",
        happy: vec![
            Happy {
                by: Customer,
                call: call(async |s| Call::of(s.order("shipped").await)),
                status: 200,
                shows: vec![
                    Has("/status", json!("shipped")),
                    Has("/fulfillment_status", json!("fulfilled")),
                    Has("/total_tax", json!("2.00")),
                ],
            },
            Happy {
                by: Anyone,
                call: call(async |s| {
                    let (order, token) = s.guest_order().await;
                    Call::of(order).header("x-order-token", token)
                }),
                status: 200,
                shows: vec![Has("/email", json!("guest@example.com"))],
            },
        ],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(s.guest_order().await.0)),
            refused(404, Code("not_found"), async |s| {
                Call::of(s.guest_order().await.0).header("x-order-token", "a guess")
            })
            .by(Anyone),
            // One guest's secret opens no other order.
            refused(404, Code("not_found"), async |s| {
                let order = s.order("confirmed").await;
                Call::of(order).header("x-order-token", s.guest_order().await.1)
            })
            .by(Anyone),
        ]),
        outsiders: of_an_order("staff see everybody's orders"),
    }
}

fn history_list() -> Case {
    Case {
        operation: "orders_history_list",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(s.order("processing").await)),
            status: 200,
            shows: vec![
                Has("/0/from_status", json!(null)),
                Has("/1/to_status", json!("confirmed")),
                Has("/2/to_status", json!("processing")),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |s| {
                Call::of(s.guest_order().await.0).header("x-order-token", "a guess")
            })
            .by(Anyone),
        ]),
        outsiders: of_an_order("staff see everybody's orders"),
    }
}

fn payments_list() -> Case {
    Case {
        operation: "orders_payments_list",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| {
                let order = s.order("confirmed").await;
                s.payment(&order);
                Call::of(order)
            }),
            status: 200,
            shows: vec![Has("/0/gateway", json!("manual")), Has("/0/transactions/0/amount", json!("14.50"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(s.guest_order().await.0)),
        ]),
        outsiders: of_an_order("staff see everybody's orders"),
    }
}

fn confirm_create() -> Case {
    Case {
        operation: "orders_confirm_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.order("pending").await).body(json!({"note": "Paid by hand"}))),
            status: 200,
            shows: vec![
                Has("/status", json!("confirmed")),
                Grows("select count(*) from orders where status = 'confirmed'", 1),
                Grows("select count(*) from order_history where note = 'Paid by hand'", 1),
                Grows("select count(*) from events where topic = 'order.confirmed'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(400, Field("/note"), async |s| {
                Call::of(s.order("pending").await).body(json!({"note": "x".repeat(1001)}))
            }),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("confirmed").await)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("cancelled").await)),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn cancel_create() -> Case {
    let cancelled = || Grows("select count(*) from orders where status = 'cancelled'", 1);
    Case {
        operation: "orders_cancel_create",
        happy: vec![
            Happy {
                by: Customer,
                call: call(async |s| Call::of(s.order("confirmed").await).body(json!({"note": "Too many mugs"}))),
                status: 200,
                shows: vec![
                    Has("/status", json!("cancelled")),
                    cancelled(),
                    Grows("select sum(allocated) from stocks", -1),
                ],
            },
            Happy {
                by: Staff,
                call: call(async |s| Call::of(s.order("processing").await)),
                status: 200,
                shows: vec![cancelled()],
            },
            Happy {
                by: Anyone,
                call: call(async |s| {
                    let (order, token) = s.guest_order().await;
                    Call::of(order).header("x-order-token", token)
                }),
                status: 200,
                shows: vec![cancelled()],
            },
        ],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(400, Field("/note"), async |s| {
                Call::of(s.order("pending").await).body(json!({"note": {"why": "because"}}))
            }),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("processing").await)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("cancelled").await)),
            refused(409, Code("invalid_transition"), async |s| Call::of(s.order("shipped").await)).by(Staff),
        ]),
        outsiders: of_an_order("staff cancel for customers"),
    }
}
