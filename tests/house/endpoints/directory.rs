//! Cases of customer records, notes and customer groups.

use serde_json::json;

use super::access::PERMISSION_REQUIRED;
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::Staff;
use super::case::{Call, Case, Rejections, Success, call, rejected};
use super::fixture::{Fixture, UNKNOWN_ID};

pub fn cases() -> Vec<Case> {
    vec![
        customers_list(),
        customers_export(),
        customers_retrieve(),
        customers_partial_update(),
        history_list(),
        orders_list(),
        notes_list(),
        notes_create(),
        notes_retrieve(),
        notes_destroy(),
        groups_list(),
        groups_create(),
        groups_retrieve(),
        groups_update(),
        groups_partial_update(),
        groups_destroy(),
        members_list(),
        members_create(),
        members_remove(),
    ]
}

/// Creates a note about Ana and returns its id.
async fn note(fixture: &Fixture) -> String {
    let url = format!("/api/customers/{}/notes/", fixture.ana.customer);
    let note = fixture.staff.post(&url, json!({"text": "Calls in the evening."})).await.expect(201);
    note["id"].as_str().unwrap().to_owned()
}

/// Creates a group with a unique name and returns its id.
async fn group(fixture: &Fixture) -> String {
    let body = json!({"name": format!("Group {}", fixture.next()), "description": "Friends"});
    let group = fixture.staff.post("/api/customer-groups/", body).await.expect(201);
    group["id"].as_str().unwrap().to_owned()
}

/// Creates a group with Ana as a member and returns its id.
async fn group_of_ana(fixture: &Fixture) -> String {
    let id = group(fixture).await;
    let members = json!({"customers": [fixture.ana.customer]});
    fixture.staff.post(&format!("/api/customer-groups/{id}/members/"), members).await.expect(200);
    id
}

fn customers_list() -> Case {
    Case {
        operation: "customers_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |_| Call::with_query("email=ana@example.com")),
            status: 200,
            checks: vec![Equals("/count", json!(1)), Equals("/results/0/first_name", json!("ana"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/is_active"), async |_| Call::with_query("is_active=maybe")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=1000")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn customers_export() -> Case {
    Case {
        operation: "customers_export_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |_| Call::with_query("email=ana@example.com")),
            status: 200,
            checks: vec![Increases("select count(*) from audit_entries where action = 'customers.exported'", 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/country"), async |_| Call::with_query("country=XX")),
            rejected(404, Code("not_found"), async |_| Call::with_query("format=xlsx")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn customers_retrieve() -> Case {
    Case {
        operation: "customers_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.ana.customer)),
            status: 200,
            checks: vec![Equals("/email", json!("ana@example.com")), Equals("/has_account", json!(true))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn customers_partial_update() -> Case {
    Case {
        operation: "customers_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let body = json!({"last_name": "Wanjiru", "phone": "+254 700 000 001", "metadata": {"a": 1}});
                Call::with_id(s.ana.customer).body(body)
            }),
            status: 200,
            checks: vec![
                Equals("/last_name", json!("Wanjiru")),
                Equals("/phone", json!("+254700000001")),
                Increases("select count(*) from customers where metadata = '{\"a\": 1}'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({}))),
            rejected(400, Field("/phone"), async |s| {
                Call::with_id(s.ana.customer).body(json!({"phone": "0700 000 001"}))
            }),
            rejected(400, Field("/metadata"), async |s| Call::with_id(s.ana.customer).body(json!({"metadata": []}))),
            rejected(400, Field("/last_name"), async |s| {
                s.shop.execute(&format!(
                    "insert into customers (id, name, created_at, updated_at) values ('{CUSTOMER_WITHOUT_ACCOUNT}', 'x', now(), now()) \
                     on conflict do nothing"
                ));
                Call::with_id(CUSTOMER_WITHOUT_ACCOUNT).body(json!({"last_name": "x"}))
            }),
            rejected(412, Code("precondition_failed"), async |s| {
                Call::with_id(s.ana.customer).header("if-match", "\"99.x\"").body(json!({"language": "sw"}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

/// Id of a customer without an account.
const CUSTOMER_WITHOUT_ACCOUNT: &str = "0190dddd-0000-7000-8000-000000000001";

fn history_list() -> Case {
    Case {
        operation: "customers_history_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.ana.customer).query("ordering=created_at")),
            status: 200,
            checks: vec![Equals("/results/0/action", json!("user.created"))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn orders_list() -> Case {
    Case {
        operation: "customers_orders_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                s.order("confirmed").await;
                Call::with_id(s.ana.customer).query("page_size=1")
            }),
            status: 200,
            checks: vec![Equals("/results/0/email", json!("ana@example.com"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(400, Field("/status"), async |s| Call::with_id(s.ana.customer).query("status=lost")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn notes_list() -> Case {
    Case {
        operation: "customers_notes_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                note(s).await;
                Call::with_id(s.ana.customer)
            }),
            status: 200,
            checks: vec![Equals("/results/0/text", json!("Calls in the evening."))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn notes_create() -> Case {
    Case {
        operation: "customers_notes_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.ana.customer).body(json!({"text": "Moved."}))),
            status: 201,
            checks: vec![Equals("/text", json!("Moved.")), Increases("select count(*) from customer_notes", 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"text": "x"}))),
            rejected(400, Field("/text"), async |s| Call::with_id(s.ana.customer).body(json!({"text": " "}))),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn notes_retrieve() -> Case {
    Case {
        operation: "customers_notes_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.ana.customer).below("note_id", note(s).await)),
            status: 200,
            checks: vec![Equals("/text", json!("Calls in the evening."))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |s| Call::with_id(s.ana.customer).below("note_id", UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| Call::with_id(s.ben.customer).below("note_id", note(s).await)),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn notes_destroy() -> Case {
    Case {
        operation: "customers_notes_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.ana.customer).below("note_id", note(s).await)),
            status: 204,
            checks: vec![Increases("select -count(*) from customer_notes", 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |s| Call::with_id(s.ana.customer).below("note_id", UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| Call::with_id(s.ben.customer).below("note_id", note(s).await)),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_list() -> Case {
    Case {
        operation: "customer_groups_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                group(s).await;
                Call::with_query("search=friends&page_size=1")
            }),
            status: 200,
            checks: vec![Equals("/results/0/description", json!("Friends"))],
        }],
        rejections: Rejections::Cases(vec![rejected(400, Field("/created_at"), async |_| {
            Call::with_query("created_at=x")
        })]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_create() -> Case {
    Case {
        operation: "customer_groups_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_body(json!({"name": format!("New {}", s.next()), "description": "x"}))),
            status: 201,
            checks: vec![Equals("/description", json!("x")), Increases("select count(*) from customer_groups", 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/name"), async |_| Call::with_body(json!({}))),
            rejected(400, Field("/name"), async |s| {
                let id = group(s).await;
                let name = s.text(&format!("select name from customer_groups where id = '{id}'"));
                Call::with_body(json!({"name": name}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_retrieve() -> Case {
    Case {
        operation: "customer_groups_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group_of_ana(s).await)),
            status: 200,
            checks: vec![Equals("/member_count", json!(1))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_update() -> Case {
    Case {
        operation: "customer_groups_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group(s).await).body(json!({"name": format!("Other {}", s.next())}))),
            status: 200,
            checks: vec![Equals("/description", json!("Friends"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"name": "x"}))),
            rejected(400, Field("/name"), async |s| Call::with_id(group(s).await).body(json!({"name": null}))),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_partial_update() -> Case {
    Case {
        operation: "customer_groups_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group(s).await).body(json!({"metadata": {"a": 1}}))),
            status: 200,
            checks: vec![Equals("/metadata/a", json!(1)), Equals("/description", json!("Friends"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({}))),
            rejected(400, Field("/metadata"), async |s| Call::with_id(group(s).await).body(json!({"metadata": 1}))),
            rejected(412, Code("precondition_failed"), async |s| {
                Call::with_id(group(s).await).header("if-match", "\"9.x\"").body(json!({}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_destroy() -> Case {
    Case {
        operation: "customer_groups_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group_of_ana(s).await)),
            status: 204,
            checks: vec![Increases("select -count(*) from customer_groups", 1)],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn members_list() -> Case {
    Case {
        operation: "customer_groups_members_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group_of_ana(s).await).query("expand=customer")),
            status: 200,
            checks: vec![Equals("/count", json!(1)), Equals("/results/0/customer/email", json!("ana@example.com"))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn members_create() -> Case {
    Case {
        operation: "customer_groups_members_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group(s).await).body(json!({"customers": [s.ana.customer]}))),
            status: 200,
            checks: vec![
                Equals("/member_count", json!(1)),
                Increases("select count(*) from customer_group_members", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |s| {
                Call::with_id(UNKNOWN_ID).body(json!({"customers": [s.ana.customer]}))
            }),
            rejected(400, Field("/customers"), async |s| Call::with_id(group(s).await).body(json!({"customers": []}))),
            rejected(400, Field("/customers/0"), async |s| {
                Call::with_id(group(s).await).body(json!({"customers": [UNKNOWN_ID]}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn members_remove() -> Case {
    Case {
        operation: "customer_groups_members_remove_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group_of_ana(s).await).body(json!({"customers": [s.ana.customer]}))),
            status: 200,
            checks: vec![
                Equals("/member_count", json!(0)),
                Increases("select -count(*) from customer_group_members", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |s| {
                Call::with_id(UNKNOWN_ID).body(json!({"customers": [s.ana.customer]}))
            }),
            rejected(400, Field("/customers/0"), async |s| {
                Call::with_id(group(s).await).body(json!({"customers": ["x"]}))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}
