//! Cases of e-mail verification, password and e-mail changes, personal data exports and erasure.

use serde_json::{Value, json};

use super::access::{INVALID_TOKEN, NOT_FOUND, NOT_SIGNED_IN, PERMISSION_REQUIRED, open, own};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Customer, Guest, Staff};
use super::case::{Access, Call, Case, OtherCallers, Rejections, Success, call, rejected};
use super::fixture::{Fixture, UNKNOWN_ID};
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
        set_active("customers_deactivate_create", false),
        set_active("customers_activate_create", true),
        customer_erase(),
    ]
}

const UNKNOWN_TOKEN: &str = "token-that-was-never-issued";

/// Returns the parameter `name` of the link in the last e-mail to this address.
async fn mailed_parameter(fixture: &Fixture, email: &str, name: &str) -> String {
    fixture.shop.run_jobs().await;
    let mail = fixture.shop.mails_to(email).pop().unwrap();
    let value = mail.text.split_once(&format!("{name}=")).unwrap().1;
    value.split(['&', '\n']).next().unwrap().trim().to_owned()
}

/// Creates an account, and returns the customer's id and e-mail address.
async fn account(fixture: &Fixture) -> (String, String) {
    let profile = fixture.shop.customer_account(&format!("nia-{}", fixture.next())).await;
    (profile.customer.id.to_string(), profile.user.email.to_string())
}

async fn key(fixture: &Fixture) -> Call {
    let (_, email) = account(fixture).await;
    let body = json!({"email": email});
    fixture.shop.anonymous().post("/api/auth/registration/resend-email/", body).await.expect(200);
    Call::with_body(json!({"key": mailed_parameter(fixture, &email, "key").await}))
}

fn verify_email() -> Case {
    Case {
        operation: "auth_registration_verify_email_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| key(s).await),
            status: 200,
            checks: vec![
                Equals("/detail", json!("ok")),
                Increases("select count(*) from users where email_verified_at is not null", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_body(json!({"key": UNKNOWN_TOKEN}))),
            rejected(400, Field("/key"), async |_| Call::with_body(json!({}))),
        ]),
        other_callers: open("the key authorizes the request"),
    }
}

fn resend_email() -> Case {
    Case {
        operation: "auth_registration_resend_email_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| Call::with_body(json!({"email": s.ana.email}))),
            status: 200,
            checks: vec![
                Equals("/detail", json!("ok")),
                Increases("select count(*) from jobs where name = 'accounts.mail_token'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![rejected(400, Field("/email"), async |_| {
            Call::with_body(json!({"email": "ana"}))
        })]),
        other_callers: open("the e-mail goes to the owner of the address"),
    }
}

fn passwords(old: &str, first: &str, second: &str) -> Call {
    Call::with_body(json!({"old_password": old, "new_password1": first, "new_password2": second}))
}

fn password_change() -> Case {
    Case {
        operation: "auth_password_change_create",
        successes: vec![Success {
            by: Customer,
            // The new password equals the old one, because the next call needs the old one.
            call: call(async |_| passwords(PASSWORD, PASSWORD, PASSWORD)),
            status: 200,
            checks: vec![
                Equals("/detail", json!("New password has been saved.")),
                Increases("select count(*) from messages where template = 'password_changed'", 1),
                Increases("select count(*) from audit_entries where action = 'user.password_changed'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/old_password"), async |_| {
                passwords("wrong horse", "battery staple", "battery staple")
            }),
            rejected(400, Field("/new_password1"), async |_| passwords(PASSWORD, "short", "short")),
            rejected(400, Field("/new_password2"), async |_| passwords(PASSWORD, "battery staple", "another one")),
            rejected(400, Field("/old_password"), async |_| Call::with_body(json!({}))),
        ]),
        other_callers: own("every user has an account"),
    }
}

fn password_reset() -> Case {
    Case {
        operation: "auth_password_reset_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| Call::with_body(json!({"email": s.ana.email}))),
            status: 200,
            checks: vec![
                Equals("/detail", json!("Password reset e-mail has been sent.")),
                Increases("select count(*) from jobs where name = 'accounts.mail_token'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![rejected(400, Field("/email"), async |_| {
            Call::with_body(json!({"email": "ana"}))
        })]),
        other_callers: open("the e-mail goes to the owner of the address"),
    }
}

async fn reset(fixture: &Fixture, password: &str) -> Call {
    let (_, email) = account(fixture).await;
    fixture.shop.anonymous().post("/api/auth/password/reset/", json!({"email": email})).await.expect(200);
    let (uid, token) =
        (mailed_parameter(fixture, &email, "uid").await, mailed_parameter(fixture, &email, "token").await);
    Call::with_body(json!({"uid": uid, "token": token, "new_password1": password, "new_password2": password}))
}

fn password_reset_confirm() -> Case {
    let with = |name: &'static str, value: Value| {
        let mut body = json!({
            "uid": UNKNOWN_ID, "token": UNKNOWN_TOKEN, "new_password1": "battery staple", "new_password2": "battery staple",
        });
        body[name] = value;
        Call::with_body(body)
    };
    Case {
        operation: "auth_password_reset_confirm_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| reset(s, "battery staple").await),
            status: 200,
            checks: vec![
                Equals("/detail", json!("Password has been reset with the new password.")),
                Increases("select count(*) from audit_entries where action = 'user.password_changed'", 1),
                Increases("select count(*) from account_tokens where ended_at is not null", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/token"), async move |_| with("uid", json!(UNKNOWN_ID))),
            rejected(400, Field("/token"), async move |s| with("uid", json!(s.ana.user))),
            rejected(400, Field("/uid"), async move |_| with("uid", json!("ana"))),
            rejected(400, Field("/new_password1"), async |s| reset(s, "short").await),
            rejected(400, Field("/new_password2"), async move |_| with("new_password2", json!("another one"))),
        ]),
        other_callers: open("the token authorizes the request"),
    }
}

fn email_change() -> Case {
    let to = |email: &str, password: &str| Call::with_body(json!({"new_email": email, "password": password}));
    Case {
        operation: "auth_email_change_create",
        successes: vec![Success {
            by: Customer,
            call: call(async move |s| to(&format!("new-{}@example.com", s.next()), PASSWORD)),
            status: 200,
            checks: vec![
                Equals("/detail", json!("Verification e-mail sent.")),
                Increases("select count(*) from messages where template = 'email_change'", 1),
                Increases("select count(*) from messages where template = 'email_change_announced'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/password"), async move |_| to("new@example.com", "wrong horse")),
            rejected(400, Field("/password"), async |_| Call::with_body(json!({"new_email": "new@example.com"}))),
            rejected(400, Field("/new_email"), async move |s| to(&s.ana.email, PASSWORD)),
            rejected(400, Field("/new_email"), async move |_| to("ana", PASSWORD)),
        ]),
        other_callers: own("every user has an account"),
    }
}

async fn confirmation(fixture: &Fixture) -> Call {
    let person = fixture.shop.customer(&format!("zoe-{}", fixture.next())).await;
    let email = format!("new-{}@example.com", fixture.next());
    let body = json!({"new_email": email, "password": PASSWORD});
    person.post("/api/auth/email/change/", body).await.expect(200);
    Call::with_body(json!({"token": mailed_parameter(fixture, &email, "token").await}))
}

fn email_change_confirm() -> Case {
    Case {
        operation: "auth_email_change_confirm_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| confirmation(s).await),
            status: 200,
            checks: vec![
                Equals("/detail", json!("New e-mail address has been saved.")),
                Increases("select count(*) from users where email like 'new-%'", 1),
                Increases("select count(*) from customers where email like 'new-%'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/token"), async |_| Call::with_body(json!({"token": UNKNOWN_TOKEN}))),
            rejected(400, Field("/token"), async |_| Call::with_body(json!({}))),
        ]),
        other_callers: open("the token authorizes the request"),
    }
}

fn me_delete() -> Case {
    let with = |password: &str| Call::with_body(json!({"password": password}));
    Case {
        operation: "customers_me_delete_create",
        successes: vec![Success {
            by: Customer,
            call: call(async move |_| with(PASSWORD)),
            status: 204,
            checks: vec![
                Increases("select count(*) from users where email = 'ana@example.com'", -1),
                Increases("select count(*) from customers where erased_at is not null", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/password"), async |_| Call::with_body(json!({}))),
            rejected(400, Field("/password"), async move |_| with("wrong horse")),
            rejected(400, Field("/token"), async |_| Call::with_body(json!({"token": UNKNOWN_TOKEN}))),
        ]),
        other_callers: OtherCallers {
            wrong_role: Access::Rejected(409, Code("staff_account")),
            ..own("customers delete their own account")
        },
    }
}

/// Callers other than the owner of an export do not find it.
const OWNER_ONLY: OtherCallers = OtherCallers {
    anonymous: NOT_SIGNED_IN,
    other_customer: NOT_FOUND,
    wrong_role: NOT_FOUND,
    expired: INVALID_TOKEN,
    deactivated: INVALID_TOKEN,
};

async fn export(fixture: &Fixture) -> Call {
    let requested = fixture.ana.post("/api/customers/me/export/", json!({})).await.expect(202);
    fixture.shop.run_jobs().await;
    Call::with_id(requested["id"].as_str().unwrap())
}

fn export_create() -> Case {
    Case {
        operation: "customers_me_export_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |_| Call::empty()),
            status: 202,
            checks: vec![
                Equals("/status", json!("pending")),
                Increases("select count(*) from personal_data_exports", 1),
                Increases("select count(*) from jobs where name = 'privacy.make_export'", 1),
            ],
        }],
        rejections: Rejections::None("the request has no body, and an existing export is returned again"),
        other_callers: own("customers export their own data"),
    }
}

fn export_retrieve() -> Case {
    Case {
        operation: "customers_me_export_retrieve",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| export(s).await),
            status: 200,
            checks: vec![Equals("/status", json!("ready"))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: OWNER_ONLY,
    }
}

fn export_download() -> Case {
    Case {
        operation: "customers_me_export_download_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| export(s).await),
            status: 200,
            checks: vec![
                Equals("/account/user/email", json!("ana@example.com")),
                Increases("select count(*) from personal_data_exports where downloaded_at is not null", 1),
                Increases("select count(*) from personal_data_exports where sealed is not null", -1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(410, Code("export_gone"), async |s| {
                let call = export(s).await;
                s.shop.execute("update personal_data_exports set sealed = null, downloaded_at = now()");
                call
            }),
            rejected(409, Code("export_not_ready"), async |s| {
                let requested = s.ana.post("/api/customers/me/export/", json!({})).await.expect(202);
                Call::with_id(requested["id"].as_str().unwrap())
            }),
        ]),
        other_callers: OWNER_ONLY,
    }
}

fn set_active(operation: &'static str, is_active: bool) -> Case {
    let prepared = async move |s: &Fixture| {
        let (id, _) = account(s).await;
        if is_active {
            s.shop.execute(&format!(
                "update users set is_active = false where id = (select user_id from customers where id = '{id}')"
            ));
        }
        Call::with_id(id)
    };
    Case {
        operation,
        successes: vec![Success {
            by: Staff,
            call: call(prepared),
            status: 200,
            checks: vec![
                Equals("/is_active", json!(is_active)),
                Increases("select count(*) from audit_entries where action like 'user.%activated'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(409, Code("staff_account"), async |s| Call::with_id(s.root.customer)),
            rejected(409, Code("no_account"), async |s| {
                let (id, _) = account(s).await;
                s.shop.execute(&format!("update customers set user_id = null where id = '{id}'"));
                Call::with_id(id)
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

fn customer_erase() -> Case {
    Case {
        operation: "customers_erase_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| Call::with_id(account(s).await.0)),
            status: 204,
            checks: vec![
                Increases("select count(*) from users", -1),
                Increases("select count(*) from customers where erased_at is not null and email is null", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(409, Code("staff_account"), async |s| Call::with_id(s.root.customer)),
            rejected(409, Code("unfinished_business"), async |s| {
                s.order("confirmed").await;
                Call::with_id(s.ana.customer)
            }),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}
