//! Staff, their groups, and what can be granted.

use mercer::platform::types::GroupId;
use serde_json::{Value, json};

use super::case::Role::{Customer, Staff};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Refusal, Refused, call, refused};
use super::gates::{PERMITTED_ONLY, own};
use super::stage::{CHANNEL, NOBODY, Stage};

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

/// A group, made by the superuser.
async fn group(stage: &Stage, permissions: &[&str]) -> GroupId {
    let body = json!({"name": format!("Group {}", stage.next()), "permissions": permissions});
    let made = stage.root.post("/api/groups/", body).await.expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

/// Somebody else who works here, in no group.
async fn colleague(stage: &Stage) -> String {
    let body = json!({"email": format!("colleague-{}@example.com", stage.next()), "first_name": "Otieno"});
    let made = stage.root.post("/api/staff/", body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// Refusals of what is about somebody who works here: customers and nobodies are not there, superusers are too high.
fn no_staff_below(body: &Value) -> Vec<Refusal> {
    let [one, two, three] = [body.clone(), body.clone(), body.clone()];
    vec![
        refused(404, Code("not_found"), async move |_| Call::of(NOBODY).body(one.clone())),
        refused(404, Code("not_found"), async move |s| Call::of(s.ana.user).body(two.clone())),
        refused(403, Code("out_of_scope"), async move |s| Call::of(s.root.user).body(three.clone())),
    ]
}

fn list() -> Case {
    Case {
        operation: "staff_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |_| Call::asking("search=staff")),
            status: 200,
            shows: vec![
                Has("/count", json!(1)),
                Has("/results/0/email", json!("staff@example.com")),
                Has("/results/0/is_superuser", json!(false)),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/group"), async |_| Call::asking("group=x")),
            refused(400, Field("/is_active"), async |_| Call::asking("is_active=perhaps")),
            refused(404, Code("not_found"), async |_| Call::asking("page=99")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn invitation(stage: &Stage, field: &str, value: Value) -> Call {
    let mut body = json!({"email": format!("wanjiru-{}@example.com", stage.next()), "first_name": "Wanjiru"});
    body[field] = value;
    Call::sending(body)
}

fn create() -> Case {
    Case {
        operation: "staff_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| invitation(s, "groups", json!([group(s, &["orders.view"]).await]))),
            status: 201,
            shows: vec![
                Has("/first_name", json!("Wanjiru")),
                Has("/is_active", json!(true)),
                Grows("select count(*) from users where is_staff and password_hash is null", 1),
                Grows("select count(*) from group_members", 1),
                Grows("select count(*) from audit_entries where action = 'staff.invited'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/email"), async |s| invitation(s, "email", json!("wanjiru"))),
            refused(400, Field("/email"), async |s| invitation(s, "email", json!("Root@example.com"))),
            refused(400, Field("/groups"), async |s| invitation(s, "groups", json!([NOBODY]))),
            refused(403, Code("out_of_scope"), async |s| {
                invitation(s, "groups", json!([group(s, &["orders.view", "jobs.view"]).await]))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn retrieve() -> Case {
    Case {
        operation: "staff_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(s.root.user)),
            status: 200,
            shows: vec![Has("/email", json!("root@example.com")), Has("/groups", json!([]))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(s.ana.user)),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn partial_update() -> Case {
    let names = json!({"last_name": "Otieno"});
    let mut refusals = no_staff_below(&names);
    refusals.extend([
        refused(400, Field("/groups"), async |s| Call::of(colleague(s).await).body(json!({"groups": [NOBODY]}))),
        refused(400, Field("/first_name"), async |s| {
            Call::of(colleague(s).await).body(json!({"first_name": "x".repeat(151)}))
        }),
        refused(403, Code("out_of_scope"), async |s| {
            let jobs = group(s, &["jobs.view"]).await;
            Call::of(colleague(s).await).body(json!({"groups": [jobs]}))
        }),
    ]);
    Case {
        operation: "staff_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let desk = group(s, &["orders.view"]).await;
                Call::of(colleague(s).await).body(json!({"last_name": "Kamau", "groups": [desk]}))
            }),
            status: 200,
            shows: vec![
                Has("/last_name", json!("Kamau")),
                Grows("select count(*) from users where is_staff and last_name = 'Kamau'", 1),
                Grows("select count(*) from group_members", 1),
            ],
        }],
        refused: Refused::These(refusals),
        outsiders: PERMITTED_ONLY,
    }
}

fn destroy() -> Case {
    Case {
        operation: "staff_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(colleague(s).await)),
            status: 204,
            shows: vec![
                Grows("select count(*) from users where is_staff", -1),
                Grows("select count(*) from users", 0),
                Grows("select count(*) from audit_entries where action = 'staff.dismissed'", 1),
            ],
        }],
        refused: Refused::These(no_staff_below(&json!({}))),
        outsiders: PERMITTED_ONLY,
    }
}

fn activate_create() -> Case {
    Case {
        operation: "staff_activate_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let id = colleague(s).await;
                s.shop.execute(&format!("update users set is_active = false where id = '{id}'"));
                Call::of(id)
            }),
            status: 200,
            shows: vec![
                Has("/is_active", json!(true)),
                Grows("select count(*) from users where not is_active", -1),
                Grows("select count(*) from audit_entries where action = 'user.activated'", 1),
            ],
        }],
        refused: Refused::These(no_staff_below(&json!({}))),
        outsiders: PERMITTED_ONLY,
    }
}

fn deactivate_create() -> Case {
    Case {
        operation: "staff_deactivate_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(colleague(s).await)),
            status: 200,
            shows: vec![
                Has("/is_active", json!(false)),
                Grows("select count(*) from users where not is_active", 1),
                Grows("select count(*) from audit_entries where action = 'user.deactivated'", 1),
            ],
        }],
        refused: Refused::These(no_staff_below(&json!({}))),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_list() -> Case {
    Case {
        operation: "groups_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |_| Call::asking("search=staff")),
            status: 200,
            shows: vec![
                Has("/count", json!(1)),
                Has("/results/0/name", json!("Group of staff")),
                Has("/results/0/member_count", json!(1)),
            ],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::asking("page=99"))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn group_body(stage: &Stage, permissions: Value) -> Value {
    json!({"name": format!("Desk {}", stage.next()), "permissions": permissions})
}

fn groups_create() -> Case {
    Case {
        operation: "groups_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::sending(group_body(s, json!(["orders.view", "orders.view"])))),
            status: 201,
            shows: vec![
                Has("/permissions", json!(["orders.view"])),
                Has("/member_count", json!(0)),
                Grows("select count(*) from groups where permissions = '{orders.view}'", 1),
                Grows("select count(*) from audit_entries where action = 'group.created'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/name"), async |_| Call::sending(json!({"permissions": []}))),
            refused(400, Field("/name"), async |_| Call::sending(json!({"name": "GROUP of staff", "permissions": []}))),
            refused(400, Field("/permissions/0"), async |s| Call::sending(group_body(s, json!(["orders.fly"])))),
            refused(403, Code("out_of_scope"), async |s| Call::sending(group_body(s, json!(["jobs.view"])))),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_retrieve() -> Case {
    Case {
        operation: "groups_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group(s, &["orders.view", "jobs.view"]).await)),
            status: 200,
            shows: vec![Has("/permissions", json!(["orders.view", "jobs.view"]))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

/// Refusals of what is about a group: there is none, or it may do more than whoever asks.
fn no_group_below(body: &Value) -> Vec<Refusal> {
    let [one, two] = [body.clone(), body.clone()];
    vec![
        refused(404, Code("not_found"), async move |_| Call::of(NOBODY).body(one.clone())),
        refused(403, Code("out_of_scope"), async move |s| {
            Call::of(group(s, &["orders.view", "jobs.view"]).await).body(two.clone())
        }),
    ]
}

fn groups_update() -> Case {
    let mut refusals = no_group_below(&json!({"name": "Desk", "permissions": ["orders.view"]}));
    refusals.push(refused(400, Field("/permissions"), async |s| {
        Call::of(group(s, &[]).await).body(json!({"name": "Desk"}))
    }));
    Case {
        operation: "groups_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group(s, &["orders.view"]).await).body(group_body(s, json!(["stock.view"])))),
            status: 200,
            shows: vec![
                Has("/permissions", json!(["stock.view"])),
                Grows("select count(*) from groups where permissions = '{stock.view}'", 1),
                Grows("select count(*) from audit_entries where action = 'group.changed'", 1),
            ],
        }],
        refused: Refused::These(refusals),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_partial_update() -> Case {
    let mut refusals = no_group_below(&json!({"permissions": []}));
    refusals.extend([
        refused(400, Field("/name"), async |s| Call::of(group(s, &[]).await).body(json!({"name": " "}))),
        refused(403, Code("out_of_scope"), async |s| {
            Call::of(group(s, &["orders.view"]).await).body(json!({"permissions": ["orders.view", "jobs.view"]}))
        }),
    ]);
    Case {
        operation: "groups_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group(s, &["orders.view"]).await).body(json!({"permissions": []}))),
            status: 200,
            shows: vec![
                Has("/permissions", json!([])),
                Grows("select count(*) from groups where permissions = '{orders.view}'", -1),
                Grows("select count(*) from audit_entries where action = 'group.changed'", 1),
            ],
        }],
        refused: Refused::These(refusals),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_destroy() -> Case {
    Case {
        operation: "groups_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(group(s, &["orders.view"]).await)),
            status: 204,
            shows: vec![
                Grows("select count(*) from groups", -1),
                Grows("select count(*) from audit_entries where action = 'group.deleted'", 1),
            ],
        }],
        refused: Refused::These(no_group_below(&json!({}))),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_channels_retrieve() -> Case {
    Case {
        operation: "groups_channels_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let desk = group(s, &["orders.view"]).await;
                s.shop.execute(&format!("insert into group_channels values ('{desk}', '{CHANNEL}')"));
                Call::of(desk)
            }),
            status: 200,
            shows: vec![Has("/channels", json!([CHANNEL]))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn groups_channels_update() -> Case {
    let mut refusals = no_group_below(&json!({"channels": [CHANNEL]}));
    refusals.extend([
        refused(400, Field("/channels"), async |s| Call::of(group(s, &[]).await).body(json!({}))),
        refused(400, Field("/channels"), async |s| Call::of(group(s, &[]).await).body(json!({"channels": [NOBODY]}))),
    ]);
    Case {
        operation: "groups_channels_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                Call::of(group(s, &["orders.view"]).await).body(json!({"channels": [CHANNEL, CHANNEL]}))
            }),
            status: 200,
            shows: vec![
                Has("/channels", json!([CHANNEL])),
                Grows("select count(*) from group_channels", 1),
                Grows("select count(*) from audit_entries where action = 'group.restricted'", 1),
            ],
        }],
        refused: Refused::These(refusals),
        outsiders: PERMITTED_ONLY,
    }
}

fn permissions_list() -> Case {
    Case {
        operation: "permissions_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![
                Has("/0/name", json!("customers.view")),
                Has("/0/description", json!("See customers and their addresses.")),
            ],
        }],
        refused: Refused::Never("it asks for nothing, and what can be granted is in the program"),
        outsiders: PERMITTED_ONLY,
    }
}

fn auth_permissions_retrieve() -> Case {
    let nothing = json!({"is_superuser": false, "permissions": [], "channels": null});
    Case {
        operation: "auth_permissions_retrieve",
        happy: vec![
            Happy { by: Customer, call: call(async |_| Call::plain()), status: 200, shows: vec![Has("", nothing)] },
            Happy {
                by: Staff,
                call: call(async |_| Call::plain()),
                status: 200,
                shows: vec![Has("/permissions/0", json!("customers.view")), Has("/is_superuser", json!(false))],
            },
        ],
        refused: Refused::Never("it asks for nothing, and everybody may do something or nothing"),
        outsiders: own("everybody may know what they may do"),
    }
}
