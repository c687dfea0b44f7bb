//! Where people are signed in.

use serde_json::json;

use super::access::{NOT_FOUND, PERMISSION_REQUIRED, own};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Customer, Staff};
use super::case::{Call, Case, OtherCallers, Rejections, Success, call, rejected};
use super::fixture::{Fixture, UNKNOWN_ID};

pub fn cases() -> Vec<Case> {
    vec![own_list(), own_destroy(), own_end_create(), list(), destroy()]
}

const ENDED: &str = "select count(*) from sessions where revoked_at is not null";

/// One more session of Ana's.
async fn another(fixture: &Fixture) -> String {
    fixture.session().await;
    fixture.text("select id from sessions order by created_at desc, id desc limit 1")
}

/// A session of Ana's that has ended.
async fn ended(fixture: &Fixture) -> String {
    fixture.ended_session().await;
    fixture.text("select id from sessions order by created_at desc, id desc limit 1")
}

fn own_list() -> Case {
    Case {
        operation: "auth_sessions_list",
        successes: vec![Success {
            by: Customer,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![
                Equals("/0/is_current", json!(true)),
                Equals("/0/address", json!("127.0.0.1")),
                Equals("/0/user_agent", json!("")),
            ],
        }],
        rejections: Rejections::None("the request has no input, and every caller has a session"),
        other_callers: own("every user sees their own sessions"),
    }
}

fn own_destroy() -> Case {
    Case {
        operation: "auth_sessions_destroy",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(another(s).await)),
            status: 204,
            checks: vec![
                Increases(ENDED, 1),
                Increases("select count(*) from audit_entries where action = 'session.ended'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| Call::with_id(ended(s).await)),
        ]),
        other_callers: OtherCallers {
            other_customer: NOT_FOUND,
            wrong_role: NOT_FOUND,
            ..own("every user ends their own sessions only")
        },
    }
}

fn own_end_create() -> Case {
    let alone = "select (count(*) = 1)::int from sessions s join users u on u.id = s.user_id \
                 where u.email = 'ana@example.com' and s.revoked_at is null";
    Case {
        operation: "auth_sessions_end_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| {
                another(s).await;
                Call::with_body(json!({}))
            }),
            status: 204,
            checks: vec![
                Increases(alone, 1),
                Increases("select count(*) from audit_entries where action = 'sessions.ended'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![rejected(400, Field("/keep_current"), async |_| {
            Call::with_body(json!({"keep_current": "maybe"}))
        })]),
        other_callers: own("every user ends their own sessions"),
    }
}

fn list() -> Case {
    Case {
        operation: "sessions_list",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_query(format!("user={}", s.root.user))),
            status: 200,
            checks: vec![Equals("/count", json!(1)), Equals("/results/0/address", json!("127.0.0.1"))],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/user"), async |_| Call::with_query("user=x")),
            rejected(400, Field("/created_at__gte"), async |_| Call::with_query("created_at__gte=yesterday")),
            rejected(404, Code("not_found"), async |_| Call::with_query("page=99")),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn destroy() -> Case {
    Case {
        operation: "sessions_destroy",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(another(s).await)),
            status: 204,
            checks: vec![
                Increases(ENDED, 1),
                Increases("select count(*) from audit_entries where action = 'session.ended'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(404, Code("not_found"), async |s| Call::with_id(ended(s).await)),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}
