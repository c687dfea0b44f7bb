//! What every shop has: background jobs, health and the document.

use serde_json::json;

use super::case::Role::{Anyone, Staff, Superuser};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Refused, call, refused};
use super::gates::{PERMITTED_ONLY, open, without_identity};
use super::stage::NOBODY;

pub fn cases() -> Vec<Case> {
    vec![
        audit_log_list(),
        audit_log_retrieve(),
        jobs_list(),
        jobs_retrieve(),
        jobs_replay_create(),
        schema_retrieve(),
        well_known_jwks_json_retrieve(),
        health_retrieve(),
        health_live_retrieve(),
        health_ready_retrieve(),
    ]
}

fn audit_log_list() -> Case {
    Case {
        operation: "audit_log_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let id = s.category("Mugs");
                Call::asking(format!("object_type=category&object_id={id}&action=category.created"))
            }),
            status: 200,
            shows: vec![
                Has("/count", json!(1)),
                Has("/results/0/actor", json!({"type": "system"})),
                Has("/results/0/changes/name", json!({"after": "Mugs"})),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/created_at__gte"), async |_| Call::asking("created_at__gte=yesterday")),
            refused(404, Code("not_found"), async |_| Call::asking("page=99")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn audit_log_retrieve() -> Case {
    Case {
        operation: "audit_log_retrieve",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                let id = s.category("Mugs");
                Call::of(s.text(&format!("select id::text from audit_entries where object_id = '{id}'")))
            }),
            status: 200,
            shows: vec![Has("/action", json!("category.created")), Has("/object_type", json!("category"))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn jobs_list() -> Case {
    Case {
        operation: "jobs_list",
        happy: vec![Happy {
            by: Superuser,
            call: call(async |s| {
                s.job("queued");
                s.job("dead");
                Call::asking("state=dead&name=auth.purge_sessions")
            }),
            status: 200,
            shows: vec![Has("/results/0/state", json!("dead")), Has("/results/0/name", json!("auth.purge_sessions"))],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/state"), async |_| Call::asking("state=lost")),
            refused(404, Code("not_found"), async |_| Call::asking("page=99")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn jobs_retrieve() -> Case {
    Case {
        operation: "jobs_retrieve",
        happy: vec![Happy {
            by: Superuser,
            call: call(async |s| Call::of(s.job("dead"))),
            status: 200,
            shows: vec![Has("/state", json!("dead")), Has("/attempts", json!(3))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: PERMITTED_ONLY,
    }
}

fn jobs_replay_create() -> Case {
    Case {
        operation: "jobs_replay_create",
        happy: vec![Happy {
            by: Superuser,
            call: call(async |s| Call::of(s.job("dead"))),
            status: 200,
            shows: vec![
                Has("/state", json!("queued")),
                Grows("select count(*) from jobs where state = 'queued' and attempts = 0", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(409, Code("job_not_dead"), async |s| Call::of(s.job("queued"))),
            refused(409, Code("job_not_dead"), async |s| Call::of(s.job("done"))),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn schema_retrieve() -> Case {
    Case {
        operation: "schema_retrieve",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![
                Has("/openapi", json!("3.1.0")),
                Has("/paths/~1api~1schema~1/get/operationId", json!("schema_retrieve")),
            ],
        }],
        refused: Refused::Never("it asks for nothing, and the document is in the program"),
        outsiders: open("whoever writes a client reads it"),
    }
}

fn well_known_jwks_json_retrieve() -> Case {
    Case {
        operation: "well_known_jwks_json_retrieve",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![Has("/keys/0/kty", json!("EC")), Has("/keys/0/crv", json!("P-256"))],
        }],
        refused: Refused::Never("it asks for nothing, and the keys are in memory"),
        outsiders: without_identity("whoever checks a token reads them"),
    }
}

fn health_retrieve() -> Case {
    Case {
        operation: "health_retrieve",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| {
                s.job("dead");
                Call::plain()
            }),
            status: 200,
            shows: vec![
                // No worker runs in a test.
                Has("/status", json!("degraded")),
                Has("/checks/database/status", json!("healthy")),
                Has("/checks/workers/alive", json!(0)),
            ],
        }],
        refused: Refused::Never("it asks for nothing; what is not well is its answer"),
        outsiders: without_identity("monitors have no account"),
    }
}

fn health_live_retrieve() -> Case {
    Case {
        operation: "health_live_retrieve",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![Has("", json!({"status": "healthy"}))],
        }],
        refused: Refused::Never("it asks for nothing, and whoever answers is alive"),
        outsiders: without_identity("monitors have no account"),
    }
}

fn health_ready_retrieve() -> Case {
    Case {
        operation: "health_ready_retrieve",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![Has("", json!({"status": "healthy"}))],
        }],
        refused: Refused::Never("it asks for nothing; what is not ready is its answer"),
        outsiders: without_identity("monitors have no account"),
    }
}
