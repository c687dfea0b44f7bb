//! Customers as staff see them, and groups of them.

use serde_json::json;

use super::case::Role::Staff;
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Refused, call, refused};
use super::gates::PERMITTED_ONLY;
use super::stage::{NOBODY, Stage};

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

/// A note about Ana.
async fn note(stage: &Stage) -> String {
    let url = format!("/api/customers/{}/notes/", stage.ana.customer);
    let note = stage.staff.post(&url, json!({"text": "Calls in the evening."})).await.expect(201);
    note["id"].as_str().unwrap().to_owned()
}

/// A group with a name of its own.
async fn group(stage: &Stage) -> String {
    let body = json!({"name": format!("Group {}", stage.next()), "description": "Friends"});
    let group = stage.staff.post("/api/customer-groups/", body).await.expect(201);
    group["id"].as_str().unwrap().to_owned()
}

/// A group that Ana belongs to.
async fn group_of_ana(stage: &Stage) -> String {
    let id = group(stage).await;
    let members = json!({"customers": [stage.ana.customer]});
    stage.staff.post(&format!("/api/customer-groups/{id}/members/"), members).await.expect(200);
    id
}

fn customers_list() -> Case {
    Case {
        operation: "customers_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |_| Call::asking("email=ana@example.com")),
            status: 200,
            shows: vec![Has("/count", json!(1)), Has("/results/0/first_name", json!("ana"))],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/is_active"), async |_| Call::asking("is_active=maybe")),
            refused(404, Code("not_found"), async |_| Call::asking("page=1000")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn customers_export() -> Case {
    Case {
        operation: "customers_export_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |_| Call::asking("email=ana@example.com")),
            status: 200,
            shows: vec![Grows("select count(*) from audit_entries where action = 'customers.exported'", 1)],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/country"), async |_| Call::asking("country=XX")),
            refused(404, Code("not_found"), async |_| Call::asking("format=xlsx")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn customers_retrieve() -> Case {
    Case {
        operation: "customers_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.ana.customer)),
            status: 200,
            shows: vec![Has("/email", json!("ana@example.com")), Has("/has_account", json!(true))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn customers_partial_update() -> Case {
    Case {
        operation: "customers_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let body = json!({"last_name": "Wanjiru", "phone": "+254 700 000 001", "metadata": {"a": 1}});
                Call::of(s.ana.customer).body(body)
            }),
            status: 200,
            shows: vec![
                Has("/last_name", json!("Wanjiru")),
                Has("/phone", json!("+254700000001")),
                Grows("select count(*) from customers where metadata = '{\"a\": 1}'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({}))),
            refused(400, Field("/phone"), async |s| Call::of(s.ana.customer).body(json!({"phone": "0700 000 001"}))),
            refused(400, Field("/metadata"), async |s| Call::of(s.ana.customer).body(json!({"metadata": []}))),
            refused(400, Field("/last_name"), async |s| {
                s.shop.execute(&format!(
                    "insert into customers (id, name, created_at, updated_at) values ('{CLERK}', 'x', now(), now()) \
                     on conflict do nothing"
                ));
                Call::of(CLERK).body(json!({"last_name": "x"}))
            }),
            refused(412, Code("precondition_failed"), async |s| {
                Call::of(s.ana.customer).header("if-match", "\"99.x\"").body(json!({"language": "sw"}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

/// Somebody without an account.
const CLERK: &str = "0190dddd-0000-7000-8000-000000000001";

fn history_list() -> Case {
    Case {
        operation: "customers_history_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.ana.customer).query("ordering=created_at")),
            status: 200,
            shows: vec![Has("/results/0/action", json!("user.created"))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn orders_list() -> Case {
    Case {
        operation: "customers_orders_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                s.order("confirmed").await;
                Call::of(s.ana.customer).query("page_size=1")
            }),
            status: 200,
            shows: vec![Has("/results/0/email", json!("ana@example.com"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(400, Field("/status"), async |s| Call::of(s.ana.customer).query("status=lost")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn notes_list() -> Case {
    Case {
        operation: "customers_notes_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                note(s).await;
                Call::of(s.ana.customer)
            }),
            status: 200,
            shows: vec![Has("/results/0/text", json!("Calls in the evening."))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn notes_create() -> Case {
    Case {
        operation: "customers_notes_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.ana.customer).body(json!({"text": "Moved."}))),
            status: 201,
            shows: vec![Has("/text", json!("Moved.")), Grows("select count(*) from customer_notes", 1)],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"text": "x"}))),
            refused(400, Field("/text"), async |s| Call::of(s.ana.customer).body(json!({"text": " "}))),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn notes_retrieve() -> Case {
    Case {
        operation: "customers_notes_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.ana.customer).below("note_id", note(s).await)),
            status: 200,
            shows: vec![Has("/text", json!("Calls in the evening."))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |s| Call::of(s.ana.customer).below("note_id", NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(s.ben.customer).below("note_id", note(s).await)),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn notes_destroy() -> Case {
    Case {
        operation: "customers_notes_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.ana.customer).below("note_id", note(s).await)),
            status: 204,
            shows: vec![Grows("select -count(*) from customer_notes", 1)],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |s| Call::of(s.ana.customer).below("note_id", NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(s.ben.customer).below("note_id", note(s).await)),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_list() -> Case {
    Case {
        operation: "customer_groups_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                group(s).await;
                Call::asking("search=friends&page_size=1")
            }),
            status: 200,
            shows: vec![Has("/results/0/description", json!("Friends"))],
        }],
        refused: Refused::These(vec![refused(400, Field("/created_at"), async |_| Call::asking("created_at=x"))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_create() -> Case {
    Case {
        operation: "customer_groups_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::sending(json!({"name": format!("New {}", s.next()), "description": "x"}))),
            status: 201,
            shows: vec![Has("/description", json!("x")), Grows("select count(*) from customer_groups", 1)],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/name"), async |_| Call::sending(json!({}))),
            refused(400, Field("/name"), async |s| {
                let id = group(s).await;
                let name = s.text(&format!("select name from customer_groups where id = '{id}'"));
                Call::sending(json!({"name": name}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_retrieve() -> Case {
    Case {
        operation: "customer_groups_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group_of_ana(s).await)),
            status: 200,
            shows: vec![Has("/member_count", json!(1))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_update() -> Case {
    Case {
        operation: "customer_groups_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group(s).await).body(json!({"name": format!("Other {}", s.next())}))),
            status: 200,
            shows: vec![Has("/description", json!(""))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"name": "x"}))),
            refused(400, Field("/name"), async |s| Call::of(group(s).await).body(json!({"name": null}))),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_partial_update() -> Case {
    Case {
        operation: "customer_groups_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group(s).await).body(json!({"metadata": {"a": 1}}))),
            status: 200,
            shows: vec![Has("/metadata/a", json!(1)), Has("/description", json!("Friends"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({}))),
            refused(400, Field("/metadata"), async |s| Call::of(group(s).await).body(json!({"metadata": 1}))),
            refused(412, Code("precondition_failed"), async |s| {
                Call::of(group(s).await).header("if-match", "\"9.x\"").body(json!({}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_destroy() -> Case {
    Case {
        operation: "customer_groups_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group_of_ana(s).await)),
            status: 204,
            shows: vec![Grows("select -count(*) from customer_groups", 1)],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn members_list() -> Case {
    Case {
        operation: "customer_groups_members_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group_of_ana(s).await).query("expand=customer")),
            status: 200,
            shows: vec![Has("/count", json!(1)), Has("/results/0/customer/email", json!("ana@example.com"))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn members_create() -> Case {
    Case {
        operation: "customer_groups_members_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group(s).await).body(json!({"customers": [s.ana.customer]}))),
            status: 200,
            shows: vec![Has("/member_count", json!(1)), Grows("select count(*) from customer_group_members", 1)],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |s| Call::of(NOBODY).body(json!({"customers": [s.ana.customer]}))),
            refused(400, Field("/customers"), async |s| Call::of(group(s).await).body(json!({"customers": []}))),
            refused(400, Field("/customers/0"), async |s| {
                Call::of(group(s).await).body(json!({"customers": [NOBODY]}))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn members_remove() -> Case {
    Case {
        operation: "customer_groups_members_remove_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group_of_ana(s).await).body(json!({"customers": [s.ana.customer]}))),
            status: 200,
            shows: vec![Has("/member_count", json!(0)), Grows("select -count(*) from customer_group_members", 1)],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |s| Call::of(NOBODY).body(json!({"customers": [s.ana.customer]}))),
            refused(400, Field("/customers/0"), async |s| Call::of(group(s).await).body(json!({"customers": ["x"]}))),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}
