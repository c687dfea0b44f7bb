//! Registration, sign-in and one's own account.

use serde_json::json;

use super::case::Role::{Anyone, Customer};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Gate, Happy, Outsiders, Refused, call, refused};
use super::gates::{BAD_TOKEN, open, own, without_identity};
use super::stage::Stage;
use crate::support::shop::PASSWORD;

pub fn cases() -> Vec<Case> {
    vec![
        registration_create(),
        login_create(),
        token_pair("auth_token_create"),
        token_pair("token_create"),
        refresh("auth_token_refresh_create"),
        refresh("token_refresh_create"),
        verify("auth_token_verify_create"),
        verify("token_verify_create"),
        token_blacklist_create(),
        logout_create(),
        user_retrieve(),
        user_update(),
        user_partial_update(),
        me_retrieve(),
        me_partial_update(),
    ]
}

const ENDED_SESSIONS: &str = "select count(*) from sessions where revoked_at is not null";

/// A registration nobody made yet, with one field replaced.
fn registration(stage: &Stage, field: &str, value: &str) -> Call {
    let mut body = json!({
        "email": format!("nia-{}@example.com", stage.next()), "password1": PASSWORD, "password2": PASSWORD,
        "first_name": "Nia", "phone": "+254 700 000 001",
    });
    body[field] = json!(value);
    Call::sending(body)
}

fn registration_create() -> Case {
    Case {
        operation: "auth_registration_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| registration(s, "last_name", "Mwangi")),
            status: 201,
            shows: vec![
                Has("/user/first_name", json!("Nia")),
                Has("/user/last_name", json!("Mwangi")),
                Grows("select count(*) from users where not is_staff and is_active", 1),
                Grows("select count(*) from customers where phone = '+254700000001'", 1),
                Grows("select count(*) from sessions", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/email"), async |s| registration(s, "email", "Ana@example.com")),
            refused(400, Field("/email"), async |s| registration(s, "email", "ana")),
            refused(400, Field("/password1"), async |s| registration(s, "password1", "short")),
            refused(400, Field("/non_field_errors"), async |s| registration(s, "password2", "another one")),
            refused(400, Field("/phone"), async |s| registration(s, "phone", "12")),
            refused(400, Field("/password2"), async |_| Call::sending(json!({}))),
        ]),
        outsiders: open("whoever comes may register, also for somebody else"),
    }
}

fn credentials(email: &str, password: &str) -> Call {
    Call::sending(json!({"email": email, "password": password}))
}

fn login_create() -> Case {
    Case {
        operation: "auth_login_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| credentials(&s.ana.email, PASSWORD)),
            status: 200,
            shows: vec![
                Has("/user/email", json!("ana@example.com")),
                Grows("select count(*) from sessions", 1),
                Grows("select count(*) from audit_entries where action = 'user.signed_in'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/non_field_errors"), async |s| credentials(&s.ana.email, "wrong")),
            refused(400, Field("/non_field_errors"), async |_| credentials("nobody@example.com", PASSWORD)),
            refused(400, Field("/non_field_errors"), async |s| credentials(&s.switched_off().await, PASSWORD)),
            refused(400, Field("/email"), async |_| Call::sending(json!({"password": PASSWORD}))),
            refused(400, Field("/password"), async |s| Call::sending(json!({"email": s.ana.email}))),
        ]),
        outsiders: Outsiders {
            deactivated: Gate::Refused(400, Field("/non_field_errors")),
            ..without_identity("signing in is for those who are nobody yet")
        },
    }
}

fn token_pair(operation: &'static str) -> Case {
    Case {
        operation,
        happy: vec![
            Happy {
                by: Anyone,
                call: call(async |s| credentials(&s.ana.email, PASSWORD)),
                status: 200,
                shows: vec![Grows("select count(*) from sessions", 1)],
            },
            Happy {
                by: Anyone,
                call: call(async |s| Call::sending(json!({"username": s.ana.email, "password": PASSWORD}))),
                status: 200,
                shows: vec![Grows("select count(*) from sessions", 1)],
            },
        ],
        refused: Refused::These(vec![
            refused(401, Code("no_active_account"), async |s| credentials(&s.ana.email, "wrong")),
            refused(401, Code("no_active_account"), async |_| credentials("not an address", PASSWORD)),
            refused(401, Code("no_active_account"), async |s| credentials(&s.switched_off().await, PASSWORD)),
            refused(400, Field("/password"), async |_| Call::sending(json!({}))),
        ]),
        outsiders: Outsiders {
            deactivated: Gate::Refused(401, Code("no_active_account")),
            ..without_identity("signing in is for those who are nobody yet")
        },
    }
}

fn with_refresh(token: &str) -> Call {
    Call::sending(json!({"refresh": token}))
}

/// The first token of a session whose third is the newest.
async fn spent_refresh_token(stage: &Stage) -> String {
    let first = stage.session().await;
    let mut newest = first.clone();
    for _ in 0..2 {
        let body = json!({"refresh": newest});
        let tokens = stage.shop.anonymous().post("/api/auth/token/refresh/", body).await.expect(200);
        newest = tokens["refresh"].as_str().unwrap().to_owned();
    }
    first
}

fn refresh(operation: &'static str) -> Case {
    let reuse = refused(401, Code("token_not_valid"), async |s| with_refresh(&spent_refresh_token(s).await));
    Case {
        operation,
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| with_refresh(&s.session().await)),
            status: 200,
            shows: vec![Grows("select sum(generation) from sessions", 1)],
        }],
        refused: Refused::These(vec![
            reuse.touching(&[
                ("sessions", "a spent token that comes back ends its family"),
                ("audit_entries", "the end of a session is written down"),
            ]),
            refused(401, Code("token_not_valid"), async |s| with_refresh(&s.ended_session().await)),
            refused(401, Code("token_not_valid"), async |_| with_refresh("nonsense")),
            refused(401, Code("token_not_valid"), async |s| with_refresh(s.ana.token.as_deref().unwrap())),
            refused(400, Field("/refresh"), async |_| Call::sending(json!({}))),
        ]),
        outsiders: Outsiders { deactivated: BAD_TOKEN, ..without_identity("the refresh token is all that is needed") },
    }
}

fn verify(operation: &'static str) -> Case {
    let with_token = |token: &str| Call::sending(json!({"token": token}));
    Case {
        operation,
        happy: vec![
            Happy {
                by: Anyone,
                call: call(async move |s| with_token(&s.ana.refresh)),
                status: 200,
                shows: vec![Has("", json!({}))],
            },
            Happy {
                by: Anyone,
                call: call(async move |s| with_token(s.ana.token.as_deref().unwrap())),
                status: 200,
                shows: vec![Has("", json!({}))],
            },
        ],
        refused: Refused::These(vec![
            refused(401, Code("token_not_valid"), async move |_| with_token("nonsense")),
            refused(401, Code("token_not_valid"), async move |s| with_token(&s.ended_session().await)),
            refused(400, Field("/token"), async |_| Call::sending(json!({"token": null}))),
        ]),
        outsiders: without_identity("the token is all that is needed"),
    }
}

fn token_blacklist_create() -> Case {
    Case {
        operation: "auth_token_blacklist_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| with_refresh(&s.session().await)),
            status: 200,
            shows: vec![Has("", json!({})), Grows(ENDED_SESSIONS, 1)],
        }],
        refused: Refused::These(vec![
            refused(401, Code("token_not_valid"), async |_| with_refresh("nonsense")),
            refused(401, Code("token_not_valid"), async |s| with_refresh(s.ana.token.as_deref().unwrap())),
            refused(400, Field("/refresh"), async |_| Call::sending(json!({}))),
        ]),
        outsiders: without_identity("whoever holds a refresh token may end its session"),
    }
}

fn logout_create() -> Case {
    Case {
        operation: "auth_logout_create",
        happy: vec![
            Happy {
                by: Anyone,
                call: call(async |s| with_refresh(&s.session().await)),
                status: 200,
                shows: vec![Has("/detail", json!("Successfully logged out.")), Grows(ENDED_SESSIONS, 1)],
            },
            Happy {
                by: Customer,
                call: call(async |_| Call::plain()),
                status: 200,
                shows: vec![Grows(ENDED_SESSIONS, 1)],
            },
        ],
        refused: Refused::These(vec![
            refused(401, Code("not_authenticated"), async |_| Call::plain()),
            refused(401, Code("token_not_valid"), async |_| with_refresh("nonsense")),
            refused(400, Field("/refresh"), async |_| Call::sending(json!({"refresh": []}))),
        ]),
        outsiders: without_identity("whoever holds a refresh token may end its session"),
    }
}

fn user_retrieve() -> Case {
    Case {
        operation: "auth_user_retrieve",
        happy: vec![Happy {
            by: Customer,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![Has("/email", json!("ana@example.com")), Has("/first_name", json!("ana"))],
        }],
        refused: Refused::Never("it asks for nothing, and every user is there"),
        outsiders: own("everybody has an account of their own"),
    }
}

fn user_update() -> Case {
    let names = |first: &str| Call::sending(json!({"first_name": first, "last_name": "Wanjiru"}));
    Case {
        operation: "auth_user_update",
        happy: vec![Happy {
            by: Customer,
            call: call(async move |_| names(" Ana ")),
            status: 200,
            shows: vec![
                Has("/first_name", json!("Ana")),
                Grows(
                    "select count(*) from users where (first_name, last_name, email) = ('Ana', 'Wanjiru', 'ana@example.com')",
                    1,
                ),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/last_name"), async |_| Call::sending(json!({"first_name": "Ana"}))),
            refused(400, Field("/first_name"), async move |_| names(&"x".repeat(151))),
        ]),
        outsiders: own("everybody has an account of their own"),
    }
}

fn user_partial_update() -> Case {
    Case {
        operation: "auth_user_partial_update",
        happy: vec![Happy {
            by: Customer,
            call: call(async |_| Call::sending(json!({"last_name": "Wanjiru", "email": "other@example.com"}))),
            status: 200,
            shows: vec![
                Has("/email", json!("ana@example.com")),
                Grows(
                    "select count(*) from users where (first_name, last_name, email) = ('ana', 'Wanjiru', 'ana@example.com')",
                    1,
                ),
            ],
        }],
        refused: Refused::These(vec![refused(400, Field("/last_name"), async |_| {
            Call::sending(json!({"first_name": "Ana", "last_name": ["Wanjiru"]}))
        })]),
        outsiders: own("everybody has an account of their own"),
    }
}

fn me_retrieve() -> Case {
    Case {
        operation: "customers_me_retrieve",
        happy: vec![Happy {
            by: Customer,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![Has("/email", json!("ana@example.com")), Has("/language", json!("en"))],
        }],
        refused: Refused::Never("it asks for nothing, and every customer is there"),
        outsiders: own("everybody has a profile of their own, staff too"),
    }
}

fn me_partial_update() -> Case {
    Case {
        operation: "customers_me_partial_update",
        happy: vec![Happy {
            by: Customer,
            call: call(async |_| Call::sending(json!({"phone": "+254 700 000 001", "first_name": "Ana"}))),
            status: 200,
            shows: vec![
                Has("/phone", json!("+254700000001")),
                Has("/first_name", json!("Ana")),
                Grows("select count(*) from customers where phone = '+254700000001'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/phone"), async |_| Call::sending(json!({"phone": "12", "first_name": "Ana"}))),
            refused(400, Field("/language"), async |_| Call::sending(json!({"language": ""}))),
            refused(400, Field("/first_name"), async |_| {
                Call::sending(json!({"phone": null, "first_name": "x".repeat(151)}))
            }),
        ]),
        outsiders: own("everybody has a profile of their own, staff too"),
    }
}
