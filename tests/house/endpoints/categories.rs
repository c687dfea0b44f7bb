//! Cases of the category operations.

use serde_json::json;

use super::access::{PERMISSION_REQUIRED, open};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Guest, Staff};
use super::case::{Call, Case, Rejections, Success, call, rejected};
use super::fixture::UNKNOWN_ID;

const BROWSING: &str = "the catalogue is public";

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
        successes: vec![Success {
            by: Guest,
            call: call(async |s| {
                s.subcategory("Mugs", s.category("Kitchen"));
                Call::with_query("level=1&search=mug")
            }),
            status: 200,
            checks: vec![Equals("/results/0/name", json!("Mugs")), Equals("/results/0/level", json!(1))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/parent"), async |_| Call::with_query("parent=x")),
            rejected(400, Field("/level"), async |_| Call::with_query("level=x")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=99")),
        ]),
        other_callers: open(BROWSING),
    }
}

fn tree_list() -> Case {
    Case {
        operation: "categories_tree_list",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| {
                s.subcategory("Mugs", s.category("Kitchen"));
                Call::empty()
            }),
            status: 200,
            checks: vec![
                Equals("/0/name", json!("Kitchen")),
                Equals("/0/children/0/name", json!("Mugs")),
                Equals("/0/children/0/children", json!([])),
            ],
        }],
        rejections: Rejections::None("the operation has no parameters, and the tree can be empty"),
        other_callers: open(BROWSING),
    }
}

fn retrieve() -> Case {
    Case {
        operation: "categories_retrieve",
        successes: vec![
            Success {
                by: Guest,
                call: call(async |s| {
                    let mugs = s.category("Mugs");
                    s.mug_in(Some(mugs));
                    Call::with_id(mugs)
                }),
                status: 200,
                checks: vec![Equals("/name", json!("Mugs")), Equals("/product_count", json!(1))],
            },
            Success {
                by: Guest,
                call: call(async |s| {
                    s.category("Tea pots");
                    Call::with_id("tea-pots")
                }),
                status: 200,
                checks: vec![Equals("/slug", json!("tea-pots"))],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |_| Call::with_id("no-such-slug")),
        ]),
        other_callers: open(BROWSING),
    }
}

fn ancestors_list() -> Case {
    Case {
        operation: "categories_ancestors_list",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| {
                let kitchen = s.subcategory("Kitchen", s.category("Home"));
                Call::with_id(s.subcategory("Mugs", kitchen))
            }),
            status: 200,
            checks: vec![Equals("/0/name", json!("Home")), Equals("/1/name", json!("Kitchen"))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: open(BROWSING),
    }
}

fn children_list() -> Case {
    Case {
        operation: "categories_children_list",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| {
                let kitchen = s.category("Kitchen");
                s.subcategory("Cups", s.subcategory("Mugs", kitchen));
                Call::with_id(kitchen)
            }),
            status: 200,
            checks: vec![Equals("/count", json!(1)), Equals("/results/0/name", json!("Mugs"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| Call::with_id(s.category("Mugs")).query("page=2")),
        ]),
        other_callers: open(BROWSING),
    }
}

fn descendants_list() -> Case {
    Case {
        operation: "categories_descendants_list",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| {
                let kitchen = s.category("Kitchen");
                s.subcategory("Cups", s.subcategory("Mugs", kitchen));
                Call::with_id(kitchen)
            }),
            status: 200,
            checks: vec![Equals("/count", json!(2)), Equals("/results/1/name", json!("Cups"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| Call::with_id(s.category("Mugs")).query("page=x")),
        ]),
        other_callers: open(BROWSING),
    }
}

fn products_list() -> Case {
    Case {
        operation: "categories_products_list",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| {
                let kitchen = s.category("Kitchen");
                s.mug_in(Some(s.subcategory("Mugs", kitchen)));
                s.mug();
                Call::with_id(kitchen)
            }),
            status: 200,
            checks: vec![Equals("/count", json!(1)), Equals("/results/0/price", json!("12.50"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(400, Field("/price__gte"), async |s| Call::with_id(s.category("Mugs")).query("price__gte=cheap")),
        ]),
        other_callers: open(BROWSING),
    }
}

fn price_summary_retrieve() -> Case {
    Case {
        operation: "categories_price_summary_retrieve",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| {
                let mugs = s.category("Mugs");
                s.mug_in(Some(mugs));
                s.mug_in(Some(mugs));
                Call::with_id(mugs)
            }),
            status: 200,
            checks: vec![
                Equals("/product_count", json!(2)),
                Equals("/average_price", json!("12.50")),
                Equals("/currency", json!("EUR")),
            ],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: open(BROWSING),
    }
}

fn create() -> Case {
    Case {
        operation: "categories_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_body(json!({"name": "Cups", "parent": s.category("Kitchen")}))),
            status: 201,
            checks: vec![
                Equals("/level", json!(1)),
                Increases("select count(*) from categories where name = 'Cups' and level = 1", 1),
                Increases("select count(*) from audit_entries where action = 'category.created'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/name"), async |_| Call::with_body(json!({"name": " "}))),
            rejected(400, Field("/parent"), async |_| Call::with_body(json!({"name": "Cups", "parent": UNKNOWN_ID}))),
            rejected(400, Field("/slug"), async |_| Call::with_body(json!({"name": "Cups", "slug": "tree"}))),
            rejected(400, Field("/slug"), async |s| {
                s.category("Plates");
                Call::with_body(json!({"name": "Cups", "slug": "plates"}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn update() -> Case {
    Case {
        operation: "categories_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let mugs = s.subcategory("Mugs", s.category("Kitchen"));
                Call::with_id(mugs).body(json!({"name": "Cups", "description": "To drink from", "parent": null}))
            }),
            status: 200,
            checks: vec![
                Equals("/parent", json!(null)),
                Equals("/level", json!(0)),
                Increases(
                    "select count(*) from categories where (name, description, level) = ('Cups', 'To drink from', 0)",
                    1,
                ),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"name": "Cups"}))),
            rejected(400, Field("/name"), async |s| Call::with_id(s.category("Mugs")).body(json!({}))),
            rejected(400, Field("/parent"), async |s| {
                let kitchen = s.category("Kitchen");
                let mugs = s.subcategory("Mugs", kitchen);
                Call::with_id(kitchen).body(json!({"name": "Kitchen", "parent": mugs}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn partial_update() -> Case {
    Case {
        operation: "categories_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.category("Mugs")).body(json!({"sort_order": 7}))),
            status: 200,
            checks: vec![
                Equals("/name", json!("Mugs")),
                Increases("select count(*) from categories where name = 'Mugs' and sort_order = 7", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"sort_order": 7}))),
            rejected(400, Field("/sort_order"), async |s| {
                Call::with_id(s.category("Mugs")).body(json!({"sort_order": 2_147_483_648_i64}))
            }),
            rejected(400, Field("/slug"), async |s| {
                s.category("Saucers");
                Call::with_id(s.category("Mugs")).body(json!({"slug": "saucers"}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn move_create() -> Case {
    Case {
        operation: "categories_move_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let mugs = s.category("Mugs");
                s.subcategory("Cups", mugs);
                Call::with_id(mugs).body(json!({"parent": s.category("Kitchen")}))
            }),
            status: 200,
            checks: vec![
                Equals("/level", json!(1)),
                Increases("select count(*) from categories where name = 'Cups' and level = 2", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"parent": null}))),
            rejected(400, Field("/parent"), async |s| Call::with_id(s.category("Mugs")).body(json!({}))),
            rejected(400, Field("/parent"), async |s| {
                let mugs = s.category("Mugs");
                Call::with_id(mugs).body(json!({"parent": s.subcategory("Cups", mugs)}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn destroy() -> Case {
    Case {
        operation: "categories_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.category("Spare"))),
            status: 204,
            checks: vec![Increases("select count(*) from categories where name = 'Spare'", -1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(409, Code("protected"), async |s| {
                let kitchen = s.category("Kitchen");
                s.subcategory("Mugs", kitchen);
                Call::with_id(kitchen)
            }),
            rejected(409, Code("protected"), async |s| {
                let mugs = s.category("Mugs");
                s.mug_in(Some(mugs));
                Call::with_id(mugs)
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}
