//! Products and their variants.

use serde_json::{Value, json};

use super::case::Role::{Anyone, Staff};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Refused, call, refused};
use super::gates::{PERMITTED_ONLY, open};
use super::stage::{NOBODY, Stage};
use crate::support::builders::Made;

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

/// A jug nobody made yet, with one field replaced.
fn jug(stage: &Stage, field: &str, value: impl Into<Value>) -> Value {
    let mut body = json!({
        "name": "Jug", "sku": format!("JUG-{}", stage.next()), "price": "9.90", "stock": 3,
        "description": "For water", "metadata": {"colour": "blue"},
    });
    body[field] = value.into();
    body
}

fn two_sizes(stage: &Stage) -> Made {
    let (small, large) = (stage.next(), stage.next());
    let shirt = stage.shop.product("Shirt").sku(&format!("SHIRT-{small}"));
    shirt.variant(&format!("SHIRT-{large}"), "20.00", 5).create()
}

fn list() -> Case {
    Case {
        operation: "products_list",
        happy: vec![
            Happy {
                by: Anyone,
                call: call(async |s| {
                    s.inactive_mug();
                    s.mug();
                    Call::asking("search=mug&in_stock=true&price__lte=12.50&ordering=-created_at&page_size=1")
                }),
                status: 200,
                shows: vec![
                    Has("/results/0/price", json!("12.50")),
                    Has("/results/0/available", json!(10)),
                    Has("/results/0/is_active", json!(true)),
                ],
            },
            Happy {
                by: Staff,
                call: call(async |s| {
                    s.inactive_mug();
                    Call::asking("is_active=false")
                }),
                status: 200,
                shows: vec![Has("/results/0/is_active", json!(false))],
            },
        ],
        refused: Refused::These(vec![
            refused(400, Field("/category"), async |_| Call::asking("category=nowhere")),
            refused(400, Field("/price__lte"), async |_| Call::asking("price__lte=1_0")),
            refused(400, Field("/in_stock"), async |_| Call::asking("in_stock=perhaps")),
            refused(404, Code("not_found"), async |_| Call::asking("page=0")),
        ]),
        outsiders: open("everybody browses the catalogue"),
    }
}

fn retrieve() -> Case {
    Case {
        operation: "products_retrieve",
        happy: vec![
            Happy {
                by: Anyone,
                call: call(async |s| Call::of(s.mug().id)),
                status: 200,
                shows: vec![Has("/price", json!("12.50")), Has("/variants/0/available", json!(10))],
            },
            Happy {
                by: Staff,
                call: call(async |s| Call::of(s.inactive_mug().id)),
                status: 200,
                shows: vec![Has("/is_active", json!(false))],
            },
        ],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |_| Call::of("no-such-slug")),
            refused(404, Code("not_found"), async |s| Call::of(s.inactive_mug().id)),
        ]),
        outsiders: open("everybody browses the catalogue"),
    }
}

fn create() -> Case {
    Case {
        operation: "products_create",
        happy: vec![
            Happy {
                by: Staff,
                call: call(async |s| Call::sending(jug(s, "name", "Water jug"))),
                status: 201,
                shows: vec![
                    Has("/price", json!("9.90")),
                    Has("/available", json!(3)),
                    Has("/metadata", json!({"colour": "blue"})),
                    Grows("select count(*) from products where name = 'Water jug'", 1),
                    Grows("select sum(quantity) from stocks", 3),
                    Grows("select count(*) from events where topic = 'product.created'", 1),
                ],
            },
            Happy {
                by: Staff,
                call: call(async |s| {
                    let sku = s.next();
                    let small = json!({"sku": format!("S-{sku}"), "price": "8", "options": {"size": "S"}});
                    let large = json!({"sku": format!("L-{sku}"), "price": "9", "stock": 2, "tracks_stock": false});
                    Call::sending(json!({"name": "Shirt", "variants": [small, large]}))
                }),
                status: 201,
                shows: vec![
                    Has("/variants/0/options", json!({"size": "S"})),
                    Has("/variants/1/available", json!(null)),
                    Grows("select count(*) from variants", 2),
                ],
            },
        ],
        refused: Refused::These(vec![
            refused(400, Field("/name"), async |s| Call::sending(jug(s, "name", ""))),
            refused(400, Field("/price"), async |s| Call::sending(jug(s, "price", "-0.01"))),
            refused(400, Field("/price"), async |s| Call::sending(jug(s, "price", "1.00001"))),
            refused(400, Field("/stock"), async |s| Call::sending(jug(s, "stock", 100_000_001))),
            refused(400, Field("/category"), async |s| Call::sending(jug(s, "category", NOBODY))),
            refused(400, Field("/sku"), async |s| Call::sending(jug(s, "sku", s.mug().sku.to_lowercase()))),
            refused(400, Field("/slug"), async |s| {
                s.mug();
                Call::sending(jug(s, "slug", "mug"))
            }),
            refused(400, Field("/sku"), async |_| Call::sending(json!({"name": "Jug", "price": "1"}))),
            refused(400, Field("/variants"), async |_| Call::sending(json!({"name": "Jug", "variants": []}))),
            refused(400, Field("/variants/1/sku"), async |_| {
                let variant = json!({"sku": "TWICE", "price": "1"});
                Call::sending(json!({"name": "Jug", "variants": [variant, variant]}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn update() -> Case {
    Case {
        operation: "products_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.mug().id).body(jug(s, "is_active", false))),
            status: 200,
            shows: vec![
                Has("/price", json!("9.90")),
                Has("/is_active", json!(false)),
                // What it has in stock is no part of it.
                Has("/available", json!(10)),
                Grows("select count(*) from products where name = 'Jug' and not is_active", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |s| Call::of(NOBODY).body(jug(s, "name", "Jug"))),
            refused(400, Field("/name"), async |s| Call::of(s.mug().id).body(json!({}))),
            refused(400, Field("/sku"), async |s| {
                let other = s.mug();
                Call::of(s.mug().id).body(jug(s, "sku", other.sku))
            }),
            refused(400, Field("/sku"), async |s| Call::of(two_sizes(s).id).body(jug(s, "price", "1"))),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn partial_update() -> Case {
    Case {
        operation: "products_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.mug().id).body(json!({"price": 13.5, "category": s.category("Mugs")}))),
            status: 200,
            shows: vec![
                Has("/name", json!("Mug")),
                Has("/price", json!("13.50")),
                Grows("select count(*) from variant_prices where amount = 13.50", 1),
                Grows("select count(*) from events where topic = 'product.updated'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"price": "1"}))),
            refused(400, Field("/category"), async |s| {
                Call::of(s.mug().id).body(json!({"price": "1", "category": NOBODY}))
            }),
            refused(400, Field("/price"), async |s| Call::of(two_sizes(s).id).body(json!({"price": "1"}))),
            refused(400, Field("/slug"), async |s| {
                s.shop.product("Plate").sku(&format!("PLATE-{}", s.next())).create();
                Call::of(s.mug().id).body(json!({"slug": "plate"}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn destroy() -> Case {
    Case {
        operation: "products_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.mug().id)),
            status: 204,
            shows: vec![
                Grows("select count(*) from products where archived_at is not null and not is_active", 1),
                Grows("select count(*) from variants where archived_at is not null", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |s| {
                let mug = s.mug();
                s.staff.delete(&format!("/api/products/{}/", mug.id)).await.expect(204);
                Call::of(mug.id)
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn variants_create() -> Case {
    let large =
        |sku: &str| json!({"sku": sku, "name": "Large", "price": "14.00", "stock": 2, "options": {"size": "L"}});
    Case {
        operation: "products_variants_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async move |s| Call::of(s.mug().id).body(large(&format!("LARGE-{}", s.next())))),
            status: 201,
            shows: vec![
                Has("/variants/1/price", json!("14.00")),
                Has("/variants/1/available", json!(2)),
                Grows("select count(*) from variants where name = 'Large'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async move |_| Call::of(NOBODY).body(large("LARGE"))),
            refused(400, Field("/price"), async |s| Call::of(s.mug().id).body(json!({"sku": "LARGE"}))),
            refused(400, Field("/options"), async |s| {
                Call::of(s.mug().id).body(json!({"sku": "LARGE", "price": "1", "options": {"size": 1}}))
            }),
            refused(400, Field("/sku"), async move |s| {
                let mug = s.mug();
                Call::of(mug.id).body(large(&mug.sku))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn variants_partial_update() -> Case {
    Case {
        operation: "variants_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.variant_of(&s.mug())).body(json!({"price": "15", "tracks_stock": false}))),
            status: 200,
            shows: vec![
                Has("/variants/0/price", json!("15.00")),
                Has("/variants/0/available", json!(null)),
                Grows("select count(*) from variants where not tracks_stock", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"price": "1"}))),
            refused(400, Field("/price"), async |s| {
                Call::of(s.variant_of(&s.mug())).body(json!({"name": "Small", "price": "1000000000"}))
            }),
            refused(400, Field("/sku"), async |s| {
                let other = s.mug();
                Call::of(s.variant_of(&s.mug())).body(json!({"sku": other.sku}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn variants_destroy() -> Case {
    Case {
        operation: "variants_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.variant_of(&two_sizes(s)))),
            status: 204,
            shows: vec![Grows("select count(*) from variants where archived_at is not null", 1)],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(409, Code("last_variant"), async |s| Call::of(s.variant_of(&s.mug()))),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}
