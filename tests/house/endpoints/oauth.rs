//! Operations of sign-in with providers and of linked accounts.

use serde_json::{Value, json};

use super::access::{NOT_FOUND, open, own};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Customer, Guest};
use super::case::{Call, Case, OtherCallers, Rejections, Success, call, rejected};
use super::fixture::Fixture;

pub fn cases() -> Vec<Case> {
    vec![
        sign_in("auth_google_create"),
        redirect_to_provider("auth_google_login_retrieve"),
        callback("auth_google_callback_retrieve", "google"),
        connect("auth_google_connect_create"),
        sign_in("auth_oidc_create"),
        redirect_to_provider("auth_oidc_login_retrieve"),
        callback("auth_oidc_callback_retrieve", "oidc/acme"),
        connect("auth_oidc_connect_create"),
        identities_list(),
        disconnect_create(),
    ]
}

const IDENTITIES: &str = "select count(*) from identities";

/// Request body with a token of a new user, with one member replaced.
fn token(fixture: &Fixture, name: &str, value: Value) -> Call {
    let number = fixture.next();
    let nonce = format!("nonce-{number}");
    let mut body =
        fixture.provider.id_token_body(&format!("subject-{number}"), &format!("nia-{number}@example.com"), &nonce);
    body[name] = value;
    Call::with_body(body).id("acme")
}

fn valid_token(fixture: &Fixture) -> Call {
    token(fixture, "cookie", json!(false))
}

fn sign_in(operation: &'static str) -> Case {
    Case {
        operation,
        successes: vec![Success {
            by: Guest,
            call: call(async |s| valid_token(s)),
            status: 200,
            checks: vec![
                Equals("/user/first_name", json!("Nia")),
                Increases(IDENTITIES, 1),
                Increases(
                    "select count(*) from users where password_hash is null and email_verified_at is not null",
                    1,
                ),
                Increases("select count(*) from customers", 1),
                Increases("select count(*) from sessions", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/non_field_errors"), async |s| token(s, "nonce", json!("another"))),
            rejected(400, Field("/non_field_errors"), async |s| token(s, "id_token", json!("nonsense"))),
            rejected(400, Field("/non_field_errors"), async |s| token(s, "code", json!("both"))),
            rejected(400, Field("/non_field_errors"), async |_| Call::with_body(json!({})).id("acme")),
            rejected(400, Field("/nonce"), async |s| token(s, "nonce", json!(null))),
            rejected(400, Field("/access_token"), async |_| Call::with_body(json!({"access_token": "x"})).id("acme")),
            rejected(400, Field("/redirect_uri"), async |_| Call::with_body(json!({"code": "x"})).id("acme")),
            rejected(400, Field("/redirect_uri"), async |_| {
                Call::with_body(json!({"code": "x", "redirect_uri": "https://evil.example/"})).id("acme")
            }),
            rejected(400, Field("/non_field_errors"), async |s| {
                Call::with_body(s.provider.id_token_body("subject", &s.ana.email, "nonce")).id("acme")
            }),
        ]),
        other_callers: open("every caller can sign in, also as another user"),
    }
}

const ATTEMPTS: &str = "select count(*) from oauth_attempts";

fn redirect_to_provider(operation: &'static str) -> Case {
    Case {
        operation,
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::with_query("next=https://shop.example/welcome").id("acme")),
            status: 302,
            checks: vec![Increases(ATTEMPTS, 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/next"), async |_| Call::empty().id("acme")),
            rejected(400, Field("/next"), async |_| Call::with_query("next=https://evil.example/").id("acme")),
        ]),
        other_callers: open("every caller can sign in, also as another user"),
    }
}

/// Callback request of a browser with a new user.
async fn callback_call(fixture: &Fixture, name: &str) -> Call {
    let url = format!("/api/auth/{name}/login/?next=https://shop.example/welcome");
    let sent = fixture.shop.anonymous().get(&url).await;
    let cookie = sent.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let number = fixture.next();
    let location = sent.header("location").unwrap();
    let query = fixture.provider.approve(location, &format!("subject-{number}"), &format!("nia-{number}@example.com"));
    Call::with_query(query).header("cookie", cookie).id("acme")
}

fn callback(operation: &'static str, name: &'static str) -> Case {
    Case {
        operation,
        successes: vec![Success {
            by: Guest,
            call: call(async move |s| callback_call(s, name).await),
            status: 302,
            checks: vec![Increases(IDENTITIES, 1), Increases("select count(*) from sessions", 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Code("invalid_state"), async |_| Call::empty().id("acme")),
            rejected(400, Code("invalid_state"), async move |s| callback_call(s, name).await.header("cookie", "a=b")),
            rejected(400, Code("invalid_state"), async move |s| callback_call(s, name).await.query("code=x&state=x")),
        ]),
        other_callers: open("every caller can sign in, also as another user"),
    }
}

fn connect(operation: &'static str) -> Case {
    Case {
        operation,
        successes: vec![Success {
            by: Customer,
            call: call(async |s| valid_token(s)),
            status: 200,
            checks: vec![
                Increases(IDENTITIES, 1),
                Increases("select count(*) from audit_entries where action = 'user.identity_linked'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/non_field_errors"), async |s| token(s, "nonce", json!("another"))),
            rejected(400, Field("/nonce"), async |s| token(s, "nonce", json!(null))),
            rejected(400, Field("/non_field_errors"), async |s| {
                let taken = s.provider.id_token_body("taken", "x@example.com", &format!("nonce-{}", s.next()));
                s.ben.post("/api/auth/google/connect/", taken).await.expect(200);
                let again = s.provider.id_token_body("taken", "x@example.com", &format!("nonce-{}", s.next()));
                Call::with_body(again).id("acme")
            }),
        ]),
        other_callers: own("every user links accounts to their own account"),
    }
}

/// Inserts a linked account of Ana and returns its id.
fn linked_account(fixture: &Fixture) -> String {
    let id = fixture.fresh_id();
    fixture.shop.execute(&format!(
        "insert into identities (id, user_id, provider, issuer, subject, email, created_at, last_used_at) \
         values ('{id}', '{}', 'google', 'https://accounts.example', '{id}', 'ana@example.com', now(), now())",
        fixture.ana.user
    ));
    id
}

fn identities_list() -> Case {
    Case {
        operation: "auth_socialaccounts_list",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| {
                linked_account(s);
                Call::empty()
            }),
            status: 200,
            checks: vec![Equals("/0/provider", json!("google"))],
        }],
        rejections: Rejections::None("the request has no input, and every user has a list"),
        other_callers: own("every user has a list of linked accounts"),
    }
}

fn disconnect_create() -> Case {
    Case {
        operation: "auth_socialaccounts_disconnect_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(linked_account(s))),
            status: 200,
            checks: vec![
                Equals("/provider", json!("google")),
                Increases(IDENTITIES, -1),
                Increases("select count(*) from audit_entries where action = 'user.identity_unlinked'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(super::fixture::UNKNOWN_ID)),
            rejected(400, Field("/non_field_errors"), async |s| {
                s.shop.execute(&format!("delete from identities where user_id = '{}'", s.ana.user));
                s.shop.execute(&format!("update users set password_hash = null where id = '{}'", s.ana.user));
                Call::with_id(linked_account(s))
            }),
        ]),
        other_callers: OtherCallers {
            other_customer: NOT_FOUND,
            wrong_role: NOT_FOUND,
            ..own("linked accounts are found only by their user")
        },
    }
}
