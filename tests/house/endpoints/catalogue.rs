//! Cases of the product and variant operations.

use serde_json::{Value, json};

use super::access::{PERMISSION_REQUIRED, open};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Guest, Staff};
use super::case::{Call, Case, Rejections, Success, call, rejected};
use super::fixture::{Fixture, UNKNOWN_ID};
use crate::support::builders::TestProduct;

pub fn cases() -> Vec<Case> {
    vec![
        list(),
        retrieve(),
        create(),
        update(),
        partial_update(),
        destroy(),
        variants_create(),
        variants_partial_update(),
        variants_destroy(),
    ]
}

/// Body of a new product with an unused SKU and one replaced field.
fn jug(fixture: &Fixture, field: &str, value: impl Into<Value>) -> Value {
    let mut body = json!({
        "name": "Jug", "sku": format!("JUG-{}", fixture.next()), "price": "9.90", "stock": 3,
        "description": "For water", "metadata": {"colour": "blue"},
    });
    body[field] = value.into();
    body
}

fn two_sizes(fixture: &Fixture) -> TestProduct {
    let (small, large) = (fixture.next(), fixture.next());
    let shirt = fixture.shop.product("Shirt").sku(&format!("SHIRT-{small}"));
    shirt.variant(&format!("SHIRT-{large}"), "20.00", 5).create()
}

fn list() -> Case {
    Case {
        operation: "products_list",
        successes: vec![
            Success {
                by: Guest,
                call: call(async |s| {
                    s.inactive_mug();
                    s.mug();
                    Call::with_query("search=mug&in_stock=true&price__lte=12.50&ordering=-created_at&page_size=1")
                }),
                status: 200,
                checks: vec![
                    Equals("/results/0/price", json!("12.50")),
                    Equals("/results/0/available", json!(10)),
                    Equals("/results/0/is_active", json!(true)),
                ],
            },
            Success {
                by: Staff,
                call: call(async |s| {
                    s.inactive_mug();
                    Call::with_query("is_active=false")
                }),
                status: 200,
                checks: vec![Equals("/results/0/is_active", json!(false))],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/category"), async |_| Call::with_query("category=nowhere")),
            rejected(400, Field("/price__lte"), async |_| Call::with_query("price__lte=1_0")),
            rejected(400, Field("/in_stock"), async |_| Call::with_query("in_stock=perhaps")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=0")),
        ]),
        other_callers: open("the catalogue is public"),
    }
}

fn retrieve() -> Case {
    Case {
        operation: "products_retrieve",
        successes: vec![
            Success {
                by: Guest,
                call: call(async |s| Call::with_id(s.mug().id)),
                status: 200,
                checks: vec![Equals("/price", json!("12.50")), Equals("/variants/0/available", json!(10))],
            },
            Success {
                by: Staff,
                call: call(async |s| Call::with_id(s.inactive_mug().id)),
                status: 200,
                checks: vec![Equals("/is_active", json!(false))],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |_| Call::with_id("no-such-slug")),
            rejected(404, Code("not_found"), async |s| Call::with_id(s.inactive_mug().id)),
        ]),
        other_callers: open("the catalogue is public"),
    }
}

fn create() -> Case {
    Case {
        operation: "products_create",
        successes: vec![
            Success {
                by: Staff,
                call: call(async |s| Call::with_body(jug(s, "name", "Water jug"))),
                status: 201,
                checks: vec![
                    Equals("/price", json!("9.90")),
                    Equals("/available", json!(3)),
                    Equals("/metadata", json!({"colour": "blue"})),
                    Increases("select count(*) from products where name = 'Water jug'", 1),
                    Increases("select sum(quantity) from stocks", 3),
                    Increases("select count(*) from events where topic = 'product.created'", 1),
                ],
            },
            Success {
                by: Staff,
                call: call(async |s| {
                    let sku = s.next();
                    let small = json!({"sku": format!("S-{sku}"), "price": "8", "options": {"size": "S"}});
                    let large = json!({"sku": format!("L-{sku}"), "price": "9", "stock": 2, "tracks_stock": false});
                    Call::with_body(json!({"name": "Shirt", "variants": [small, large]}))
                }),
                status: 201,
                checks: vec![
                    Equals("/variants/0/options", json!({"size": "S"})),
                    Equals("/variants/1/available", json!(null)),
                    Increases("select count(*) from variants", 2),
                ],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/name"), async |s| Call::with_body(jug(s, "name", ""))),
            rejected(400, Field("/price"), async |s| Call::with_body(jug(s, "price", "-0.01"))),
            rejected(400, Field("/price"), async |s| Call::with_body(jug(s, "price", "1.00001"))),
            rejected(400, Field("/stock"), async |s| Call::with_body(jug(s, "stock", 100_000_001))),
            rejected(400, Field("/category"), async |s| Call::with_body(jug(s, "category", UNKNOWN_ID))),
            rejected(400, Field("/sku"), async |s| Call::with_body(jug(s, "sku", s.mug().sku.to_lowercase()))),
            rejected(400, Field("/slug"), async |s| {
                s.mug();
                Call::with_body(jug(s, "slug", "mug"))
            }),
            rejected(400, Field("/sku"), async |_| Call::with_body(json!({"name": "Jug", "price": "1"}))),
            rejected(400, Field("/variants"), async |_| Call::with_body(json!({"name": "Jug", "variants": []}))),
            rejected(400, Field("/variants/1/sku"), async |_| {
                let variant = json!({"sku": "TWICE", "price": "1"});
                Call::with_body(json!({"name": "Jug", "variants": [variant, variant]}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn update() -> Case {
    Case {
        operation: "products_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.mug().id).body(jug(s, "is_active", false))),
            status: 200,
            checks: vec![
                Equals("/price", json!("9.90")),
                Equals("/is_active", json!(false)),
                // PUT does not change the stock.
                Equals("/available", json!(10)),
                Increases("select count(*) from products where name = 'Jug' and not is_active", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |s| Call::with_id(UNKNOWN_ID).body(jug(s, "name", "Jug"))),
            rejected(400, Field("/name"), async |s| Call::with_id(s.mug().id).body(json!({}))),
            rejected(400, Field("/sku"), async |s| {
                let other = s.mug();
                Call::with_id(s.mug().id).body(jug(s, "sku", other.sku))
            }),
            rejected(400, Field("/sku"), async |s| Call::with_id(two_sizes(s).id).body(jug(s, "price", "1"))),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn partial_update() -> Case {
    Case {
        operation: "products_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                Call::with_id(s.mug().id).body(json!({"price": 13.5, "category": s.category("Mugs")}))
            }),
            status: 200,
            checks: vec![
                Equals("/name", json!("Mug")),
                Equals("/price", json!("13.50")),
                Increases("select count(*) from variant_prices where amount = 13.50", 1),
                Increases("select count(*) from events where topic = 'product.updated'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"price": "1"}))),
            rejected(400, Field("/category"), async |s| {
                Call::with_id(s.mug().id).body(json!({"price": "1", "category": UNKNOWN_ID}))
            }),
            rejected(400, Field("/price"), async |s| Call::with_id(two_sizes(s).id).body(json!({"price": "1"}))),
            rejected(400, Field("/slug"), async |s| {
                s.shop.product("Plate").sku(&format!("PLATE-{}", s.next())).create();
                Call::with_id(s.mug().id).body(json!({"slug": "plate"}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn destroy() -> Case {
    Case {
        operation: "products_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.mug().id)),
            status: 204,
            checks: vec![
                Increases("select count(*) from products where archived_at is not null and not is_active", 1),
                Increases("select count(*) from variants where archived_at is not null", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| {
                let mug = s.mug();
                s.staff.delete(&format!("/api/products/{}/", mug.id)).await.expect(204);
                Call::with_id(mug.id)
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn variants_create() -> Case {
    let large =
        |sku: &str| json!({"sku": sku, "name": "Large", "price": "14.00", "stock": 2, "options": {"size": "L"}});
    Case {
        operation: "products_variants_create",
        successes: vec![Success {
            by: Staff,
            call: call(async move |s| Call::with_id(s.mug().id).body(large(&format!("LARGE-{}", s.next())))),
            status: 201,
            checks: vec![
                Equals("/variants/1/price", json!("14.00")),
                Equals("/variants/1/available", json!(2)),
                Increases("select count(*) from variants where name = 'Large'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async move |_| Call::with_id(UNKNOWN_ID).body(large("LARGE"))),
            rejected(400, Field("/price"), async |s| Call::with_id(s.mug().id).body(json!({"sku": "LARGE"}))),
            rejected(400, Field("/options"), async |s| {
                Call::with_id(s.mug().id).body(json!({"sku": "LARGE", "price": "1", "options": {"size": 1}}))
            }),
            rejected(400, Field("/sku"), async move |s| {
                let mug = s.mug();
                Call::with_id(mug.id).body(large(&mug.sku))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn variants_partial_update() -> Case {
    Case {
        operation: "variants_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                Call::with_id(s.variant_of(&s.mug())).body(json!({"price": "15", "tracks_stock": false}))
            }),
            status: 200,
            checks: vec![
                Equals("/variants/0/price", json!("15.00")),
                Equals("/variants/0/available", json!(null)),
                Increases("select count(*) from variants where not tracks_stock", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"price": "1"}))),
            rejected(400, Field("/price"), async |s| {
                Call::with_id(s.variant_of(&s.mug())).body(json!({"name": "Small", "price": "1000000000"}))
            }),
            rejected(400, Field("/sku"), async |s| {
                let other = s.mug();
                Call::with_id(s.variant_of(&s.mug())).body(json!({"sku": other.sku}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn variants_destroy() -> Case {
    Case {
        operation: "variants_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.variant_of(&two_sizes(s)))),
            status: 204,
            checks: vec![Increases("select count(*) from variants where archived_at is not null", 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(409, Code("last_variant"), async |s| Call::with_id(s.variant_of(&s.mug()))),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}
