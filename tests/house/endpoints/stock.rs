//! Channels, warehouses and stock.

use serde_json::{Value, json};

use super::case::Role::{Anyone, Staff};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Refused, call, refused};
use super::gates::{PERMITTED_ONLY, open};
use super::stage::{CHANNEL, NOBODY};

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
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![Has("/0/slug", json!("default")), Has("/0/tax_rate", json!("0.1600"))],
        }],
        refused: Refused::Never("it asks for nothing, and a shop has a channel"),
        outsiders: open("prices say nothing without their currency and tax"),
    }
}

fn channels_retrieve() -> Case {
    Case {
        operation: "channels_retrieve",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::of(CHANNEL)),
            status: 200,
            shows: vec![Has("/id", json!(CHANNEL)), Has("/currency", json!("EUR"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |_| Call::of("default")),
        ]),
        outsiders: open("prices say nothing without their currency and tax"),
    }
}

fn channels_partial_update() -> Case {
    let change = |field: &str, value: Value| Call::of(CHANNEL).body(json!({ field: value, "name": "Market" }));
    Case {
        operation: "channels_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async move |_| change("tax_rate", json!("0.2"))),
            status: 200,
            shows: vec![
                Has("/tax_rate", json!("0.2000")),
                Grows("select count(*) from channels where name = 'Market' and tax_rate = 0.2", 1),
                Grows("select count(*) from audit_entries where action = 'channel.changed'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"name": "Market"}))),
            refused(400, Field("/tax_rate"), async move |_| change("tax_rate", json!("1.01"))),
            refused(400, Field("/countries/1"), async move |_| change("countries", json!(["KE", "XX"]))),
            refused(400, Field("/expires_after_minutes"), async move |_| change("expires_after_minutes", json!(0))),
            refused(409, Code("currency_in_use"), async move |s| {
                s.mug();
                change("currency", json!("KES"))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn warehouses_list() -> Case {
    Case {
        operation: "warehouses_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![Has("/0/code", json!("main"))],
        }],
        refused: Refused::Never("it asks for nothing, and a shop has a warehouse"),
        outsiders: PERMITTED_ONLY,
    }
}

fn warehouses_create() -> Case {
    Case {
        operation: "warehouses_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let code = format!("north-{}", s.next());
                Call::sending(json!({"code": code, "name": "Northern", "country": "ke", "sort_order": 5}))
            }),
            status: 201,
            shows: vec![
                Has("/country", json!("KE")),
                Has("/sort_order", json!(5)),
                Grows("select count(*) from warehouses where name = 'Northern'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/code"), async |_| Call::sending(json!({"name": "Northern"}))),
            refused(400, Field("/code"), async |_| Call::sending(json!({"code": "main", "name": "Northern"}))),
            refused(400, Field("/country"), async |_| {
                Call::sending(json!({"code": "north", "name": "Northern", "country": "Kenya"}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn stocks_list() -> Case {
    Case {
        operation: "stocks_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                s.mug();
                Call::asking(format!("variant={}&quantity__lte=10", s.variant_of(&s.mug())))
            }),
            status: 200,
            shows: vec![Has("/count", json!(1)), Has("/results/0/available", json!(10))],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/quantity__lte"), async |_| Call::asking("quantity__lte=few")),
            refused(400, Field("/warehouse"), async |_| Call::asking("warehouse=main")),
            refused(404, Code("not_found"), async |_| Call::asking("page=2")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn stocks_retrieve() -> Case {
    Case {
        operation: "stocks_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let mug = s.mug();
                let body = s.order_body_of(&mug.sku, 3);
                s.ana.post("/api/orders/", body).await.expect(201);
                Call::of(s.stock_of(&mug))
            }),
            status: 200,
            shows: vec![Has("/allocated", json!(3)), Has("/available", json!(7))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn adjust(sku: &str, field: &str, value: impl Into<Value>) -> Call {
    Call::sending(json!({"sku": sku, field: value.into(), "note": "After the holidays"}))
}

fn stocks_adjust_create() -> Case {
    Case {
        operation: "stocks_adjust_create",
        happy: vec![
            Happy {
                by: Staff,
                call: call(async |s| adjust(&s.mug().sku, "quantity", 25)),
                status: 200,
                shows: vec![
                    Has("/quantity", json!(25)),
                    Grows("select sum(quantity) from stocks", 15),
                    Grows("select count(*) from stock_movements where kind = 'counted'", 1),
                ],
            },
            Happy {
                by: Staff,
                call: call(async |s| adjust(&s.mug().sku.to_lowercase(), "delta", -10)),
                status: 200,
                shows: vec![Has("/quantity", json!(0)), Grows("select sum(quantity) from stocks", -10)],
            },
        ],
        refused: Refused::These(vec![
            refused(400, Field("/non_field_errors"), async |s| Call::sending(json!({"sku": s.mug().sku}))),
            refused(400, Field("/non_field_errors"), async |s| {
                Call::sending(json!({"sku": s.mug().sku, "quantity": 1, "delta": 1}))
            }),
            refused(400, Field("/sku"), async |_| adjust("NO-SUCH", "quantity", 1)),
            refused(400, Field("/quantity"), async |s| adjust(&s.mug().sku, "quantity", -1)),
            refused(400, Field("/delta"), async |s| adjust(&s.mug().sku, "delta", 100_000_001)),
            refused(400, Field("/warehouse"), async |s| {
                Call::sending(json!({"sku": s.mug().sku, "quantity": 1, "warehouse": "south"}))
            }),
            refused(409, Code("stock_allocated"), async |s| adjust(&s.mug().sku, "delta", -11)),
            refused(409, Code("stock_allocated"), async |s| {
                let mug = s.mug();
                let body = s.order_body_of(&mug.sku, 3);
                s.ana.post("/api/orders/", body).await.expect(201);
                adjust(&mug.sku, "quantity", 2)
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn stock_movements_list() -> Case {
    Case {
        operation: "stock_movements_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::asking(format!("order={}", s.order("shipped").await))),
            status: 200,
            shows: vec![
                Has("/count", json!(2)),
                Has("/results/0/kind", json!("shipped")),
                Has("/results/0/quantity_after", json!(9)),
                Has("/results/1/kind", json!("allocated")),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/order"), async |_| Call::asking("order=M-1")),
            refused(400, Field("/stock"), async |_| Call::asking("stock=x")),
            refused(404, Code("not_found"), async |_| Call::asking("page=-1")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}
