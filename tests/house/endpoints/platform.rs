//! Cases of the platform's endpoints: audit log, background jobs, health checks and the OpenAPI document.

use serde_json::json;

use super::access::{PERMISSION_REQUIRED, credentials_ignored, open};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Guest, Staff, Superuser};
use super::case::{Call, Case, Rejections, Success, call, rejected};
use super::fixture::UNKNOWN_ID;

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
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let id = s.category("Mugs");
                Call::with_query(format!("object_type=category&object_id={id}&action=category.created"))
            }),
            status: 200,
            checks: vec![
                Equals("/count", json!(1)),
                Equals("/results/0/actor", json!({"type": "system"})),
                Equals("/results/0/changes/name", json!({"after": "Mugs"})),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/created_at__gte"), async |_| Call::with_query("created_at__gte=yesterday")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=99")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn audit_log_retrieve() -> Case {
    Case {
        operation: "audit_log_retrieve",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                let id = s.category("Mugs");
                Call::with_id(s.text(&format!("select id::text from audit_entries where object_id = '{id}'")))
            }),
            status: 200,
            checks: vec![Equals("/action", json!("category.created")), Equals("/object_type", json!("category"))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn jobs_list() -> Case {
    Case {
        operation: "jobs_list",
        successes: vec![Success {
            by: Superuser,
            call: call(async |s| {
                s.job("queued");
                s.job("dead");
                Call::with_query("state=dead&name=auth.purge_sessions")
            }),
            status: 200,
            checks: vec![
                Equals("/results/0/state", json!("dead")),
                Equals("/results/0/name", json!("auth.purge_sessions")),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/state"), async |_| Call::with_query("state=lost")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=99")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn jobs_retrieve() -> Case {
    Case {
        operation: "jobs_retrieve",
        successes: vec![Success {
            by: Superuser,
            call: call(async |s| Call::with_id(s.job("dead"))),
            status: 200,
            checks: vec![Equals("/state", json!("dead")), Equals("/attempts", json!(3))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn jobs_replay_create() -> Case {
    Case {
        operation: "jobs_replay_create",
        successes: vec![Success {
            by: Superuser,
            call: call(async |s| Call::with_id(s.job("dead"))),
            status: 200,
            checks: vec![
                Equals("/state", json!("queued")),
                Increases("select count(*) from jobs where state = 'queued' and attempts = 0", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(409, Code("job_not_dead"), async |s| Call::with_id(s.job("queued"))),
            rejected(409, Code("job_not_dead"), async |s| Call::with_id(s.job("done"))),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn schema_retrieve() -> Case {
    Case {
        operation: "schema_retrieve",
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![
                Equals("/openapi", json!("3.1.0")),
                Equals("/paths/~1api~1schema~1/get/operationId", json!("schema_retrieve")),
            ],
        }],
        rejections: Rejections::None("the request has no input, and the document is part of the program"),
        other_callers: open("client developers read it"),
    }
}

fn well_known_jwks_json_retrieve() -> Case {
    Case {
        operation: "well_known_jwks_json_retrieve",
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![Equals("/keys/0/kty", json!("EC")), Equals("/keys/0/crv", json!("P-256"))],
        }],
        rejections: Rejections::None("the request has no input, and the keys are in memory"),
        other_callers: credentials_ignored("other services verify tokens with the keys"),
    }
}

fn health_retrieve() -> Case {
    Case {
        operation: "health_retrieve",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| {
                s.job("dead");
                Call::empty()
            }),
            status: 200,
            checks: vec![
                // No worker runs in a test.
                Equals("/status", json!("degraded")),
                Equals("/checks/database/status", json!("healthy")),
                Equals("/checks/workers/alive", json!(0)),
            ],
        }],
        rejections: Rejections::None("the request has no input; the response contains the failures"),
        other_callers: credentials_ignored("monitoring has no account"),
    }
}

fn health_live_retrieve() -> Case {
    Case {
        operation: "health_live_retrieve",
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![Equals("", json!({"status": "healthy"}))],
        }],
        rejections: Rejections::None("the request has no input; a response proves that the process is alive"),
        other_callers: credentials_ignored("monitoring has no account"),
    }
}

fn health_ready_retrieve() -> Case {
    Case {
        operation: "health_ready_retrieve",
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![Equals("", json!({"status": "healthy"}))],
        }],
        rejections: Rejections::None("the request has no input; the response contains the failures"),
        other_callers: credentials_ignored("monitoring has no account"),
    }
}
