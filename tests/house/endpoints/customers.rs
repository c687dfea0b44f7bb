//! Cases of registration, login and the endpoints of the current user.

use serde_json::json;

use super::access::{INVALID_TOKEN, credentials_ignored, open, own};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Customer, Guest};
use super::case::{Access, Call, Case, OtherCallers, Rejections, Success, call, rejected};
use super::fixture::Fixture;
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

const REVOKED_SESSIONS: &str = "select count(*) from sessions where revoked_at is not null";

/// Returns a valid registration of a new user, with one field replaced.
fn registration(fixture: &Fixture, field: &str, value: &str) -> Call {
    let mut body = json!({
        "email": format!("nia-{}@example.com", fixture.next()), "password1": PASSWORD, "password2": PASSWORD,
        "first_name": "Nia", "phone": "+254 700 000 001",
    });
    body[field] = json!(value);
    Call::with_body(body)
}

fn registration_create() -> Case {
    Case {
        operation: "auth_registration_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| registration(s, "last_name", "Mwangi")),
            status: 201,
            checks: vec![
                Equals("/user/first_name", json!("Nia")),
                Equals("/user/last_name", json!("Mwangi")),
                Increases("select count(*) from users where not is_staff and is_active", 1),
                Increases("select count(*) from customers where phone = '+254700000001'", 1),
                Increases("select count(*) from sessions", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/email"), async |s| registration(s, "email", "Ana@example.com")),
            rejected(400, Field("/email"), async |s| registration(s, "email", "ana")),
            rejected(400, Field("/password1"), async |s| registration(s, "password1", "short")),
            rejected(400, Field("/non_field_errors"), async |s| registration(s, "password2", "another one")),
            rejected(400, Field("/phone"), async |s| registration(s, "phone", "12")),
            rejected(400, Field("/password2"), async |_| Call::with_body(json!({}))),
        ]),
        other_callers: open("registration is open to all, even while signed in"),
    }
}

fn credentials(email: &str, password: &str) -> Call {
    Call::with_body(json!({"email": email, "password": password}))
}

fn login_create() -> Case {
    Case {
        operation: "auth_login_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| credentials(&s.ana.email, PASSWORD)),
            status: 200,
            checks: vec![
                Equals("/user/email", json!("ana@example.com")),
                Increases("select count(*) from sessions", 1),
                Increases("select count(*) from audit_entries where action = 'user.signed_in'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/non_field_errors"), async |s| credentials(&s.ana.email, "wrong")),
            rejected(400, Field("/non_field_errors"), async |_| credentials("nobody@example.com", PASSWORD)),
            rejected(400, Field("/non_field_errors"), async |s| credentials(&s.deactivated_email().await, PASSWORD)),
            rejected(400, Field("/email"), async |_| Call::with_body(json!({"password": PASSWORD}))),
            rejected(400, Field("/password"), async |s| Call::with_body(json!({"email": s.ana.email}))),
        ]),
        other_callers: OtherCallers {
            deactivated: Access::Rejected(400, Field("/non_field_errors")),
            ..credentials_ignored("login requires no authentication")
        },
    }
}

fn token_pair(operation: &'static str) -> Case {
    Case {
        operation,
        successes: vec![
            Success {
                by: Guest,
                call: call(async |s| credentials(&s.ana.email, PASSWORD)),
                status: 200,
                checks: vec![Increases("select count(*) from sessions", 1)],
            },
            Success {
                by: Guest,
                call: call(async |s| Call::with_body(json!({"username": s.ana.email, "password": PASSWORD}))),
                status: 200,
                checks: vec![Increases("select count(*) from sessions", 1)],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(401, Code("no_active_account"), async |s| credentials(&s.ana.email, "wrong")),
            rejected(401, Code("no_active_account"), async |_| credentials("not an address", PASSWORD)),
            rejected(401, Code("no_active_account"), async |s| credentials(&s.deactivated_email().await, PASSWORD)),
            rejected(400, Field("/password"), async |_| Call::with_body(json!({}))),
        ]),
        other_callers: OtherCallers {
            deactivated: Access::Rejected(401, Code("no_active_account")),
            ..credentials_ignored("login requires no authentication")
        },
    }
}

fn with_refresh(token: &str) -> Call {
    Call::with_body(json!({"refresh": token}))
}

/// Returns the first refresh token of a session that has been refreshed twice.
async fn used_refresh_token(fixture: &Fixture) -> String {
    let first = fixture.session().await;
    let mut newest = first.clone();
    for _ in 0..2 {
        let body = json!({"refresh": newest});
        let tokens = fixture.shop.anonymous().post("/api/auth/token/refresh/", body).await.expect(200);
        newest = tokens["refresh"].as_str().unwrap().to_owned();
    }
    first
}

fn refresh(operation: &'static str) -> Case {
    let reuse = rejected(401, Code("token_not_valid"), async |s| with_refresh(&used_refresh_token(s).await));
    Case {
        operation,
        successes: vec![Success {
            by: Guest,
            call: call(async |s| with_refresh(&s.session().await)),
            status: 200,
            checks: vec![Increases("select sum(generation) from sessions", 1)],
        }],
        rejections: Rejections::Cases(vec![
            reuse.changing(&[
                ("sessions", "reuse of a refresh token revokes the session"),
                ("audit_entries", "the revocation is recorded"),
            ]),
            rejected(401, Code("token_not_valid"), async |s| with_refresh(&s.ended_session().await)),
            rejected(401, Code("token_not_valid"), async |_| with_refresh("nonsense")),
            rejected(401, Code("token_not_valid"), async |s| with_refresh(s.ana.token.as_deref().unwrap())),
            rejected(400, Field("/refresh"), async |_| Call::with_body(json!({}))),
        ]),
        other_callers: OtherCallers { deactivated: INVALID_TOKEN, ..credentials_ignored("the refresh token suffices") },
    }
}

fn verify(operation: &'static str) -> Case {
    let with_token = |token: &str| Call::with_body(json!({"token": token}));
    Case {
        operation,
        successes: vec![
            Success {
                by: Guest,
                call: call(async move |s| with_token(&s.ana.refresh)),
                status: 200,
                checks: vec![Equals("", json!({}))],
            },
            Success {
                by: Guest,
                call: call(async move |s| with_token(s.ana.token.as_deref().unwrap())),
                status: 200,
                checks: vec![Equals("", json!({}))],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(401, Code("token_not_valid"), async move |_| with_token("nonsense")),
            rejected(401, Code("token_not_valid"), async move |s| with_token(&s.ended_session().await)),
            rejected(400, Field("/token"), async |_| Call::with_body(json!({"token": null}))),
        ]),
        other_callers: credentials_ignored("the token in the body suffices"),
    }
}

fn token_blacklist_create() -> Case {
    Case {
        operation: "auth_token_blacklist_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| with_refresh(&s.session().await)),
            status: 200,
            checks: vec![Equals("", json!({})), Increases(REVOKED_SESSIONS, 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(401, Code("token_not_valid"), async |_| with_refresh("nonsense")),
            rejected(401, Code("token_not_valid"), async |s| with_refresh(s.ana.token.as_deref().unwrap())),
            rejected(400, Field("/refresh"), async |_| Call::with_body(json!({}))),
        ]),
        other_callers: credentials_ignored("a refresh token suffices to revoke its session"),
    }
}

fn logout_create() -> Case {
    Case {
        operation: "auth_logout_create",
        successes: vec![
            Success {
                by: Guest,
                call: call(async |s| with_refresh(&s.session().await)),
                status: 200,
                checks: vec![Equals("/detail", json!("Successfully logged out.")), Increases(REVOKED_SESSIONS, 1)],
            },
            Success {
                by: Customer,
                call: call(async |_| Call::empty()),
                status: 200,
                checks: vec![Increases(REVOKED_SESSIONS, 1)],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(401, Code("not_authenticated"), async |_| Call::empty()),
            rejected(401, Code("token_not_valid"), async |_| with_refresh("nonsense")),
            rejected(400, Field("/refresh"), async |_| Call::with_body(json!({"refresh": []}))),
        ]),
        other_callers: credentials_ignored("a refresh token suffices to revoke its session"),
    }
}

fn user_retrieve() -> Case {
    Case {
        operation: "auth_user_retrieve",
        successes: vec![Success {
            by: Customer,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![Equals("/email", json!("ana@example.com")), Equals("/first_name", json!("ana"))],
        }],
        rejections: Rejections::None("it has no input, and the current user always exists"),
        other_callers: own("every user has an account"),
    }
}

fn user_update() -> Case {
    let names = |first: &str| Call::with_body(json!({"first_name": first, "last_name": "Wanjiru"}));
    Case {
        operation: "auth_user_update",
        successes: vec![Success {
            by: Customer,
            call: call(async move |_| names(" Ana ")),
            status: 200,
            checks: vec![
                Equals("/first_name", json!("Ana")),
                Increases(
                    "select count(*) from users where (first_name, last_name, email) = ('Ana', 'Wanjiru', 'ana@example.com')",
                    1,
                ),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/last_name"), async |_| Call::with_body(json!({"first_name": "Ana"}))),
            rejected(400, Field("/first_name"), async move |_| names(&"x".repeat(151))),
        ]),
        other_callers: own("every user has an account"),
    }
}

fn user_partial_update() -> Case {
    Case {
        operation: "auth_user_partial_update",
        successes: vec![Success {
            by: Customer,
            call: call(async |_| Call::with_body(json!({"last_name": "Wanjiru", "email": "other@example.com"}))),
            status: 200,
            checks: vec![
                Equals("/email", json!("ana@example.com")),
                Increases(
                    "select count(*) from users where (first_name, last_name, email) = ('ana', 'Wanjiru', 'ana@example.com')",
                    1,
                ),
            ],
        }],
        rejections: Rejections::Cases(vec![rejected(400, Field("/last_name"), async |_| {
            Call::with_body(json!({"first_name": "Ana", "last_name": ["Wanjiru"]}))
        })]),
        other_callers: own("every user has an account"),
    }
}

fn me_retrieve() -> Case {
    Case {
        operation: "customers_me_retrieve",
        successes: vec![Success {
            by: Customer,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![Equals("/email", json!("ana@example.com")), Equals("/language", json!("en"))],
        }],
        rejections: Rejections::None("it has no input, and the current customer always exists"),
        other_callers: own("every user has a customer profile, including staff"),
    }
}

fn me_partial_update() -> Case {
    Case {
        operation: "customers_me_partial_update",
        successes: vec![Success {
            by: Customer,
            call: call(async |_| Call::with_body(json!({"phone": "+254 700 000 001", "first_name": "Ana"}))),
            status: 200,
            checks: vec![
                Equals("/phone", json!("+254700000001")),
                Equals("/first_name", json!("Ana")),
                Increases("select count(*) from customers where phone = '+254700000001'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/phone"), async |_| Call::with_body(json!({"phone": "12", "first_name": "Ana"}))),
            rejected(400, Field("/language"), async |_| Call::with_body(json!({"language": ""}))),
            rejected(400, Field("/first_name"), async |_| {
                Call::with_body(json!({"phone": null, "first_name": "x".repeat(151)}))
            }),
        ]),
        other_callers: own("every user has a customer profile, including staff"),
    }
}
