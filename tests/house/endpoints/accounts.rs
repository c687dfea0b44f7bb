//! Addresses proved, passwords and addresses changed, personal data told and forgotten.

use serde_json::{Value, json};

use super::case::Role::{Anyone, Customer, Staff};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Gate, Happy, Outsiders, Refused, call, refused};
use super::gates::{BAD_TOKEN, NOT_FOUND, NOT_SIGNED_IN, PERMITTED_ONLY, open, own};
use super::stage::{NOBODY, Stage};
use crate::support::shop::PASSWORD;

pub fn cases() -> Vec<Case> {
    vec![
        verify_email(),
        resend_email(),
        password_change(),
        password_reset(),
        password_reset_confirm(),
        email_change(),
        email_change_confirm(),
        me_delete(),
        export_create(),
        export_retrieve(),
        export_download(),
        customer_switched("customers_deactivate_create", false),
        customer_switched("customers_activate_create", true),
        customer_erase(),
    ]
}

const GUESS: &str = "a-guess-that-nobody-was-mailed";

/// What stands behind `name=` in the last letter to somebody.
async fn mailed(stage: &Stage, email: &str, name: &str) -> String {
    stage.shop.run_jobs().await;
    let letter = stage.shop.letters_to(email).pop().unwrap();
    let value = letter.text.split_once(&format!("{name}=")).unwrap().1;
    value.split(['&', '\n']).next().unwrap().trim().to_owned()
}

/// Somebody's new account: their id as a customer, and their address.
async fn account(stage: &Stage) -> (String, String) {
    let profile = stage.shop.customer_account(&format!("nia-{}", stage.next())).await;
    (profile.customer.id.to_string(), profile.user.email.to_string())
}

async fn key(stage: &Stage) -> Call {
    let (_, email) = account(stage).await;
    let body = json!({"email": email});
    stage.shop.anonymous().post("/api/auth/registration/resend-email/", body).await.expect(200);
    Call::sending(json!({"key": mailed(stage, &email, "key").await}))
}

fn verify_email() -> Case {
    Case {
        operation: "auth_registration_verify_email_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| key(s).await),
            status: 200,
            shows: vec![
                Has("/detail", json!("ok")),
                Grows("select count(*) from users where email_verified_at is not null", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::sending(json!({"key": GUESS}))),
            refused(400, Field("/key"), async |_| Call::sending(json!({}))),
        ]),
        outsiders: open("the key is all that is needed"),
    }
}

fn resend_email() -> Case {
    Case {
        operation: "auth_registration_resend_email_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| Call::sending(json!({"email": s.ana.email}))),
            status: 200,
            shows: vec![
                Has("/detail", json!("ok")),
                Grows("select count(*) from jobs where name = 'accounts.mail_token'", 1),
            ],
        }],
        refused: Refused::These(vec![refused(400, Field("/email"), async |_| Call::sending(json!({"email": "ana"})))]),
        outsiders: open("the mail goes to whoever has the address"),
    }
}

fn passwords(old: &str, first: &str, second: &str) -> Call {
    Call::sending(json!({"old_password": old, "new_password1": first, "new_password2": second}))
}

fn password_change() -> Case {
    Case {
        operation: "auth_password_change_create",
        happy: vec![Happy {
            by: Customer,
            // The same again: the next call needs the old one.
            call: call(async |_| passwords(PASSWORD, PASSWORD, PASSWORD)),
            status: 200,
            shows: vec![
                Has("/detail", json!("New password has been saved.")),
                Grows("select count(*) from messages where template = 'password_changed'", 1),
                Grows("select count(*) from audit_entries where action = 'user.password_changed'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/old_password"), async |_| {
                passwords("wrong horse", "battery staple", "battery staple")
            }),
            refused(400, Field("/new_password1"), async |_| passwords(PASSWORD, "short", "short")),
            refused(400, Field("/new_password2"), async |_| passwords(PASSWORD, "battery staple", "another one")),
            refused(400, Field("/old_password"), async |_| Call::sending(json!({}))),
        ]),
        outsiders: own("everybody has an account of their own"),
    }
}

fn password_reset() -> Case {
    Case {
        operation: "auth_password_reset_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| Call::sending(json!({"email": s.ana.email}))),
            status: 200,
            shows: vec![
                Has("/detail", json!("Password reset e-mail has been sent.")),
                Grows("select count(*) from jobs where name = 'accounts.mail_token'", 1),
            ],
        }],
        refused: Refused::These(vec![refused(400, Field("/email"), async |_| Call::sending(json!({"email": "ana"})))]),
        outsiders: open("the mail goes to whoever has the address"),
    }
}

async fn reset(stage: &Stage, password: &str) -> Call {
    let (_, email) = account(stage).await;
    stage.shop.anonymous().post("/api/auth/password/reset/", json!({"email": email})).await.expect(200);
    let (uid, token) = (mailed(stage, &email, "uid").await, mailed(stage, &email, "token").await);
    Call::sending(json!({"uid": uid, "token": token, "new_password1": password, "new_password2": password}))
}

fn password_reset_confirm() -> Case {
    let with = |name: &'static str, value: Value| {
        let mut body = json!({
            "uid": NOBODY, "token": GUESS, "new_password1": "battery staple", "new_password2": "battery staple",
        });
        body[name] = value;
        Call::sending(body)
    };
    Case {
        operation: "auth_password_reset_confirm_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| reset(s, "battery staple").await),
            status: 200,
            shows: vec![
                Has("/detail", json!("Password has been reset with the new password.")),
                Grows("select count(*) from audit_entries where action = 'user.password_changed'", 1),
                Grows("select count(*) from account_tokens where ended_at is not null", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/token"), async move |_| with("uid", json!(NOBODY))),
            refused(400, Field("/token"), async move |s| with("uid", json!(s.ana.user))),
            refused(400, Field("/uid"), async move |_| with("uid", json!("ana"))),
            refused(400, Field("/new_password1"), async |s| reset(s, "short").await),
            refused(400, Field("/new_password2"), async move |_| with("new_password2", json!("another one"))),
        ]),
        outsiders: open("the token is all that is needed"),
    }
}

fn email_change() -> Case {
    let to = |email: &str, password: &str| Call::sending(json!({"new_email": email, "password": password}));
    Case {
        operation: "auth_email_change_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async move |s| to(&format!("new-{}@example.com", s.next()), PASSWORD)),
            status: 200,
            shows: vec![
                Has("/detail", json!("Verification e-mail sent.")),
                Grows("select count(*) from messages where template = 'email_change'", 1),
                Grows("select count(*) from messages where template = 'email_change_announced'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/password"), async move |_| to("new@example.com", "wrong horse")),
            refused(400, Field("/password"), async |_| Call::sending(json!({"new_email": "new@example.com"}))),
            refused(400, Field("/new_email"), async move |s| to(&s.ana.email, PASSWORD)),
            refused(400, Field("/new_email"), async move |_| to("ana", PASSWORD)),
        ]),
        outsiders: own("everybody has an account of their own"),
    }
}

async fn confirmation(stage: &Stage) -> Call {
    let person = stage.shop.customer(&format!("zoe-{}", stage.next())).await;
    let email = format!("new-{}@example.com", stage.next());
    let body = json!({"new_email": email, "password": PASSWORD});
    person.post("/api/auth/email/change/", body).await.expect(200);
    Call::sending(json!({"token": mailed(stage, &email, "token").await}))
}

fn email_change_confirm() -> Case {
    Case {
        operation: "auth_email_change_confirm_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| confirmation(s).await),
            status: 200,
            shows: vec![
                Has("/detail", json!("New e-mail address has been saved.")),
                Grows("select count(*) from users where email like 'new-%'", 1),
                Grows("select count(*) from customers where email like 'new-%'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/token"), async |_| Call::sending(json!({"token": GUESS}))),
            refused(400, Field("/token"), async |_| Call::sending(json!({}))),
        ]),
        outsiders: open("the token is all that is needed"),
    }
}

fn me_delete() -> Case {
    let with = |password: &str| Call::sending(json!({"password": password}));
    Case {
        operation: "customers_me_delete_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async move |_| with(PASSWORD)),
            status: 204,
            shows: vec![
                Grows("select count(*) from users where email = 'ana@example.com'", -1),
                Grows("select count(*) from customers where erased_at is not null", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/password"), async |_| Call::sending(json!({}))),
            refused(400, Field("/password"), async move |_| with("wrong horse")),
            refused(400, Field("/token"), async |_| Call::sending(json!({"token": GUESS}))),
        ]),
        outsiders: Outsiders {
            wrong_role: Gate::Refused(409, Code("staff_account")),
            ..own("everybody deletes their own account")
        },
    }
}

/// Of Ana's exports nobody else learns.
const HERS: Outsiders = Outsiders {
    anonymous: NOT_SIGNED_IN,
    stranger: NOT_FOUND,
    wrong_role: NOT_FOUND,
    expired: BAD_TOKEN,
    deactivated: BAD_TOKEN,
};

async fn export(stage: &Stage) -> Call {
    let asked = stage.ana.post("/api/customers/me/export/", json!({})).await.expect(202);
    stage.shop.run_jobs().await;
    Call::of(asked["id"].as_str().unwrap())
}

fn export_create() -> Case {
    Case {
        operation: "customers_me_export_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |_| Call::plain()),
            status: 202,
            shows: vec![
                Has("/status", json!("pending")),
                Grows("select count(*) from personal_data_exports", 1),
                Grows("select count(*) from jobs where name = 'privacy.make_export'", 1),
            ],
        }],
        refused: Refused::Never("it asks for nothing, and what was asked for before is answered again"),
        outsiders: own("everybody is told what is known of them"),
    }
}

fn export_retrieve() -> Case {
    Case {
        operation: "customers_me_export_retrieve",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| export(s).await),
            status: 200,
            shows: vec![Has("/status", json!("ready"))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: HERS,
    }
}

fn export_download() -> Case {
    Case {
        operation: "customers_me_export_download_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| export(s).await),
            status: 200,
            shows: vec![
                Has("/account/user/email", json!("ana@example.com")),
                Grows("select count(*) from personal_data_exports where downloaded_at is not null", 1),
                Grows("select count(*) from personal_data_exports where sealed is not null", -1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(410, Code("export_gone"), async |s| {
                let call = export(s).await;
                s.shop.execute("update personal_data_exports set sealed = null, downloaded_at = now()");
                call
            }),
            refused(409, Code("export_not_ready"), async |s| {
                let asked = s.ana.post("/api/customers/me/export/", json!({})).await.expect(202);
                Call::of(asked["id"].as_str().unwrap())
            }),
        ]),
        outsiders: HERS,
    }
}

fn customer_switched(operation: &'static str, is_active: bool) -> Case {
    let prepared = async move |s: &Stage| {
        let (id, _) = account(s).await;
        if is_active {
            s.shop.execute(&format!(
                "update users set is_active = false where id = (select user_id from customers where id = '{id}')"
            ));
        }
        Call::of(id)
    };
    Case {
        operation,
        happy: vec![Happy {
            by: Staff,
            call: call(prepared),
            status: 200,
            shows: vec![
                Has("/is_active", json!(is_active)),
                Grows("select count(*) from audit_entries where action like 'user.%activated'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(409, Code("staff_account"), async |s| Call::of(s.root.customer)),
            refused(409, Code("no_account"), async |s| {
                let (id, _) = account(s).await;
                s.shop.execute(&format!("update customers set user_id = null where id = '{id}'"));
                Call::of(id)
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

fn customer_erase() -> Case {
    Case {
        operation: "customers_erase_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| Call::of(account(s).await.0)),
            status: 204,
            shows: vec![
                Grows("select count(*) from users", -1),
                Grows("select count(*) from customers where erased_at is not null and email is null", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(409, Code("staff_account"), async |s| Call::of(s.root.customer)),
            refused(409, Code("unfinished_business"), async |s| {
                s.order("confirmed").await;
                Call::of(s.ana.customer)
            }),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}
