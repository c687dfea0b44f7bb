//! Cases of the channel, warehouse and stock operations.

use serde_json::{Value, json};

use super::access::{PERMISSION_REQUIRED, open};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Guest, Staff};
use super::case::{Call, Case, Rejections, Success, call, rejected};
use super::fixture::{CHANNEL, UNKNOWN_ID};

pub fn cases() -> Vec<Case> {
    vec![
        channels_list(),
        channels_retrieve(),
        channels_partial_update(),
        warehouses_list(),
        warehouses_create(),
        stocks_list(),
        stocks_retrieve(),
        stocks_adjust_create(),
        stock_movements_list(),
    ]
}

fn channels_list() -> Case {
    Case {
        operation: "channels_list",
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![Equals("/0/slug", json!("default")), Equals("/0/tax_rate", json!("0.1600"))],
        }],
        rejections: Rejections::None("the operation has no parameters, and every shop has a channel"),
        other_callers: open("public prices require currency and tax"),
    }
}

fn channels_retrieve() -> Case {
    Case {
        operation: "channels_retrieve",
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::with_id(CHANNEL)),
            status: 200,
            checks: vec![Equals("/id", json!(CHANNEL)), Equals("/currency", json!("EUR"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |_| Call::with_id("default")),
        ]),
        other_callers: open("public prices require currency and tax"),
    }
}

fn channels_partial_update() -> Case {
    let change = |field: &str, value: Value| Call::with_id(CHANNEL).body(json!({ field: value, "name": "Market" }));
    Case {
        operation: "channels_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async move |_| change("tax_rate", json!("0.2"))),
            status: 200,
            checks: vec![
                Equals("/tax_rate", json!("0.2000")),
                Increases("select count(*) from channels where name = 'Market' and tax_rate = 0.2", 1),
                Increases("select count(*) from audit_entries where action = 'channel.changed'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"name": "Market"}))),
            rejected(400, Field("/tax_rate"), async move |_| change("tax_rate", json!("1.01"))),
            rejected(400, Field("/countries/1"), async move |_| change("countries", json!(["KE", "XX"]))),
            rejected(400, Field("/expires_after_minutes"), async move |_| change("expires_after_minutes", json!(0))),
            rejected(409, Code("currency_in_use"), async move |s| {
                s.mug();
                change("currency", json!("KES"))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn warehouses_list() -> Case {
    Case {
        operation: "warehouses_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![Equals("/0/code", json!("main"))],
        }],
        rejections: Rejections::None("the operation has no parameters, and every shop has a warehouse"),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn warehouses_create() -> Case {
    Case {
        operation: "warehouses_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let code = format!("north-{}", s.next());
                Call::with_body(json!({"code": code, "name": "Northern", "country": "ke", "sort_order": 5}))
            }),
            status: 201,
            checks: vec![
                Equals("/country", json!("KE")),
                Equals("/sort_order", json!(5)),
                Increases("select count(*) from warehouses where name = 'Northern'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/code"), async |_| Call::with_body(json!({"name": "Northern"}))),
            rejected(400, Field("/code"), async |_| Call::with_body(json!({"code": "main", "name": "Northern"}))),
            rejected(400, Field("/country"), async |_| {
                Call::with_body(json!({"code": "north", "name": "Northern", "country": "Kenya"}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn stocks_list() -> Case {
    Case {
        operation: "stocks_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                s.mug();
                Call::with_query(format!("variant={}&quantity__lte=10", s.variant_of(&s.mug())))
            }),
            status: 200,
            checks: vec![Equals("/count", json!(1)), Equals("/results/0/available", json!(10))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/quantity__lte"), async |_| Call::with_query("quantity__lte=few")),
            rejected(400, Field("/warehouse"), async |_| Call::with_query("warehouse=main")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=2")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn stocks_retrieve() -> Case {
    Case {
        operation: "stocks_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let mug = s.mug();
                let body = s.order_body_of(&mug.sku, 3);
                s.ana.post("/api/orders/", body).await.expect(201);
                Call::with_id(s.stock_of(&mug))
            }),
            status: 200,
            checks: vec![Equals("/allocated", json!(3)), Equals("/available", json!(7))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn adjust(sku: &str, field: &str, value: impl Into<Value>) -> Call {
    Call::with_body(json!({"sku": sku, field: value.into(), "note": "After the holidays"}))
}

fn stocks_adjust_create() -> Case {
    Case {
        operation: "stocks_adjust_create",
        successes: vec![
            Success {
                by: Staff,
                call: call(async |s| adjust(&s.mug().sku, "quantity", 25)),
                status: 200,
                checks: vec![
                    Equals("/quantity", json!(25)),
                    Increases("select sum(quantity) from stocks", 15),
                    Increases("select count(*) from stock_movements where kind = 'counted'", 1),
                ],
            },
            Success {
                by: Staff,
                call: call(async |s| adjust(&s.mug().sku.to_lowercase(), "delta", -10)),
                status: 200,
                checks: vec![Equals("/quantity", json!(0)), Increases("select sum(quantity) from stocks", -10)],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/non_field_errors"), async |s| Call::with_body(json!({"sku": s.mug().sku}))),
            rejected(400, Field("/non_field_errors"), async |s| {
                Call::with_body(json!({"sku": s.mug().sku, "quantity": 1, "delta": 1}))
            }),
            rejected(400, Field("/sku"), async |_| adjust("NO-SUCH", "quantity", 1)),
            rejected(400, Field("/quantity"), async |s| adjust(&s.mug().sku, "quantity", -1)),
            rejected(400, Field("/delta"), async |s| adjust(&s.mug().sku, "delta", 100_000_001)),
            rejected(400, Field("/warehouse"), async |s| {
                Call::with_body(json!({"sku": s.mug().sku, "quantity": 1, "warehouse": "south"}))
            }),
            rejected(409, Code("stock_allocated"), async |s| adjust(&s.mug().sku, "delta", -11)),
            rejected(409, Code("stock_allocated"), async |s| {
                let mug = s.mug();
                let body = s.order_body_of(&mug.sku, 3);
                s.ana.post("/api/orders/", body).await.expect(201);
                adjust(&mug.sku, "quantity", 2)
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn stock_movements_list() -> Case {
    Case {
        operation: "stock_movements_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_query(format!("order={}", s.order("shipped").await))),
            status: 200,
            checks: vec![
                Equals("/count", json!(2)),
                Equals("/results/0/kind", json!("shipped")),
                Equals("/results/0/quantity_after", json!(9)),
                Equals("/results/1/kind", json!("allocated")),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/order"), async |_| Call::with_query("order=M-1")),
            rejected(400, Field("/stock"), async |_| Call::with_query("stock=x")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=-1")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}
