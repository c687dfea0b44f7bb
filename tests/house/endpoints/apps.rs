//! Programs and their tokens.

use serde_json::{Value, json};

use super::case::Role::Staff;
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Refusal, Refused, call, refused};
use super::gates::PERMITTED_ONLY;
use super::stage::{NOBODY, Stage};

pub fn cases() -> Vec<Case> {
    vec![
        list(),
        create(),
        retrieve(),
        update(),
        partial_update(),
        destroy(),
        activate_create(),
        deactivate_create(),
        tokens_list(),
        tokens_create(),
        tokens_retrieve(),
        tokens_destroy(),
    ]
}

/// A program, made by the superuser.
async fn ledger(stage: &Stage, permissions: &[&str]) -> String {
    let body = json!({"name": format!("Ledger {}", stage.next()), "permissions": permissions});
    let made = stage.root.post("/api/apps/", body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn token(stage: &Stage, app: &str) -> String {
    let made = stage.root.post(&format!("/api/apps/{app}/tokens/"), json!({"name": "old"})).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// Refusals of what is about a program: there is none, or it may do more than whoever asks.
fn no_app_below(body: &Value) -> Vec<Refusal> {
    let [one, two] = [body.clone(), body.clone()];
    vec![
        refused(404, Code("not_found"), async move |_| Call::of(NOBODY).body(one.clone())),
        refused(403, Code("out_of_scope"), async move |s| {
            Call::of(ledger(s, &["orders.view", "jobs.view"]).await).body(two.clone())
        }),
    ]
}

fn list() -> Case {
    Case {
        operation: "apps_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                ledger(s, &["orders.view"]).await;
                Call::asking("ordering=created_at")
            }),
            status: 200,
            shows: vec![
                Has("/results/0/name", json!("Ledger 1")),
                Has("/results/0/permissions", json!(["orders.view"])),
                Has("/results/0/allowed_addresses", json!([])),
            ],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::asking("page=99"))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn app_body(stage: &Stage, field: &str, value: Value) -> Value {
    let mut body = json!({"name": format!("Books {}", stage.next()), "permissions": ["orders.view"]});
    body[field] = value;
    body
}

fn create() -> Case {
    Case {
        operation: "apps_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                Call::sending(app_body(s, "allowed_addresses", json!(["203.0.113.7", "2001:db8::1/32"])))
            }),
            status: 201,
            shows: vec![
                Has("/allowed_addresses", json!(["203.0.113.7/32", "2001:db8::/32"])),
                Has("/is_active", json!(true)),
                Grows("select count(*) from apps where is_active", 1),
                Grows("select count(*) from audit_entries where action = 'app.created'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/name"), async |s| Call::sending(app_body(s, "name", json!("")))),
            refused(400, Field("/name"), async |s| {
                ledger(s, &[]).await;
                let name = s.text("select upper(name) from apps order by id desc limit 1");
                Call::sending(app_body(s, "name", json!(name)))
            }),
            refused(400, Field("/allowed_addresses/0"), async |s| {
                Call::sending(app_body(s, "allowed_addresses", json!(["example.com"])))
            }),
            refused(400, Field("/permissions"), async |s| {
                Call::sending(app_body(s, "permissions", json!(["staff.view"])))
            }),
            refused(403, Code("out_of_scope"), async |s| {
                Call::sending(app_body(s, "permissions", json!(["jobs.view"])))
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn retrieve() -> Case {
    Case {
        operation: "apps_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(ledger(s, &["jobs.view"]).await)),
            status: 200,
            shows: vec![Has("/permissions", json!(["jobs.view"])), Has("/is_active", json!(true))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn update() -> Case {
    let mut refusals = no_app_below(&json!({"name": "Books", "permissions": []}));
    refusals.push(refused(400, Field("/permissions"), async |s| {
        Call::of(ledger(s, &[]).await).body(json!({"name": "Books"}))
    }));
    Case {
        operation: "apps_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                Call::of(ledger(s, &["orders.view"]).await).body(app_body(s, "permissions", json!(["stock.view"])))
            }),
            status: 200,
            shows: vec![
                Has("/permissions", json!(["stock.view"])),
                Grows("select count(*) from apps where permissions = '{stock.view}'", 1),
                Grows("select count(*) from audit_entries where action = 'app.changed'", 1),
            ],
        }],
        refused: Refused::These(refusals),
        outsiders: PERMITTED_ONLY,
    }
}

fn partial_update() -> Case {
    let mut refusals = no_app_below(&json!({"name": "Books"}));
    refusals.extend([
        refused(400, Field("/permissions"), async |s| {
            Call::of(ledger(s, &[]).await).body(json!({"permissions": ["groups.manage"]}))
        }),
        refused(403, Code("out_of_scope"), async |s| {
            Call::of(ledger(s, &[]).await).body(json!({"permissions": ["jobs.replay"]}))
        }),
    ]);
    Case {
        operation: "apps_partial_update",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                Call::of(ledger(s, &["orders.view"]).await).body(json!({"allowed_addresses": ["203.0.113.9/24"]}))
            }),
            status: 200,
            shows: vec![
                Has("/permissions", json!(["orders.view"])),
                Grows("select count(*) from apps where allowed_addresses = '{203.0.113.0/24}'", 1),
                Grows("select count(*) from audit_entries where action = 'app.changed'", 1),
            ],
        }],
        refused: Refused::These(refusals),
        outsiders: PERMITTED_ONLY,
    }
}

fn destroy() -> Case {
    Case {
        operation: "apps_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                token(s, &app).await;
                Call::of(app)
            }),
            status: 204,
            shows: vec![
                Grows("select count(*) from apps", -1),
                Grows("select count(*) from app_tokens", -1),
                Grows("select count(*) from audit_entries where action = 'app.deleted'", 1),
            ],
        }],
        refused: Refused::These(no_app_below(&json!({}))),
        outsiders: PERMITTED_ONLY,
    }
}

fn activate_create() -> Case {
    Case {
        operation: "apps_activate_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                s.shop.execute(&format!("update apps set is_active = false where id = '{app}'"));
                Call::of(app)
            }),
            status: 200,
            shows: vec![Has("/is_active", json!(true)), Grows("select count(*) from apps where not is_active", -1)],
        }],
        refused: Refused::These(no_app_below(&json!({}))),
        outsiders: PERMITTED_ONLY,
    }
}

fn deactivate_create() -> Case {
    Case {
        operation: "apps_deactivate_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(ledger(s, &["orders.view"]).await)),
            status: 200,
            shows: vec![Has("/is_active", json!(false)), Grows("select count(*) from apps where not is_active", 1)],
        }],
        refused: Refused::These(no_app_below(&json!({}))),
        outsiders: PERMITTED_ONLY,
    }
}

fn tokens_list() -> Case {
    Case {
        operation: "apps_tokens_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                token(s, &app).await;
                Call::of(app)
            }),
            status: 200,
            shows: vec![Has("/0/name", json!("old")), Has("/0/last_used_at", json!(null))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn tokens_create() -> Case {
    let mut refusals = no_app_below(&json!({}));
    refusals.extend([
        refused(400, Field("/expires_at"), async |s| {
            Call::of(ledger(s, &[]).await).body(json!({"expires_at": "2020-01-01T00:00:00Z"}))
        }),
        refused(400, Field("/name"), async |s| Call::of(ledger(s, &[]).await).body(json!({"name": "x".repeat(101)}))),
        refused(409, Code("too_many_tokens"), async |s| {
            let app = ledger(s, &[]).await;
            for _ in 0..20 {
                token(s, &app).await;
            }
            Call::of(app).body(json!({}))
        }),
    ]);
    Case {
        operation: "apps_tokens_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let body = json!({"name": "production", "expires_at": "2999-01-01T00:00:00Z"});
                Call::of(ledger(s, &["orders.view"]).await).body(body)
            }),
            status: 201,
            shows: vec![
                Has("/name", json!("production")),
                Grows("select count(*) from app_tokens where expires_at = '2999-01-01T00:00:00Z'", 1),
                Grows("select count(*) from audit_entries where action = 'app.token_created'", 1),
            ],
        }],
        refused: Refused::These(refusals),
        outsiders: PERMITTED_ONLY,
    }
}

fn tokens_retrieve() -> Case {
    Case {
        operation: "apps_tokens_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                Call::of(&app).below("token", token(s, &app).await)
            }),
            status: 200,
            shows: vec![Has("/name", json!("old"))],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |s| Call::of(ledger(s, &[]).await).below("token", NOBODY)),
            refused(404, Code("not_found"), async |s| {
                let token = token(s, &ledger(s, &[]).await).await;
                Call::of(ledger(s, &[]).await).below("token", token)
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn tokens_destroy() -> Case {
    Case {
        operation: "apps_tokens_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                Call::of(&app).below("token", token(s, &app).await)
            }),
            status: 204,
            shows: vec![
                Grows("select count(*) from app_tokens", -1),
                Grows("select count(*) from audit_entries where action = 'app.token_revoked'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |s| Call::of(ledger(s, &[]).await).below("token", NOBODY)),
            refused(404, Code("not_found"), async |s| {
                let token = token(s, &ledger(s, &[]).await).await;
                Call::of(ledger(s, &[]).await).below("token", token)
            }),
            refused(403, Code("out_of_scope"), async |s| {
                let app = ledger(s, &["jobs.view"]).await;
                Call::of(&app).below("token", token(s, &app).await)
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}
