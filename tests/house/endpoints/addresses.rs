//! Addresses of customers, and what countries need.

use serde_json::{Value, json};

use super::case::Role::{Anyone, Customer, Staff};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Outsiders, Refused, call, refused};
use super::gates::{BAD_TOKEN, NOT_FOUND, NOT_SIGNED_IN, PERMITTED_ONLY, open, own};
use super::stage::{NOBODY, Stage};
use crate::support::builders::address;

pub fn cases() -> Vec<Case> {
    vec![
        countries_list(),
        countries_retrieve(),
        my_addresses_list(),
        my_addresses_create(),
        my_addresses_retrieve(),
        my_addresses_update(),
        my_addresses_partial_update(),
        my_addresses_destroy(),
        addresses_list(),
        addresses_create(),
        addresses_retrieve(),
        addresses_update(),
        addresses_partial_update(),
        addresses_destroy(),
    ]
}

/// One's own address, and nobody else's.
const OF_ONE: Outsiders = Outsiders {
    anonymous: NOT_SIGNED_IN,
    stranger: NOT_FOUND,
    wrong_role: NOT_FOUND,
    expired: BAD_TOKEN,
    deactivated: BAD_TOKEN,
};

/// What is the default for nothing, so that one call is like the other.
fn body(name: &str, value: Value) -> Value {
    let mut body = address();
    body["is_default_billing"] = json!(false);
    body["is_default_shipping"] = json!(false);
    body[name] = value;
    body
}

/// An address of Ana's.
async fn hers(stage: &Stage) -> String {
    let made = stage.ana.post("/api/customers/me/addresses/", body("company", json!("Mugs"))).await;
    // There is room for a hundred; then the last one serves.
    if made.status == 409 {
        return stage.text("select id from addresses limit 1");
    }
    made.expect(201)["id"].as_str().unwrap().to_owned()
}

/// For staff: below Ana.
async fn below(stage: &Stage) -> Call {
    Call::of(stage.ana.customer).below("address_id", hers(stage).await)
}

/// There is always room for one more.
async fn with_room(stage: &Stage) {
    stage.shop.execute("delete from addresses");
}

fn countries_list() -> Case {
    Case {
        operation: "countries_list",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![Has("/0/code", json!("AF"))],
        }],
        refused: Refused::Never("it asks for nothing, and the countries are there"),
        outsiders: open("what a country needs is no secret"),
    }
}

fn countries_retrieve() -> Case {
    Case {
        operation: "countries_retrieve",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::of("KE")),
            status: 200,
            shows: vec![Has("/name", json!("Kenya"))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of("XX"))]),
        outsiders: open("what a country needs is no secret"),
    }
}

fn my_addresses_list() -> Case {
    Case {
        operation: "customers_me_addresses_list",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| {
                hers(s).await;
                Call::asking("ordering=created_at")
            }),
            status: 200,
            shows: vec![Has("/results/0/company", json!("Mugs"))],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/country"), async |_| Call::asking("country=XX")),
            refused(404, Code("not_found"), async |_| Call::asking("page=1000")),
        ]),
        outsiders: own("everybody has addresses of their own, or none"),
    }
}

fn my_addresses_create() -> Case {
    Case {
        operation: "customers_me_addresses_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| {
                with_room(s).await;
                Call::sending(body("city", json!("Mombasa")))
            }),
            status: 201,
            shows: vec![Has("/city", json!("Mombasa")), Grows("select count(*) from addresses", 1)],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/name"), async |_| Call::sending(body("name", json!("")))),
            refused(400, Field("/postal_code"), async |_| Call::sending(body("postal_code", json!("1")))),
            refused(400, Field("/country"), async |_| Call::sending(body("country", json!("XX")))),
            refused(400, Field("/phone"), async |_| Call::sending(body("phone", json!("12")))),
            refused(409, Code("too_many_addresses"), async |s| {
                with_room(s).await;
                s.shop.execute(&format!(
                    "insert into addresses (id, customer_id, name, line1, city, country, created_at, updated_at) \
                     select gen_random_uuid(), '{}', 'x', 'x', 'x', 'KE', now(), now() from generate_series(1, 100)",
                    s.ana.customer
                ));
                Call::sending(address())
            }),
        ]),
        outsiders: own("everybody has addresses of their own"),
    }
}

fn my_addresses_retrieve() -> Case {
    Case {
        operation: "customers_me_addresses_retrieve",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(hers(s).await)),
            status: 200,
            shows: vec![Has("/country", json!("KE"))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: OF_ONE,
    }
}

fn my_addresses_update() -> Case {
    Case {
        operation: "customers_me_addresses_update",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(hers(s).await).body(body("city", json!("Kisumu")))),
            status: 200,
            shows: vec![Has("/city", json!("Kisumu")), Has("/company", json!(""))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(address())),
            refused(400, Field("/line1"), async |s| Call::of(hers(s).await).body(body("line1", json!(null)))),
            refused(412, Code("precondition_failed"), async |s| {
                Call::of(hers(s).await).header("if-match", "\"9.x\"").body(address())
            }),
        ]),
        outsiders: OF_ONE,
    }
}

fn my_addresses_partial_update() -> Case {
    Case {
        operation: "customers_me_addresses_partial_update",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(hers(s).await).body(json!({"phone": "0700 000 001"}))),
            status: 200,
            shows: vec![Has("/phone", json!("+254700000001")), Has("/company", json!("Mugs"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({}))),
            refused(400, Field("/name"), async |s| Call::of(hers(s).await).body(json!({"name": ""}))),
            refused(400, Field("/area"), async |s| Call::of(hers(s).await).body(json!({"country": "US"}))),
        ]),
        outsiders: OF_ONE,
    }
}

fn my_addresses_destroy() -> Case {
    Case {
        operation: "customers_me_addresses_destroy",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(hers(s).await)),
            status: 204,
            shows: vec![Grows("select -count(*) from addresses", 1)],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: OF_ONE,
    }
}

fn addresses_list() -> Case {
    Case {
        operation: "customers_addresses_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                hers(s).await;
                Call::of(s.ana.customer)
            }),
            status: 200,
            shows: vec![Has("/results/0/company", json!("Mugs"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(400, Field("/country"), async |s| Call::of(s.ana.customer).query("country=XX")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn addresses_create() -> Case {
    Case {
        operation: "customers_addresses_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                with_room(s).await;
                Call::of(s.ana.customer).body(body("city", json!("Mombasa")))
            }),
            status: 201,
            shows: vec![Has("/city", json!("Mombasa")), Grows("select count(*) from addresses", 1)],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(address())),
            refused(400, Field("/city"), async |s| Call::of(s.ana.customer).body(body("city", json!("")))),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn addresses_retrieve() -> Case {
    Case {
        operation: "customers_addresses_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| below(s).await),
            status: 200,
            shows: vec![Has("/country", json!("KE"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |s| Call::of(s.ana.customer).below("address_id", NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(s.ben.customer).below("address_id", hers(s).await)),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn addresses_update() -> Case {
    Case {
        operation: "customers_addresses_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| below(s).await.body(body("city", json!("Kisumu")))),
            status: 200,
            shows: vec![Has("/city", json!("Kisumu"))],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/country"), async |s| below(s).await.body(body("country", json!("")))),
            refused(404, Code("not_found"), async |s| {
                Call::of(s.ben.customer).below("address_id", hers(s).await).body(address())
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn addresses_partial_update() -> Case {
    Case {
        operation: "customers_addresses_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| below(s).await.body(json!({"line2": "3rd floor"}))),
            status: 200,
            shows: vec![Has("/line2", json!("3rd floor")), Has("/company", json!("Mugs"))],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/postal_code"), async |s| below(s).await.body(json!({"postal_code": "1"}))),
            refused(404, Code("not_found"), async |s| {
                Call::of(s.ben.customer).below("address_id", hers(s).await).body(json!({}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn addresses_destroy() -> Case {
    Case {
        operation: "customers_addresses_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| below(s).await),
            status: 204,
            shows: vec![Grows("select -count(*) from addresses", 1)],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |s| {
            Call::of(s.ben.customer).below("address_id", hers(s).await)
        })]),
        outsiders: PERMITTED_ONLY,
    }
}
