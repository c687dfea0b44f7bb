//! Signing in with other providers, and the accounts elsewhere that open one's own.

use serde_json::{Value, json};

use super::case::Role::{Anyone, Customer};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Happy, Outsiders, Refused, call, refused};
use super::gates::{NOT_FOUND, open, own};
use super::stage::Stage;

pub fn cases() -> Vec<Case> {
    vec![
        sign_in("auth_google_create"),
        begin("auth_google_login_retrieve"),
        come_back("auth_google_callback_retrieve", "google"),
        connect("auth_google_connect_create"),
        sign_in("auth_oidc_create"),
        begin("auth_oidc_login_retrieve"),
        come_back("auth_oidc_callback_retrieve", "oidc/acme"),
        connect("auth_oidc_connect_create"),
        identities_list(),
        disconnect_create(),
    ]
}

const IDENTITIES: &str = "select count(*) from identities";

/// A token of somebody who was never here, with one member of the body replaced.
fn token(stage: &Stage, name: &str, value: Value) -> Call {
    let number = stage.next();
    let nonce = format!("nonce-{number}");
    let mut body = stage.provider.brought(&format!("subject-{number}"), &format!("nia-{number}@example.com"), &nonce);
    body[name] = value;
    Call::sending(body).id("acme")
}

fn good_token(stage: &Stage) -> Call {
    token(stage, "cookie", json!(false))
}

fn sign_in(operation: &'static str) -> Case {
    Case {
        operation,
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| good_token(s)),
            status: 200,
            shows: vec![
                Has("/user/first_name", json!("Nia")),
                Grows(IDENTITIES, 1),
                Grows("select count(*) from users where password_hash is null and email_verified_at is not null", 1),
                Grows("select count(*) from customers", 1),
                Grows("select count(*) from sessions", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/non_field_errors"), async |s| token(s, "nonce", json!("another"))),
            refused(400, Field("/non_field_errors"), async |s| token(s, "id_token", json!("nonsense"))),
            refused(400, Field("/non_field_errors"), async |s| token(s, "code", json!("both"))),
            refused(400, Field("/non_field_errors"), async |_| Call::sending(json!({})).id("acme")),
            refused(400, Field("/nonce"), async |s| token(s, "nonce", json!(null))),
            refused(400, Field("/access_token"), async |_| Call::sending(json!({"access_token": "x"})).id("acme")),
            refused(400, Field("/redirect_uri"), async |_| Call::sending(json!({"code": "x"})).id("acme")),
            refused(400, Field("/redirect_uri"), async |_| {
                Call::sending(json!({"code": "x", "redirect_uri": "https://evil.example/"})).id("acme")
            }),
            refused(400, Field("/non_field_errors"), async |s| {
                Call::sending(s.provider.brought("subject", &s.ana.email, "nonce")).id("acme")
            }),
        ]),
        outsiders: open("whoever comes may sign in, also as somebody else"),
    }
}

const ATTEMPTS: &str = "select count(*) from oauth_attempts";

fn begin(operation: &'static str) -> Case {
    Case {
        operation,
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::asking("next=https://shop.example/welcome").id("acme")),
            status: 302,
            shows: vec![Grows(ATTEMPTS, 1)],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/next"), async |_| Call::plain().id("acme")),
            refused(400, Field("/next"), async |_| Call::asking("next=https://evil.example/").id("acme")),
        ]),
        outsiders: open("whoever comes may sign in, also as somebody else"),
    }
}

/// A browser that somebody new comes back with.
async fn returning(stage: &Stage, name: &str) -> Call {
    let url = format!("/api/auth/{name}/login/?next=https://shop.example/welcome");
    let sent = stage.shop.anonymous().get(&url).await;
    let cookie = sent.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let number = stage.next();
    let location = sent.header("location").unwrap();
    let query = stage.provider.approve(location, &format!("subject-{number}"), &format!("nia-{number}@example.com"));
    Call::asking(query).header("cookie", cookie).id("acme")
}

fn come_back(operation: &'static str, name: &'static str) -> Case {
    Case {
        operation,
        happy: vec![Happy {
            by: Anyone,
            call: call(async move |s| returning(s, name).await),
            status: 302,
            shows: vec![Grows(IDENTITIES, 1), Grows("select count(*) from sessions", 1)],
        }],
        refused: Refused::These(vec![
            refused(400, Code("invalid_state"), async |_| Call::plain().id("acme")),
            refused(400, Code("invalid_state"), async move |s| returning(s, name).await.header("cookie", "a=b")),
            refused(400, Code("invalid_state"), async move |s| returning(s, name).await.query("code=x&state=x")),
        ]),
        outsiders: open("whoever comes may sign in, also as somebody else"),
    }
}

fn connect(operation: &'static str) -> Case {
    Case {
        operation,
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| good_token(s)),
            status: 200,
            shows: vec![
                Grows(IDENTITIES, 1),
                Grows("select count(*) from audit_entries where action = 'user.identity_linked'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/non_field_errors"), async |s| token(s, "nonce", json!("another"))),
            refused(400, Field("/nonce"), async |s| token(s, "nonce", json!(null))),
            refused(400, Field("/non_field_errors"), async |s| {
                let taken = s.provider.brought("taken", "x@example.com", &format!("nonce-{}", s.next()));
                s.ben.post("/api/auth/google/connect/", taken).await.expect(200);
                let again = s.provider.brought("taken", "x@example.com", &format!("nonce-{}", s.next()));
                Call::sending(again).id("acme")
            }),
        ]),
        outsiders: own("whoever is signed in links accounts to their own"),
    }
}

/// An account elsewhere of Ana's.
fn linked(stage: &Stage) -> String {
    let id = stage.fresh_id();
    stage.shop.execute(&format!(
        "insert into identities (id, user_id, provider, issuer, subject, email, created_at, last_used_at) \
         values ('{id}', '{}', 'google', 'https://accounts.example', '{id}', 'ana@example.com', now(), now())",
        stage.ana.user
    ));
    id
}

fn identities_list() -> Case {
    Case {
        operation: "auth_socialaccounts_list",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| {
                linked(s);
                Call::plain()
            }),
            status: 200,
            shows: vec![Has("/0/provider", json!("google"))],
        }],
        refused: Refused::Never("it asks for nothing, and everybody has a list, if an empty one"),
        outsiders: own("everybody has a list of their own"),
    }
}

fn disconnect_create() -> Case {
    Case {
        operation: "auth_socialaccounts_disconnect_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(linked(s))),
            status: 200,
            shows: vec![
                Has("/provider", json!("google")),
                Grows(IDENTITIES, -1),
                Grows("select count(*) from audit_entries where action = 'user.identity_unlinked'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(super::stage::NOBODY)),
            refused(400, Field("/non_field_errors"), async |s| {
                s.shop.execute(&format!("delete from identities where user_id = '{}'", s.ana.user));
                s.shop.execute(&format!("update users set password_hash = null where id = '{}'", s.ana.user));
                Call::of(linked(s))
            }),
        ]),
        outsiders: Outsiders { stranger: NOT_FOUND, wrong_role: NOT_FOUND, ..own("only their owner finds them") },
    }
}
