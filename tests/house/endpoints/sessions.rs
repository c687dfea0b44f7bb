//! Where people are signed in.

use serde_json::json;

use super::case::Role::{Customer, Staff};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Outsiders, Refused, call, refused};
use super::gates::{NOT_FOUND, PERMITTED_ONLY, own};
use super::stage::{NOBODY, Stage};

pub fn cases() -> Vec<Case> {
    vec![own_list(), own_destroy(), own_end_create(), list(), destroy()]
}

const ENDED: &str = "select count(*) from sessions where revoked_at is not null";

/// One more session of Ana's.
async fn another(stage: &Stage) -> String {
    stage.session().await;
    stage.text("select id from sessions order by created_at desc, id desc limit 1")
}

/// A session of Ana's that has ended.
async fn ended(stage: &Stage) -> String {
    stage.ended_session().await;
    stage.text("select id from sessions order by created_at desc, id desc limit 1")
}

fn own_list() -> Case {
    Case {
        operation: "auth_sessions_list",
        happy: vec![Happy {
            by: Customer,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![
                Has("/0/is_current", json!(true)),
                Has("/0/address", json!("127.0.0.1")),
                Has("/0/user_agent", json!("")),
            ],
        }],
        refused: Refused::Never("it asks for nothing, and whoever asks has a session"),
        outsiders: own("everybody sees their own sessions"),
    }
}

fn own_destroy() -> Case {
    Case {
        operation: "auth_sessions_destroy",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(another(s).await)),
            status: 204,
            shows: vec![Grows(ENDED, 1), Grows("select count(*) from audit_entries where action = 'session.ended'", 1)],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(ended(s).await)),
        ]),
        outsiders: Outsiders {
            stranger: NOT_FOUND,
            wrong_role: NOT_FOUND,
            ..own("everybody ends their own sessions, and no others")
        },
    }
}

fn own_end_create() -> Case {
    let alone = "select (count(*) = 1)::int from sessions s join users u on u.id = s.user_id \
                 where u.email = 'ana@example.com' and s.revoked_at is null";
    Case {
        operation: "auth_sessions_end_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| {
                another(s).await;
                Call::sending(json!({}))
            }),
            status: 204,
            shows: vec![
                Grows(alone, 1),
                Grows("select count(*) from audit_entries where action = 'sessions.ended'", 1),
            ],
        }],
        refused: Refused::These(vec![refused(400, Field("/keep_current"), async |_| {
            Call::sending(json!({"keep_current": "maybe"}))
        })]),
        outsiders: own("everybody ends their own sessions"),
    }
}

fn list() -> Case {
    Case {
        operation: "sessions_list",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::asking(format!("user={}", s.root.user))),
            status: 200,
            shows: vec![Has("/count", json!(1)), Has("/results/0/address", json!("127.0.0.1"))],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/user"), async |_| Call::asking("user=x")),
            refused(400, Field("/created_at__gte"), async |_| Call::asking("created_at__gte=yesterday")),
            refused(404, Code("not_found"), async |_| Call::asking("page=99")),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn destroy() -> Case {
    Case {
        operation: "sessions_destroy",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(another(s).await)),
            status: 204,
            shows: vec![Grows(ENDED, 1), Grows("select count(*) from audit_entries where action = 'session.ended'", 1)],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(404, Code("not_found"), async |s| Call::of(ended(s).await)),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}
