//! Cases of second factors: setup, sign-in and reset.

use serde_json::{Value, json};

use super::access::{INVALID_TOKEN, NOT_FOUND, NOT_SIGNED_IN, PERMISSION_REQUIRED, credentials_ignored, own};
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::{Customer, Guest, Staff};
use super::case::{Access, Call, Case, ExpectedError, OtherCallers, Rejections, Success, call, rejected};
use super::fixture::{Fixture, UNKNOWN_ID};
use crate::support::fakes::Device;
use crate::support::second_factors::{AuthenticatorApp, mfa_token, register_passkey, set_up_authenticator};
use crate::support::shop::PASSWORD;

pub fn cases() -> Vec<Case> {
    vec![
        status_retrieve(),
        totp_activate_create(),
        totp_confirm_create(),
        totp_deactivate_create(),
        recovery_codes_create(),
        verify_create(),
        verify_begin_create(),
        verify_finish_create(),
        login_begin_create(),
        login_finish_create(),
        reset_factors_create(),
    ]
}

/// Changes of a request with a wrong code.
const FAILURE_CHANGES: &[(&str, &str)] =
    &[("factor_failures", "failures are counted"), ("audit_entries", "failures are recorded")];

/// Changes of a sign-in with a wrong code.
const SIGN_IN_FAILURE_CHANGES: &[(&str, &str)] = &[
    ("sign_in_challenges", "a sign-in allows five failures"),
    ("factor_failures", "failures are counted"),
    ("audit_entries", "failures are recorded"),
];

const MFA_TOKEN_EXPIRED: Access = Access::Rejected(401, ExpectedError::Code("mfa_token_not_valid"));

/// Callers other than the owner do not find the passkey.
pub(super) const PASSKEY_OWNER_ONLY: OtherCallers = OtherCallers {
    anonymous: NOT_SIGNED_IN,
    other_customer: NOT_FOUND,
    wrong_role: NOT_FOUND,
    expired: INVALID_TOKEN,
    deactivated: INVALID_TOKEN,
};

/// Other users get this conflict, because they have no second factor.
const fn conflict_for_others(code: &'static str) -> OtherCallers {
    OtherCallers {
        anonymous: NOT_SIGNED_IN,
        other_customer: Access::Rejected(409, ExpectedError::Code(code)),
        wrong_role: Access::Rejected(409, ExpectedError::Code(code)),
        expired: INVALID_TOKEN,
        deactivated: INVALID_TOKEN,
    }
}

/// Deletes all second factors of Ana.
pub(super) fn delete_second_factors(fixture: &Fixture) {
    for table in ["totp_devices", "recovery_codes", "passkeys", "factor_failures"] {
        fixture.shop.execute(&format!("delete from {table} where user_id = '{}'", fixture.ana.user));
    }
}

/// Deletes all second factors of Ana, and sets up an authenticator app.
async fn authenticator(fixture: &Fixture) -> AuthenticatorApp {
    delete_second_factors(fixture);
    set_up_authenticator(&fixture.shop, &fixture.ana).await
}

/// Registers a passkey of Ana, and returns her device and the id of the passkey.
pub(super) async fn register_new_passkey(fixture: &Fixture) -> (Device, String) {
    delete_second_factors(fixture);
    let mut device = Device::new();
    let registered = register_passkey(&mut device, &fixture.ana).await;
    (device, registered["id"].as_str().unwrap().to_owned())
}

pub(super) async fn begin_ceremony(fixture: &Fixture, what: &str, body: Value) -> Value {
    let url = format!("/api/auth/mfa/passkeys/{what}/begin/");
    fixture.ana.post(&url, body).await.expect(200)
}

fn status_retrieve() -> Case {
    Case {
        operation: "auth_mfa_status_retrieve",
        successes: vec![Success {
            by: Customer,
            call: call(async |_| Call::empty()),
            status: 200,
            checks: vec![
                Equals("/totp", json!(false)),
                Equals("/passkeys", json!(0)),
                Equals("/required", json!(false)),
            ],
        }],
        rejections: Rejections::None("the request has no parameters, and every user has a status"),
        other_callers: own("every user has a status"),
    }
}

fn totp_activate_create() -> Case {
    Case {
        operation: "auth_mfa_totp_activate_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| {
                delete_second_factors(s);
                Call::with_body(json!({"password": PASSWORD}))
            }),
            status: 200,
            checks: vec![Increases("select count(*) from totp_devices where confirmed_at is null", 1)],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/password"), async |_| Call::with_body(json!({}))),
            rejected(400, Field("/password"), async |_| Call::with_body(json!({"password": "wrong"}))),
            rejected(409, Code("totp_active"), async |s| {
                authenticator(s).await;
                Call::with_body(json!({"password": PASSWORD}))
            }),
        ]),
        other_callers: own("every user can set up an authenticator app"),
    }
}

fn totp_confirm_create() -> Case {
    let start = async |s: &Fixture| {
        delete_second_factors(s);
        let started = s.ana.post("/api/auth/mfa/totp/activate/", json!({"password": PASSWORD})).await.expect(200);
        AuthenticatorApp::new(started["secret"].as_str().unwrap())
    };
    Case {
        operation: "auth_mfa_totp_confirm_create",
        successes: vec![Success {
            by: Customer,
            call: call(async move |s| Call::with_body(json!({"code": start(s).await.code(&s.shop)}))),
            status: 200,
            checks: vec![
                Increases("select count(*) from totp_devices where confirmed_at is not null", 1),
                Increases("select count(*) from recovery_codes", 10),
                Increases("select count(*) from messages where template = 'second_factor_changed'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/code"), async |_| Call::with_body(json!({}))),
            rejected(409, Code("nothing_to_confirm"), async |s| {
                delete_second_factors(s);
                Call::with_body(json!({"code": "123456"}))
            }),
            rejected(400, Field("/code"), async move |s| {
                start(s).await;
                Call::with_body(json!({"code": "no code"}))
            })
            .changing(&[("totp_devices", "a setup allows five failures")]),
        ]),
        other_callers: conflict_for_others("nothing_to_confirm"),
    }
}

fn totp_deactivate_create() -> Case {
    Case {
        operation: "auth_mfa_totp_deactivate_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| {
                let code = authenticator(s).await.code_at(&s.shop, 1);
                Call::with_body(json!({"password": PASSWORD, "code": code}))
            }),
            status: 204,
            checks: vec![
                Increases("select count(*) from totp_devices", -1),
                Increases("select count(*) from recovery_codes", -10),
                Increases("select count(*) from audit_entries where action = 'user.totp_removed'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(409, Code("not_active"), async |s| {
                delete_second_factors(s);
                Call::with_body(json!({"password": PASSWORD, "code": "123456"}))
            }),
            rejected(400, Field("/password"), async |s| {
                Call::with_body(json!({"code": authenticator(s).await.code_at(&s.shop, 1)}))
            }),
            rejected(400, Field("/code"), async |s| {
                authenticator(s).await;
                Call::with_body(json!({"password": PASSWORD}))
            }),
            rejected(400, Field("/code"), async |_| Call::with_body(json!({"password": PASSWORD, "code": "no code"})))
                .changing(FAILURE_CHANGES),
        ]),
        other_callers: conflict_for_others("not_active"),
    }
}

fn recovery_codes_create() -> Case {
    Case {
        operation: "auth_mfa_recovery_codes_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| {
                let code = authenticator(s).await.code_at(&s.shop, 1);
                Call::with_body(json!({"password": PASSWORD, "code": code}))
            }),
            status: 200,
            checks: vec![
                Increases("select count(*) from recovery_codes", 0),
                Increases("select count(*) from audit_entries where action = 'user.recovery_codes_renewed'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(409, Code("not_active"), async |s| {
                delete_second_factors(s);
                Call::with_body(json!({"password": PASSWORD}))
            }),
            rejected(400, Field("/recovery_code"), async |s| {
                authenticator(s).await;
                Call::with_body(json!({"password": PASSWORD, "recovery_code": "abcd-efgh"}))
            })
            .changing(FAILURE_CHANGES),
        ]),
        other_callers: conflict_for_others("not_active"),
    }
}

fn verify_create() -> Case {
    Case {
        operation: "auth_mfa_verify_create",
        successes: vec![
            Success {
                by: Guest,
                call: call(async |s| {
                    let code = authenticator(s).await.code_at(&s.shop, 1);
                    Call::with_body(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "code": code}))
                }),
                status: 200,
                checks: vec![
                    Equals("/user/email", json!("ana@example.com")),
                    Increases("select count(*) from sessions", 1),
                    Increases("select count(*) from audit_entries where action = 'user.signed_in'", 1),
                ],
            },
            Success {
                by: Guest,
                call: call(async |s| {
                    let code = authenticator(s).await.recovery_codes[0].clone();
                    Call::with_body(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "recovery_code": code}))
                }),
                status: 200,
                checks: vec![Increases("select count(*) from recovery_codes where used_at is not null", 1)],
            },
        ],
        rejections: Rejections::Cases(vec![
            rejected(401, Code("mfa_token_not_valid"), async |_| {
                Call::with_body(json!({"mfa_token": "unknown", "code": "123456"}))
            }),
            rejected(400, Field("/mfa_token"), async |_| Call::with_body(json!({"code": "123456"}))),
            rejected(400, Field("/code"), async |s| {
                authenticator(s).await;
                Call::with_body(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await}))
            }),
            rejected(400, Field("/code"), async |s| {
                Call::with_body(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "code": "no code"}))
            })
            .changing(SIGN_IN_FAILURE_CHANGES),
            rejected(400, Field("/recovery_code"), async |s| {
                Call::with_body(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "recovery_code": "abcd"}))
            })
            .changing(SIGN_IN_FAILURE_CHANGES),
        ]),
        other_callers: OtherCallers {
            expired: MFA_TOKEN_EXPIRED,
            deactivated: MFA_TOKEN_EXPIRED,
            ..credentials_ignored("the mfa_token identifies the user")
        },
    }
}

fn verify_begin_create() -> Case {
    Case {
        operation: "auth_mfa_passkeys_verify_begin_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |s| {
                register_new_passkey(s).await;
                Call::with_body(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await}))
            }),
            status: 200,
            checks: vec![
                Equals("/rpId", json!("localhost")),
                Increases("select count(*) from passkey_ceremonies where kind = 'second_factor'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/mfa_token"), async |_| Call::with_body(json!({}))),
            rejected(401, Code("mfa_token_not_valid"), async |_| Call::with_body(json!({"mfa_token": "unknown"}))),
            rejected(409, Code("not_active"), async |s| {
                authenticator(s).await;
                Call::with_body(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await}))
            }),
        ]),
        other_callers: OtherCallers {
            expired: MFA_TOKEN_EXPIRED,
            deactivated: Access::Open("the user is checked when the challenge is answered"),
            ..credentials_ignored("the mfa_token identifies the user")
        },
    }
}

fn verify_finish_create() -> Case {
    let credential_body = async |s: &Fixture| {
        let (mut device, _) = register_new_passkey(s).await;
        let token = mfa_token(&s.shop, &s.ana).await;
        let options = begin_ceremony(s, "verify", json!({"mfa_token": token})).await;
        json!({"mfa_token": token, "credential": device.authenticate(&options).await})
    };
    Case {
        operation: "auth_mfa_passkeys_verify_finish_create",
        successes: vec![Success {
            by: Guest,
            call: call(async move |s| Call::with_body(credential_body(s).await)),
            status: 200,
            checks: vec![
                Equals("/user/email", json!("ana@example.com")),
                Increases("select count(*) from sessions", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(401, Code("mfa_token_not_valid"), async |_| {
                Call::with_body(json!({"mfa_token": "unknown", "credential": {}}))
            }),
            rejected(400, Field("/credential"), async |s| {
                register_new_passkey(s).await;
                Call::with_body(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "credential": {}}))
            })
            .changing(SIGN_IN_FAILURE_CHANGES),
        ]),
        other_callers: OtherCallers {
            expired: MFA_TOKEN_EXPIRED,
            deactivated: MFA_TOKEN_EXPIRED,
            ..credentials_ignored("the mfa_token identifies the user")
        },
    }
}

fn login_begin_create() -> Case {
    Case {
        operation: "auth_mfa_passkeys_login_begin_create",
        successes: vec![Success {
            by: Guest,
            call: call(async |_| Call::with_body(json!({}))),
            status: 200,
            checks: vec![
                Equals("/allowCredentials", json!([])),
                Increases("select count(*) from passkey_ceremonies where kind = 'sign_in'", 1),
            ],
        }],
        rejections: Rejections::None("the request has no parameters"),
        other_callers: credentials_ignored("a sign-in needs no credentials"),
    }
}

fn login_finish_create() -> Case {
    let credential_body = async |s: &Fixture| {
        let (mut device, _) = register_new_passkey(s).await;
        let options = begin_ceremony(s, "login", json!({})).await;
        json!({"credential": device.authenticate(&options).await})
    };
    let rejected_login = Access::Rejected(400, Field("/non_field_errors"));
    Case {
        operation: "auth_mfa_passkeys_login_finish_create",
        successes: vec![Success {
            by: Guest,
            call: call(async move |s| Call::with_body(credential_body(s).await)),
            status: 200,
            checks: vec![
                Equals("/user/email", json!("ana@example.com")),
                Increases("select count(*) from sessions", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/credential"), async |_| Call::with_body(json!({}))),
            rejected(400, Field("/non_field_errors"), async |_| Call::with_body(json!({"credential": {}}))),
        ]),
        other_callers: OtherCallers {
            expired: rejected_login,
            deactivated: Access::Rejected(400, Field("/non_field_errors")),
            ..credentials_ignored("a sign-in needs no credentials")
        },
    }
}

fn reset_factors_create() -> Case {
    Case {
        operation: "staff_reset_factors_create",
        successes: vec![Success {
            by: Staff,
            call: call(async |s| {
                insert_authenticator_of_ben(s).await;
                Call::with_id(s.ben.user)
            }),
            status: 204,
            checks: vec![
                Increases("select count(*) from totp_devices", -1),
                Increases("select count(*) from audit_entries where action = 'user.factors_reset'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID)),
            rejected(403, Code("out_of_scope"), async |s| Call::with_id(s.root.user)),
            rejected(409, Code("own_account"), async |s| Call::with_id(s.staff.user)),
        ]),
        other_callers: PERMISSION_REQUIRED,
    }
}

/// Inserts a confirmed authenticator app of Ben into the database, because a reset revokes his session.
async fn insert_authenticator_of_ben(fixture: &Fixture) {
    fixture.shop.execute(&format!(
        "insert into totp_devices (user_id, seed, created_at, confirmed_at) values ('{}', '\\x00', now(), now()) \
         on conflict do nothing",
        fixture.ben.user
    ));
}
