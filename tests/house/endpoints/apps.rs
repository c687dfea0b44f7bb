//! Operations of apps and their tokens.

use serde_json::{Value, json};

use super::access::PERMISSION_REQUIRED;
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::Staff;
use super::case::{Call, Case, Rejection, Rejections, Success, call, rejected};
use super::fixture::{Fixture, UNKNOWN_ID};

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

/// Creates an app as the superuser and returns its id.
async fn ledger(fixture: &Fixture, permissions: &[&str]) -> String {
    let body = json!({"name": format!("Ledger {}", fixture.next()), "permissions": permissions});
    let created = fixture.root.post("/api/apps/", body).await.expect(201);
    created["id"].as_str().unwrap().to_owned()
}

async fn token(fixture: &Fixture, app: &str) -> String {
    let created = fixture.root.post(&format!("/api/apps/{app}/tokens/"), json!({"name": "old"})).await.expect(201);
    created["id"].as_str().unwrap().to_owned()
}

/// Rejections of requests for one app: it does not exist, or it has permissions that the caller does not have.
fn app_rejections(body: &Value) -> Vec<Rejection> {
    let [one, two] = [body.clone(), body.clone()];
    vec![
        rejected(404, Code("not_found"), async move |_| Call::with_id(UNKNOWN_ID).body(one.clone())),
        rejected(403, Code("out_of_scope"), async move |s| {
            Call::with_id(ledger(s, &["orders.view", "jobs.view"]).await).body(two.clone())
        }),
    ]
}

fn list() -> Case {
    Case {
        operation: "apps_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                ledger(s, &["orders.view"]).await;
                Call::with_query("ordering=created_at")
            }),
            status: 200,
            checks: vec![
                Equals("/results/0/name", json!("Ledger 1")),
                Equals("/results/0/permissions", json!(["orders.view"])),
                Equals("/results/0/allowed_addresses", json!([])),
            ],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_query("page=99"))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn app_body(fixture: &Fixture, field: &str, value: Value) -> Value {
    let mut body = json!({"name": format!("Books {}", fixture.next()), "permissions": ["orders.view"]});
    body[field] = value;
    body
}

fn create() -> Case {
    Case {
        operation: "apps_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                Call::with_body(app_body(s, "allowed_addresses", json!(["203.0.113.7", "2001:db8::1/32"])))
            }),
            status: 201,
            checks: vec![
                Equals("/allowed_addresses", json!(["203.0.113.7/32", "2001:db8::/32"])),
                Equals("/is_active", json!(true)),
                Increases("select count(*) from apps where is_active", 1),
                Increases("select count(*) from audit_entries where action = 'app.created'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/name"), async |s| Call::with_body(app_body(s, "name", json!("")))),
            rejected(400, Field("/name"), async |s| {
                ledger(s, &[]).await;
                let name = s.text("select upper(name) from apps order by id desc limit 1");
                Call::with_body(app_body(s, "name", json!(name)))
            }),
            rejected(400, Field("/allowed_addresses/0"), async |s| {
                Call::with_body(app_body(s, "allowed_addresses", json!(["example.com"])))
            }),
            rejected(400, Field("/permissions"), async |s| {
                Call::with_body(app_body(s, "permissions", json!(["staff.view"])))
            }),
            rejected(403, Code("out_of_scope"), async |s| {
                Call::with_body(app_body(s, "permissions", json!(["jobs.view"])))
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn retrieve() -> Case {
    Case {
        operation: "apps_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(ledger(s, &["jobs.view"]).await)),
            status: 200,
            checks: vec![Equals("/permissions", json!(["jobs.view"])), Equals("/is_active", json!(true))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn update() -> Case {
    let mut rejections = app_rejections(&json!({"name": "Books", "permissions": []}));
    rejections.push(rejected(400, Field("/permissions"), async |s| {
        Call::with_id(ledger(s, &[]).await).body(json!({"name": "Books"}))
    }));
    Case {
        operation: "apps_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                Call::with_id(ledger(s, &["orders.view"]).await).body(app_body(s, "permissions", json!(["stock.view"])))
            }),
            status: 200,
            checks: vec![
                Equals("/permissions", json!(["stock.view"])),
                Increases("select count(*) from apps where permissions = '{stock.view}'", 1),
                Increases("select count(*) from audit_entries where action = 'app.changed'", 1),
            ],
        }],
        rejections: Rejections::Cases(rejections),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn partial_update() -> Case {
    let mut rejections = app_rejections(&json!({"name": "Books"}));
    rejections.extend([
        rejected(400, Field("/permissions"), async |s| {
            Call::with_id(ledger(s, &[]).await).body(json!({"permissions": ["groups.manage"]}))
        }),
        rejected(403, Code("out_of_scope"), async |s| {
            Call::with_id(ledger(s, &[]).await).body(json!({"permissions": ["jobs.replay"]}))
        }),
    ]);
    Case {
        operation: "apps_partial_update",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                Call::with_id(ledger(s, &["orders.view"]).await).body(json!({"allowed_addresses": ["203.0.113.9/24"]}))
            }),
            status: 200,
            checks: vec![
                Equals("/permissions", json!(["orders.view"])),
                Increases("select count(*) from apps where allowed_addresses = '{203.0.113.0/24}'", 1),
                Increases("select count(*) from audit_entries where action = 'app.changed'", 1),
            ],
        }],
        rejections: Rejections::Cases(rejections),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn destroy() -> Case {
    Case {
        operation: "apps_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                token(s, &app).await;
                Call::with_id(app)
            }),
            status: 204,
            checks: vec![
                Increases("select count(*) from apps", -1),
                Increases("select count(*) from app_tokens", -1),
                Increases("select count(*) from audit_entries where action = 'app.deleted'", 1),
            ],
        }],
        rejections: Rejections::Cases(app_rejections(&json!({}))),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn activate_create() -> Case {
    Case {
        operation: "apps_activate_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                s.shop.execute(&format!("update apps set is_active = false where id = '{app}'"));
                Call::with_id(app)
            }),
            status: 200,
            checks: vec![
                Equals("/is_active", json!(true)),
                Increases("select count(*) from apps where not is_active", -1),
            ],
        }],
        rejections: Rejections::Cases(app_rejections(&json!({}))),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn deactivate_create() -> Case {
    Case {
        operation: "apps_deactivate_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(ledger(s, &["orders.view"]).await)),
            status: 200,
            checks: vec![
                Equals("/is_active", json!(false)),
                Increases("select count(*) from apps where not is_active", 1),
            ],
        }],
        rejections: Rejections::Cases(app_rejections(&json!({}))),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn tokens_list() -> Case {
    Case {
        operation: "apps_tokens_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                token(s, &app).await;
                Call::with_id(app)
            }),
            status: 200,
            checks: vec![Equals("/0/name", json!("old")), Equals("/0/last_used_at", json!(null))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn tokens_create() -> Case {
    let mut rejections = app_rejections(&json!({}));
    rejections.extend([
        rejected(400, Field("/expires_at"), async |s| {
            Call::with_id(ledger(s, &[]).await).body(json!({"expires_at": "2020-01-01T00:00:00Z"}))
        }),
        rejected(400, Field("/name"), async |s| {
            Call::with_id(ledger(s, &[]).await).body(json!({"name": "x".repeat(101)}))
        }),
        rejected(409, Code("too_many_tokens"), async |s| {
            let app = ledger(s, &[]).await;
            for _ in 0..20 {
                token(s, &app).await;
            }
            Call::with_id(app).body(json!({}))
        }),
    ]);
    Case {
        operation: "apps_tokens_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let body = json!({"name": "production", "expires_at": "2999-01-01T00:00:00Z"});
                Call::with_id(ledger(s, &["orders.view"]).await).body(body)
            }),
            status: 201,
            checks: vec![
                Equals("/name", json!("production")),
                Increases("select count(*) from app_tokens where expires_at = '2999-01-01T00:00:00Z'", 1),
                Increases("select count(*) from audit_entries where action = 'app.token_created'", 1),
            ],
        }],
        rejections: Rejections::Cases(rejections),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn tokens_retrieve() -> Case {
    Case {
        operation: "apps_tokens_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                Call::with_id(&app).below("token", token(s, &app).await)
            }),
            status: 200,
            checks: vec![Equals("/name", json!("old"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |s| Call::with_id(ledger(s, &[]).await).below("token", UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| {
                let token = token(s, &ledger(s, &[]).await).await;
                Call::with_id(ledger(s, &[]).await).below("token", token)
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn tokens_destroy() -> Case {
    Case {
        operation: "apps_tokens_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let app = ledger(s, &["orders.view"]).await;
                Call::with_id(&app).below("token", token(s, &app).await)
            }),
            status: 204,
            checks: vec![
                Increases("select count(*) from app_tokens", -1),
                Increases("select count(*) from audit_entries where action = 'app.token_revoked'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |s| Call::with_id(ledger(s, &[]).await).below("token", UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| {
                let token = token(s, &ledger(s, &[]).await).await;
                Call::with_id(ledger(s, &[]).await).below("token", token)
            }),
            rejected(403, Code("out_of_scope"), async |s| {
                let app = ledger(s, &["jobs.view"]).await;
                Call::with_id(&app).below("token", token(s, &app).await)
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}
