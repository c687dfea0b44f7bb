//! Operations of customer addresses and of countries.

use serde_json::{Value, json};

use super::access::{INVALID_TOKEN, NOT_FOUND, NOT_SIGNED_IN, PERMISSION_REQUIRED, open, own};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Customer, Guest, Staff};
use super::case::{Call, Case, OtherCallers, Rejections, Success, call, rejected};
use super::fixture::{Fixture, UNKNOWN_ID};
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

/// An address is found only by its customer.
const CUSTOMER_ONLY: OtherCallers = OtherCallers {
    anonymous: NOT_SIGNED_IN,
    other_customer: NOT_FOUND,
    wrong_role: NOT_FOUND,
    expired: INVALID_TOKEN,
    deactivated: INVALID_TOKEN,
};

/// A valid address with one member replaced. It is no default, so that repeated calls have the same effect.
fn body(name: &str, value: Value) -> Value {
    let mut body = address();
    body["is_default_billing"] = json!(false);
    body["is_default_shipping"] = json!(false);
    body[name] = value;
    body
}

/// Creates an address of Ana and returns its id.
async fn address_of_ana(fixture: &Fixture) -> String {
    let created = fixture.ana.post("/api/customers/me/addresses/", body("company", json!("Mugs"))).await;
    // The limit is 100 addresses; beyond it, an existing address is used.
    if created.status == 409 {
        return fixture.text("select id from addresses limit 1");
    }
    created.expect(201)["id"].as_str().unwrap().to_owned()
}

/// Call of a staff member for an address of Ana.
async fn staff_call(fixture: &Fixture) -> Call {
    Call::with_id(fixture.ana.customer).below("address_id", address_of_ana(fixture).await)
}

/// Deletes all addresses, so that the limit is not reached.
async fn delete_addresses(fixture: &Fixture) {
    fixture.shop.execute("delete from addresses");
}

fn countries_list() -> Case {
    Case {
        operation: "countries_list",
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![Equals("/0/code", json!("AF"))],
        }],
        rejections: Rejections::None("the request has no input, and the list is constant"),
        other_callers: open("the rules of countries are public"),
    }
}

fn countries_retrieve() -> Case {
    Case {
        operation: "countries_retrieve",
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::with_id("KE")),
            status: 200,
            checks: vec![Equals("/name", json!("Kenya"))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id("XX"))]),
        other_callers: open("the rules of countries are public"),
    }
}

fn my_addresses_list() -> Case {
    Case {
        operation: "customers_me_addresses_list",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| {
                address_of_ana(s).await;
                Call::with_query("ordering=created_at")
            }),
            status: 200,
            checks: vec![Equals("/results/0/company", json!("Mugs"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/country"), async |_| Call::with_query("country=XX")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=1000")),
        ]),
        other_callers: own("every customer has a list of addresses"),
    }
}

fn my_addresses_create() -> Case {
    Case {
        operation: "customers_me_addresses_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| {
                delete_addresses(s).await;
                Call::with_body(body("city", json!("Mombasa")))
            }),
            status: 201,
            checks: vec![Equals("/city", json!("Mombasa")), Increases("select count(*) from addresses", 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/name"), async |_| Call::with_body(body("name", json!("")))),
            rejected(400, Field("/postal_code"), async |_| Call::with_body(body("postal_code", json!("1")))),
            rejected(400, Field("/country"), async |_| Call::with_body(body("country", json!("XX")))),
            rejected(400, Field("/phone"), async |_| Call::with_body(body("phone", json!("12")))),
            rejected(409, Code("too_many_addresses"), async |s| {
                delete_addresses(s).await;
                s.shop.execute(&format!(
                    "insert into addresses (id, customer_id, name, line1, city, country, created_at, updated_at) \
                     select gen_random_uuid(), '{}', 'x', 'x', 'x', 'KE', now(), now() from generate_series(1, 100)",
                    s.ana.customer
                ));
                Call::with_body(address())
            }),
        ]),
        other_callers: own("every customer can create addresses"),
    }
}

fn my_addresses_retrieve() -> Case {
    Case {
        operation: "customers_me_addresses_retrieve",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(address_of_ana(s).await)),
            status: 200,
            checks: vec![Equals("/country", json!("KE"))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: CUSTOMER_ONLY,
    }
}

fn my_addresses_update() -> Case {
    Case {
        operation: "customers_me_addresses_update",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(address_of_ana(s).await).body(body("city", json!("Kisumu")))),
            status: 200,
            checks: vec![Equals("/city", json!("Kisumu")), Equals("/company", json!(""))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(address())),
            rejected(400, Field("/line1"), async |s| {
                Call::with_id(address_of_ana(s).await).body(body("line1", json!(null)))
            }),
            rejected(412, Code("precondition_failed"), async |s| {
                Call::with_id(address_of_ana(s).await).header("if-match", "\"9.x\"").body(address())
            }),
        ]),
        other_callers: CUSTOMER_ONLY,
    }
}

fn my_addresses_partial_update() -> Case {
    Case {
        operation: "customers_me_addresses_partial_update",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(address_of_ana(s).await).body(json!({"phone": "0700 000 001"}))),
            status: 200,
            checks: vec![Equals("/phone", json!("+254700000001")), Equals("/company", json!("Mugs"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({}))),
            rejected(400, Field("/name"), async |s| Call::with_id(address_of_ana(s).await).body(json!({"name": ""}))),
            rejected(400, Field("/area"), async |s| {
                Call::with_id(address_of_ana(s).await).body(json!({"country": "US"}))
            }),
        ]),
        other_callers: CUSTOMER_ONLY,
    }
}

fn my_addresses_destroy() -> Case {
    Case {
        operation: "customers_me_addresses_destroy",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(address_of_ana(s).await)),
            status: 204,
            checks: vec![Increases("select -count(*) from addresses", 1)],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: CUSTOMER_ONLY,
    }
}

fn addresses_list() -> Case {
    Case {
        operation: "customers_addresses_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                address_of_ana(s).await;
                Call::with_id(s.ana.customer)
            }),
            status: 200,
            checks: vec![Equals("/results/0/company", json!("Mugs"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(400, Field("/country"), async |s| Call::with_id(s.ana.customer).query("country=XX")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn addresses_create() -> Case {
    Case {
        operation: "customers_addresses_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                delete_addresses(s).await;
                Call::with_id(s.ana.customer).body(body("city", json!("Mombasa")))
            }),
            status: 201,
            checks: vec![Equals("/city", json!("Mombasa")), Increases("select count(*) from addresses", 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(address())),
            rejected(400, Field("/city"), async |s| Call::with_id(s.ana.customer).body(body("city", json!("")))),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn addresses_retrieve() -> Case {
    Case {
        operation: "customers_addresses_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| staff_call(s).await),
            status: 200,
            checks: vec![Equals("/country", json!("KE"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |s| Call::with_id(s.ana.customer).below("address_id", UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| {
                Call::with_id(s.ben.customer).below("address_id", address_of_ana(s).await)
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn addresses_update() -> Case {
    Case {
        operation: "customers_addresses_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| staff_call(s).await.body(body("city", json!("Kisumu")))),
            status: 200,
            checks: vec![Equals("/city", json!("Kisumu"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/country"), async |s| staff_call(s).await.body(body("country", json!("")))),
            rejected(404, Code("not_found"), async |s| {
                Call::with_id(s.ben.customer).below("address_id", address_of_ana(s).await).body(address())
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn addresses_partial_update() -> Case {
    Case {
        operation: "customers_addresses_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| staff_call(s).await.body(json!({"line2": "3rd floor"}))),
            status: 200,
            checks: vec![Equals("/line2", json!("3rd floor")), Equals("/company", json!("Mugs"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/postal_code"), async |s| staff_call(s).await.body(json!({"postal_code": "1"}))),
            rejected(404, Code("not_found"), async |s| {
                Call::with_id(s.ben.customer).below("address_id", address_of_ana(s).await).body(json!({}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn addresses_destroy() -> Case {
    Case {
        operation: "customers_addresses_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| staff_call(s).await),
            status: 204,
            checks: vec![Increases("select -count(*) from addresses", 1)],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |s| {
            Call::with_id(s.ben.customer).below("address_id", address_of_ana(s).await)
        })]),
        other_callers: PERMISSION_REQUIRED,
    }
}
