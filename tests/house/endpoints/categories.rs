//! The tree of categories.

use serde_json::json;

use super::case::Role::{Anyone, Staff};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Refused, call, refused};
use super::gates::{PERMITTED_ONLY, open};
use super::stage::NOBODY;

const BROWSING: &str = "everybody browses the catalogue";

pub fn cases() -> Vec<Case> {
    vec![
        list(),
        tree_list(),
        retrieve(),
        ancestors_list(),
        children_list(),
        descendants_list(),
        products_list(),
        price_summary_retrieve(),
        create(),
        update(),
        partial_update(),
        move_create(),
        destroy(),
    ]
}

fn list() -> Case {
    Case {
        operation: "categories_list",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| {
                s.subcategory("Mugs", s.category("Kitchen"));
                Call::asking("level=1&search=mug")
            }),
            status: 200,
            shows: vec![Has("/results/0/name", json!("Mugs")), Has("/results/0/level", json!(1))],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/parent"), async |_| Call::asking("parent=x")),
            refused(400, Field("/level"), async |_| Call::asking("level=x")),
            refused(404, Code("not_found"), async |_| Call::asking("page=99")),
        ]),
        outsiders: open(BROWSING),
    }
}

fn tree_list() -> Case {
    Case {
        operation: "categories_tree_list",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| {
                s.subcategory("Mugs", s.category("Kitchen"));
                Call::plain()
            }),
            status: 200,
            shows: vec![
                Has("/0/name", json!("Kitchen")),
                Has("/0/children/0/name", json!("Mugs")),
                Has("/0/children/0/children", json!([])),
            ],
        }],
        refused: Refused::Never("it asks for nothing, and a tree may be empty"),
        outsiders: open(BROWSING),
    }
}

fn retrieve() -> Case {
    Case {
        operation: "categories_retrieve",
        happy: vec![
            Happy {
                by: Anyone,
                call: call(async |s| {
                    let mugs = s.category("Mugs");
                    s.mug_in(Some(mugs));
                    Call::of(mugs)
                }),
                status: 200,
                shows: vec![Has("/name", json!("Mugs")), Has("/product_count", json!(1))],
            },
            Happy {
                by: Anyone,
                call: call(async |s| {
                    s.category("Tea pots");
                    Call::of("tea-pots")
                }),
                status: 200,
                shows: vec![Has("/slug", json!("tea-pots"))],
            },
        ],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |_| Call::of("no-such-slug")),
        ]),
        outsiders: open(BROWSING),
    }
}

fn ancestors_list() -> Case {
    Case {
        operation: "categories_ancestors_list",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| {
                let kitchen = s.subcategory("Kitchen", s.category("Home"));
                Call::of(s.subcategory("Mugs", kitchen))
            }),
            status: 200,
            shows: vec![Has("/0/name", json!("Home")), Has("/1/name", json!("Kitchen"))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: open(BROWSING),
    }
}

fn children_list() -> Case {
    Case {
        operation: "categories_children_list",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| {
                let kitchen = s.category("Kitchen");
                s.subcategory("Cups", s.subcategory("Mugs", kitchen));
                Call::of(kitchen)
            }),
            status: 200,
            shows: vec![Has("/count", json!(1)), Has("/results/0/name", json!("Mugs"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(s.category("Mugs")).query("page=2")),
        ]),
        outsiders: open(BROWSING),
    }
}

fn descendants_list() -> Case {
    Case {
        operation: "categories_descendants_list",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| {
                let kitchen = s.category("Kitchen");
                s.subcategory("Cups", s.subcategory("Mugs", kitchen));
                Call::of(kitchen)
            }),
            status: 200,
            shows: vec![Has("/count", json!(2)), Has("/results/1/name", json!("Cups"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(s.category("Mugs")).query("page=x")),
        ]),
        outsiders: open(BROWSING),
    }
}

fn products_list() -> Case {
    Case {
        operation: "categories_products_list",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| {
                let kitchen = s.category("Kitchen");
                s.mug_in(Some(s.subcategory("Mugs", kitchen)));
                s.mug();
                Call::of(kitchen)
            }),
            status: 200,
            shows: vec![Has("/count", json!(1)), Has("/results/0/price", json!("12.50"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(400, Field("/price__gte"), async |s| Call::of(s.category("Mugs")).query("price__gte=cheap")),
        ]),
        outsiders: open(BROWSING),
    }
}

fn price_summary_retrieve() -> Case {
    Case {
        operation: "categories_price_summary_retrieve",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| {
                let mugs = s.category("Mugs");
                s.mug_in(Some(mugs));
                s.mug_in(Some(mugs));
                Call::of(mugs)
            }),
            status: 200,
            shows: vec![
                Has("/product_count", json!(2)),
                Has("/average_price", json!("12.50")),
                Has("/currency", json!("EUR")),
            ],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: open(BROWSING),
    }
}

fn create() -> Case {
    Case {
        operation: "categories_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::sending(json!({"name": "Cups", "parent": s.category("Kitchen")}))),
            status: 201,
            shows: vec![
                Has("/level", json!(1)),
                Grows("select count(*) from categories where name = 'Cups' and level = 1", 1),
                Grows("select count(*) from audit_entries where action = 'category.created'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/name"), async |_| Call::sending(json!({"name": " "}))),
            refused(400, Field("/parent"), async |_| Call::sending(json!({"name": "Cups", "parent": NOBODY}))),
            refused(400, Field("/slug"), async |_| Call::sending(json!({"name": "Cups", "slug": "tree"}))),
            refused(400, Field("/slug"), async |s| {
                s.category("Plates");
                Call::sending(json!({"name": "Cups", "slug": "plates"}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn update() -> Case {
    Case {
        operation: "categories_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let mugs = s.subcategory("Mugs", s.category("Kitchen"));
                Call::of(mugs).body(json!({"name": "Cups", "description": "To drink from"}))
            }),
            status: 200,
            shows: vec![
                Has("/parent", json!(null)),
                Has("/level", json!(0)),
                Grows(
                    "select count(*) from categories where (name, description, level) = ('Cups', 'To drink from', 0)",
                    1,
                ),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"name": "Cups"}))),
            refused(400, Field("/name"), async |s| Call::of(s.category("Mugs")).body(json!({}))),
            refused(400, Field("/parent"), async |s| {
                let kitchen = s.category("Kitchen");
                let mugs = s.subcategory("Mugs", kitchen);
                Call::of(kitchen).body(json!({"name": "Kitchen", "parent": mugs}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn partial_update() -> Case {
    Case {
        operation: "categories_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.category("Mugs")).body(json!({"sort_order": 7}))),
            status: 200,
            shows: vec![
                Has("/name", json!("Mugs")),
                Grows("select count(*) from categories where name = 'Mugs' and sort_order = 7", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"sort_order": 7}))),
            refused(400, Field("/sort_order"), async |s| {
                Call::of(s.category("Mugs")).body(json!({"sort_order": 2_147_483_648_i64}))
            }),
            refused(400, Field("/slug"), async |s| {
                s.category("Saucers");
                Call::of(s.category("Mugs")).body(json!({"slug": "saucers"}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn move_create() -> Case {
    Case {
        operation: "categories_move_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let mugs = s.category("Mugs");
                s.subcategory("Cups", mugs);
                Call::of(mugs).body(json!({"parent": s.category("Kitchen")}))
            }),
            status: 200,
            shows: vec![
                Has("/level", json!(1)),
                Grows("select count(*) from categories where name = 'Cups' and level = 2", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"parent": null}))),
            refused(400, Field("/parent"), async |s| Call::of(s.category("Mugs")).body(json!({}))),
            refused(400, Field("/parent"), async |s| {
                let mugs = s.category("Mugs");
                Call::of(mugs).body(json!({"parent": s.subcategory("Cups", mugs)}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn destroy() -> Case {
    Case {
        operation: "categories_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.category("Spare"))),
            status: 204,
            shows: vec![Grows("select count(*) from categories where name = 'Spare'", -1)],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(409, Code("protected"), async |s| {
                let kitchen = s.category("Kitchen");
                s.subcategory("Mugs", kitchen);
                Call::of(kitchen)
            }),
            refused(409, Code("protected"), async |s| {
                let mugs = s.category("Mugs");
                s.mug_in(Some(mugs));
                Call::of(mugs)
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}
