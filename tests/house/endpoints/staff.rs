//! Operations of staff members, groups and permissions.

use mercer::customers::ids::GroupId;
use serde_json::{Value, json};

use super::access::{PERMISSION_REQUIRED, own};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Customer, Staff};
use super::case::{Call, Case, Rejection, Rejections, Success, call, rejected};
use super::fixture::{CHANNEL, Fixture, UNKNOWN_ID};

pub fn cases() -> Vec<Case> {
    vec![
        list(),
        create(),
        retrieve(),
        partial_update(),
        destroy(),
        activate_create(),
        deactivate_create(),
        groups_list(),
        groups_create(),
        groups_retrieve(),
        groups_update(),
        groups_partial_update(),
        groups_destroy(),
        groups_channels_retrieve(),
        groups_channels_update(),
        permissions_list(),
        auth_permissions_retrieve(),
    ]
}

/// Creates a group as the superuser and returns its id.
async fn group(fixture: &Fixture, permissions: &[&str]) -> GroupId {
    let body = json!({"name": format!("Group {}", fixture.next()), "permissions": permissions});
    let created = fixture.root.post("/api/groups/", body).await.expect(201);
    created["id"].as_str().unwrap().parse().unwrap()
}

/// Creates another staff member without groups and returns the id.
async fn colleague(fixture: &Fixture) -> String {
    let body = json!({"email": format!("colleague-{}@example.com", fixture.next()), "first_name": "Otieno"});
    let created = fixture.root.post("/api/staff/", body).await.expect(201);
    created["id"].as_str().unwrap().to_owned()
}

/// Rejections of requests for one staff member: unknown ids and customers are not found, superusers cannot be changed.
fn staff_rejections(body: &Value) -> Vec<Rejection> {
    let [one, two, three] = [body.clone(), body.clone(), body.clone()];
    vec![
        rejected(404, Code("not_found"), async move |_| Call::with_id(UNKNOWN_ID).body(one.clone())),
        rejected(404, Code("not_found"), async move |s| Call::with_id(s.ana.user).body(two.clone())),
        rejected(403, Code("out_of_scope"), async move |s| Call::with_id(s.root.user).body(three.clone())),
    ]
}

fn list() -> Case {
    Case {
        operation: "staff_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |_| Call::with_query("search=staff")),
            status: 200,
            checks: vec![
                Equals("/count", json!(1)),
                Equals("/results/0/email", json!("staff@example.com")),
                Equals("/results/0/is_superuser", json!(false)),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/group"), async |_| Call::with_query("group=x")),
            rejected(400, Field("/is_active"), async |_| Call::with_query("is_active=perhaps")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=99")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn invitation(fixture: &Fixture, field: &str, value: Value) -> Call {
    let mut body = json!({"email": format!("wanjiru-{}@example.com", fixture.next()), "first_name": "Wanjiru"});
    body[field] = value;
    Call::with_body(body)
}

fn create() -> Case {
    Case {
        operation: "staff_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| invitation(s, "groups", json!([group(s, &["orders.view"]).await]))),
            status: 201,
            checks: vec![
                Equals("/first_name", json!("Wanjiru")),
                Equals("/is_active", json!(true)),
                Increases("select count(*) from users where is_staff and password_hash is null", 1),
                Increases("select count(*) from group_members", 1),
                Increases("select count(*) from audit_entries where action = 'staff.invited'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/email"), async |s| invitation(s, "email", json!("wanjiru"))),
            rejected(400, Field("/email"), async |s| invitation(s, "email", json!("Root@example.com"))),
            rejected(400, Field("/groups"), async |s| invitation(s, "groups", json!([UNKNOWN_ID]))),
            rejected(403, Code("out_of_scope"), async |s| {
                invitation(s, "groups", json!([group(s, &["orders.view", "jobs.view"]).await]))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn retrieve() -> Case {
    Case {
        operation: "staff_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(s.root.user)),
            status: 200,
            checks: vec![Equals("/email", json!("root@example.com")), Equals("/groups", json!([]))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| Call::with_id(s.ana.user)),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn partial_update() -> Case {
    let names = json!({"last_name": "Otieno"});
    let mut rejections = staff_rejections(&names);
    rejections.extend([
        rejected(400, Field("/groups"), async |s| {
            Call::with_id(colleague(s).await).body(json!({"groups": [UNKNOWN_ID]}))
        }),
        rejected(400, Field("/first_name"), async |s| {
            Call::with_id(colleague(s).await).body(json!({"first_name": "x".repeat(151)}))
        }),
        rejected(403, Code("out_of_scope"), async |s| {
            let jobs = group(s, &["jobs.view"]).await;
            Call::with_id(colleague(s).await).body(json!({"groups": [jobs]}))
        }),
    ]);
    Case {
        operation: "staff_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let desk = group(s, &["orders.view"]).await;
                Call::with_id(colleague(s).await).body(json!({"last_name": "Kamau", "groups": [desk]}))
            }),
            status: 200,
            checks: vec![
                Equals("/last_name", json!("Kamau")),
                Increases("select count(*) from users where is_staff and last_name = 'Kamau'", 1),
                Increases("select count(*) from group_members", 1),
            ],
        }],
        rejections: Rejections::Cases(rejections),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn destroy() -> Case {
    Case {
        operation: "staff_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(colleague(s).await)),
            status: 204,
            checks: vec![
                Increases("select count(*) from users where is_staff", -1),
                Increases("select count(*) from users", 0),
                Increases("select count(*) from audit_entries where action = 'staff.dismissed'", 1),
            ],
        }],
        rejections: Rejections::Cases(staff_rejections(&json!({}))),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn activate_create() -> Case {
    Case {
        operation: "staff_activate_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let id = colleague(s).await;
                s.shop.execute(&format!("update users set is_active = false where id = '{id}'"));
                Call::with_id(id)
            }),
            status: 200,
            checks: vec![
                Equals("/is_active", json!(true)),
                Increases("select count(*) from users where not is_active", -1),
                Increases("select count(*) from audit_entries where action = 'user.activated'", 1),
            ],
        }],
        rejections: Rejections::Cases(staff_rejections(&json!({}))),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn deactivate_create() -> Case {
    Case {
        operation: "staff_deactivate_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(colleague(s).await)),
            status: 200,
            checks: vec![
                Equals("/is_active", json!(false)),
                Increases("select count(*) from users where not is_active", 1),
                Increases("select count(*) from audit_entries where action = 'user.deactivated'", 1),
            ],
        }],
        rejections: Rejections::Cases(staff_rejections(&json!({}))),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_list() -> Case {
    Case {
        operation: "groups_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |_| Call::with_query("search=staff")),
            status: 200,
            checks: vec![
                Equals("/count", json!(1)),
                Equals("/results/0/name", json!("Group of staff")),
                Equals("/results/0/member_count", json!(1)),
            ],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_query("page=99"))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn group_body(fixture: &Fixture, permissions: Value) -> Value {
    json!({"name": format!("Desk {}", fixture.next()), "permissions": permissions})
}

fn groups_create() -> Case {
    Case {
        operation: "groups_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_body(group_body(s, json!(["orders.view", "orders.view"])))),
            status: 201,
            checks: vec![
                Equals("/permissions", json!(["orders.view"])),
                Equals("/member_count", json!(0)),
                Increases("select count(*) from groups where permissions = '{orders.view}'", 1),
                Increases("select count(*) from audit_entries where action = 'group.created'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/name"), async |_| Call::with_body(json!({"permissions": []}))),
            rejected(400, Field("/name"), async |_| {
                Call::with_body(json!({"name": "GROUP of staff", "permissions": []}))
            }),
            rejected(400, Field("/permissions/0"), async |s| Call::with_body(group_body(s, json!(["orders.fly"])))),
            rejected(403, Code("out_of_scope"), async |s| Call::with_body(group_body(s, json!(["jobs.view"])))),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_retrieve() -> Case {
    Case {
        operation: "groups_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group(s, &["orders.view", "jobs.view"]).await)),
            status: 200,
            checks: vec![Equals("/permissions", json!(["orders.view", "jobs.view"]))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

/// Rejections of requests for one group: it does not exist, or it has permissions that the caller does not have.
fn group_rejections(body: &Value) -> Vec<Rejection> {
    let [one, two] = [body.clone(), body.clone()];
    vec![
        rejected(404, Code("not_found"), async move |_| Call::with_id(UNKNOWN_ID).body(one.clone())),
        rejected(403, Code("out_of_scope"), async move |s| {
            Call::with_id(group(s, &["orders.view", "jobs.view"]).await).body(two.clone())
        }),
    ]
}

fn groups_update() -> Case {
    let mut rejections = group_rejections(&json!({"name": "Desk", "permissions": ["orders.view"]}));
    rejections.push(rejected(400, Field("/permissions"), async |s| {
        Call::with_id(group(s, &[]).await).body(json!({"name": "Desk"}))
    }));
    Case {
        operation: "groups_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                Call::with_id(group(s, &["orders.view"]).await).body(group_body(s, json!(["stock.view"])))
            }),
            status: 200,
            checks: vec![
                Equals("/permissions", json!(["stock.view"])),
                Increases("select count(*) from groups where permissions = '{stock.view}'", 1),
                Increases("select count(*) from audit_entries where action = 'group.changed'", 1),
            ],
        }],
        rejections: Rejections::Cases(rejections),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_partial_update() -> Case {
    let mut rejections = group_rejections(&json!({"permissions": []}));
    rejections.extend([
        rejected(400, Field("/name"), async |s| Call::with_id(group(s, &[]).await).body(json!({"name": " "}))),
        rejected(403, Code("out_of_scope"), async |s| {
            Call::with_id(group(s, &["orders.view"]).await).body(json!({"permissions": ["orders.view", "jobs.view"]}))
        }),
    ]);
    Case {
        operation: "groups_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group(s, &["orders.view"]).await).body(json!({"permissions": []}))),
            status: 200,
            checks: vec![
                Equals("/permissions", json!([])),
                Increases("select count(*) from groups where permissions = '{orders.view}'", -1),
                Increases("select count(*) from audit_entries where action = 'group.changed'", 1),
            ],
        }],
        rejections: Rejections::Cases(rejections),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_destroy() -> Case {
    Case {
        operation: "groups_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(group(s, &["orders.view"]).await)),
            status: 204,
            checks: vec![
                Increases("select count(*) from groups", -1),
                Increases("select count(*) from audit_entries where action = 'group.deleted'", 1),
            ],
        }],
        rejections: Rejections::Cases(group_rejections(&json!({}))),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_channels_retrieve() -> Case {
    Case {
        operation: "groups_channels_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let desk = group(s, &["orders.view"]).await;
                s.shop.execute(&format!("insert into group_channels values ('{desk}', '{CHANNEL}')"));
                Call::with_id(desk)
            }),
            status: 200,
            checks: vec![Equals("/channels", json!([CHANNEL]))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn groups_channels_update() -> Case {
    let mut rejections = group_rejections(&json!({"channels": [CHANNEL]}));
    rejections.extend([
        rejected(400, Field("/channels"), async |s| Call::with_id(group(s, &[]).await).body(json!({}))),
        rejected(400, Field("/channels"), async |s| {
            Call::with_id(group(s, &[]).await).body(json!({"channels": [UNKNOWN_ID]}))
        }),
    ]);
    Case {
        operation: "groups_channels_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                Call::with_id(group(s, &["orders.view"]).await).body(json!({"channels": [CHANNEL, CHANNEL]}))
            }),
            status: 200,
            checks: vec![
                Equals("/channels", json!([CHANNEL])),
                Increases("select count(*) from group_channels", 1),
                Increases("select count(*) from audit_entries where action = 'group.restricted'", 1),
            ],
        }],
        rejections: Rejections::Cases(rejections),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn permissions_list() -> Case {
    Case {
        operation: "permissions_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![
                Equals("/0/name", json!("customers.view")),
                Equals("/0/description", json!("View customers and their addresses")),
            ],
        }],
        rejections: Rejections::None("the request has no input, and the list is constant"),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn auth_permissions_retrieve() -> Case {
    let nothing = json!({"is_superuser": false, "permissions": [], "channels": null});
    Case {
        operation: "auth_permissions_retrieve",
        successes: vec![
            Success {
                by: Customer,
                call: call(async |_| Call::empty()),
                status: 200,
                checks: vec![Equals("", nothing)],
            },
            Success {
                by: Staff,
                call: call(async |_| Call::empty()),
                status: 200,
                checks: vec![Equals("/permissions/0", json!("customers.view")), Equals("/is_superuser", json!(false))],
            },
        ],
        rejections: Rejections::None("the request has no input, and every principal has a set of permissions"),
        other_callers: own("every principal can view its own permissions"),
    }
}
