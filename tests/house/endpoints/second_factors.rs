//! Second factors: set up, shown, taken off.

use serde_json::{Value, json};

use super::case::Role::{Anyone, Customer, Staff};
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Gate, Happy, Outsiders, Refused, Told, call, refused};
use super::gates::{BAD_TOKEN, NOT_FOUND, NOT_SIGNED_IN, PERMITTED_ONLY, own, without_identity};
use super::stage::{NOBODY, Stage};
use crate::support::fakes::Device;
use crate::support::second_factors::{Telephone, enrol, mfa_token, telephone_of};
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

/// What a wrong try leaves behind.
const COUNTED: &[(&str, &str)] =
    &[("factor_failures", "wrong tries are counted"), ("audit_entries", "wrong tries are written down")];

/// What a wrong try to finish a sign-in leaves behind.
const TRIED: &[(&str, &str)] = &[
    ("sign_in_challenges", "a sign-in has five tries"),
    ("factor_failures", "wrong tries are counted"),
    ("audit_entries", "wrong tries are written down"),
];

const OVER: Gate = Gate::Refused(401, Told::Code("mfa_token_not_valid"));

/// Somebody who has no such thing of their own.
pub(super) const OF_THE_OWNER: Outsiders = Outsiders {
    anonymous: NOT_SIGNED_IN,
    stranger: NOT_FOUND,
    wrong_role: NOT_FOUND,
    expired: BAD_TOKEN,
    deactivated: BAD_TOKEN,
};

/// Whoever has nothing to do this with hears so.
const fn nothing_there(code: &'static str) -> Outsiders {
    Outsiders {
        anonymous: NOT_SIGNED_IN,
        stranger: Gate::Refused(409, Told::Code(code)),
        wrong_role: Gate::Refused(409, Told::Code(code)),
        expired: BAD_TOKEN,
        deactivated: BAD_TOKEN,
    }
}

/// Takes all factors off Ana, so that she begins anew.
pub(super) fn forget(stage: &Stage) {
    for table in ["totp_devices", "recovery_codes", "passkeys", "factor_failures"] {
        stage.shop.execute(&format!("delete from {table} where user_id = '{}'", stage.ana.user));
    }
}

async fn telephone(stage: &Stage) -> Telephone {
    forget(stage);
    telephone_of(&stage.shop, &stage.ana).await
}

/// Ana's device, and the id of its passkey.
pub(super) async fn enrolled(stage: &Stage) -> (Device, String) {
    forget(stage);
    let mut device = Device::new();
    let made = enrol(&mut device, &stage.ana).await;
    (device, made["id"].as_str().unwrap().to_owned())
}

pub(super) async fn options(stage: &Stage, what: &str, body: Value) -> Value {
    let url = format!("/api/auth/mfa/passkeys/{what}/begin/");
    stage.ana.post(&url, body).await.expect(200)
}

fn status_retrieve() -> Case {
    Case {
        operation: "auth_mfa_status_retrieve",
        happy: vec![Happy {
            by: Customer,
            call: call(async |_| Call::plain()),
            status: 200,
            shows: vec![Has("/totp", json!(false)), Has("/passkeys", json!(0)), Has("/required", json!(false))],
        }],
        refused: Refused::Never("it asks for nothing, and everybody has a status"),
        outsiders: own("everybody has factors of their own, or none"),
    }
}

fn totp_activate_create() -> Case {
    Case {
        operation: "auth_mfa_totp_activate_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| {
                forget(s);
                Call::sending(json!({"password": PASSWORD}))
            }),
            status: 200,
            shows: vec![Grows("select count(*) from totp_devices where confirmed_at is null", 1)],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/password"), async |_| Call::sending(json!({}))),
            refused(400, Field("/password"), async |_| Call::sending(json!({"password": "wrong"}))),
            refused(409, Code("totp_active"), async |s| {
                telephone(s).await;
                Call::sending(json!({"password": PASSWORD}))
            }),
        ]),
        outsiders: own("everybody may have an app of their own"),
    }
}

fn totp_confirm_create() -> Case {
    let begun = async |s: &Stage| {
        forget(s);
        let begun = s.ana.post("/api/auth/mfa/totp/activate/", json!({"password": PASSWORD})).await.expect(200);
        Telephone::new(begun["secret"].as_str().unwrap())
    };
    Case {
        operation: "auth_mfa_totp_confirm_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async move |s| Call::sending(json!({"code": begun(s).await.shows(&s.shop)}))),
            status: 200,
            shows: vec![
                Grows("select count(*) from totp_devices where confirmed_at is not null", 1),
                Grows("select count(*) from recovery_codes", 10),
                Grows("select count(*) from messages where template = 'second_factor_changed'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/code"), async |_| Call::sending(json!({}))),
            refused(409, Code("nothing_to_confirm"), async |s| {
                forget(s);
                Call::sending(json!({"code": "123456"}))
            }),
            refused(400, Field("/code"), async move |s| {
                begun(s).await;
                Call::sending(json!({"code": "no code"}))
            })
            .touching(&[("totp_devices", "an app has five tries")]),
        ]),
        outsiders: nothing_there("nothing_to_confirm"),
    }
}

fn totp_deactivate_create() -> Case {
    Case {
        operation: "auth_mfa_totp_deactivate_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| {
                let code = telephone(s).await.shows_at(&s.shop, 1);
                Call::sending(json!({"password": PASSWORD, "code": code}))
            }),
            status: 204,
            shows: vec![
                Grows("select count(*) from totp_devices", -1),
                Grows("select count(*) from recovery_codes", -10),
                Grows("select count(*) from audit_entries where action = 'user.totp_removed'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(409, Code("not_active"), async |s| {
                forget(s);
                Call::sending(json!({"password": PASSWORD, "code": "123456"}))
            }),
            refused(400, Field("/password"), async |s| {
                Call::sending(json!({"code": telephone(s).await.shows_at(&s.shop, 1)}))
            }),
            refused(400, Field("/code"), async |s| {
                telephone(s).await;
                Call::sending(json!({"password": PASSWORD}))
            }),
            refused(400, Field("/code"), async |_| Call::sending(json!({"password": PASSWORD, "code": "no code"})))
                .touching(COUNTED),
        ]),
        outsiders: nothing_there("not_active"),
    }
}

fn recovery_codes_create() -> Case {
    Case {
        operation: "auth_mfa_recovery_codes_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| {
                let code = telephone(s).await.shows_at(&s.shop, 1);
                Call::sending(json!({"password": PASSWORD, "code": code}))
            }),
            status: 200,
            shows: vec![
                Grows("select count(*) from recovery_codes", 0),
                Grows("select count(*) from audit_entries where action = 'user.recovery_codes_renewed'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(409, Code("not_active"), async |s| {
                forget(s);
                Call::sending(json!({"password": PASSWORD}))
            }),
            refused(400, Field("/recovery_code"), async |s| {
                telephone(s).await;
                Call::sending(json!({"password": PASSWORD, "recovery_code": "abcd-efgh"}))
            })
            .touching(COUNTED),
        ]),
        outsiders: nothing_there("not_active"),
    }
}

fn verify_create() -> Case {
    Case {
        operation: "auth_mfa_verify_create",
        happy: vec![
            Happy {
                by: Anyone,
                call: call(async |s| {
                    let code = telephone(s).await.shows_at(&s.shop, 1);
                    Call::sending(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "code": code}))
                }),
                status: 200,
                shows: vec![
                    Has("/user/email", json!("ana@example.com")),
                    Grows("select count(*) from sessions", 1),
                    Grows("select count(*) from audit_entries where action = 'user.signed_in'", 1),
                ],
            },
            Happy {
                by: Anyone,
                call: call(async |s| {
                    let code = telephone(s).await.recovery_codes[0].clone();
                    Call::sending(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "recovery_code": code}))
                }),
                status: 200,
                shows: vec![Grows("select count(*) from recovery_codes where used_at is not null", 1)],
            },
        ],
        refused: Refused::These(vec![
            refused(401, Code("mfa_token_not_valid"), async |_| {
                Call::sending(json!({"mfa_token": "made-up", "code": "123456"}))
            }),
            refused(400, Field("/mfa_token"), async |_| Call::sending(json!({"code": "123456"}))),
            refused(400, Field("/code"), async |s| {
                telephone(s).await;
                Call::sending(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await}))
            }),
            refused(400, Field("/code"), async |s| {
                Call::sending(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "code": "no code"}))
            })
            .touching(TRIED),
            refused(400, Field("/recovery_code"), async |s| {
                Call::sending(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "recovery_code": "abcd"}))
            })
            .touching(TRIED),
        ]),
        outsiders: Outsiders {
            expired: OVER,
            deactivated: OVER,
            ..without_identity("the token of the sign-in says whose it is")
        },
    }
}

fn verify_begin_create() -> Case {
    Case {
        operation: "auth_mfa_passkeys_verify_begin_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |s| {
                enrolled(s).await;
                Call::sending(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await}))
            }),
            status: 200,
            shows: vec![
                Has("/rpId", json!("localhost")),
                Grows("select count(*) from passkey_ceremonies where kind = 'second_factor'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/mfa_token"), async |_| Call::sending(json!({}))),
            refused(401, Code("mfa_token_not_valid"), async |_| Call::sending(json!({"mfa_token": "made-up"}))),
            refused(409, Code("not_active"), async |s| {
                telephone(s).await;
                Call::sending(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await}))
            }),
        ]),
        outsiders: Outsiders {
            expired: OVER,
            deactivated: Gate::OpenToAll("who it is counts when the passkey has answered"),
            ..without_identity("the token of the sign-in says whose it is")
        },
    }
}

fn verify_finish_create() -> Case {
    let answered = async |s: &Stage| {
        let (mut device, _) = enrolled(s).await;
        let token = mfa_token(&s.shop, &s.ana).await;
        let options = options(s, "verify", json!({"mfa_token": token})).await;
        json!({"mfa_token": token, "credential": device.answer(&options).await})
    };
    Case {
        operation: "auth_mfa_passkeys_verify_finish_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async move |s| Call::sending(answered(s).await)),
            status: 200,
            shows: vec![Has("/user/email", json!("ana@example.com")), Grows("select count(*) from sessions", 1)],
        }],
        refused: Refused::These(vec![
            refused(401, Code("mfa_token_not_valid"), async |_| {
                Call::sending(json!({"mfa_token": "made-up", "credential": {}}))
            }),
            refused(400, Field("/credential"), async |s| {
                enrolled(s).await;
                Call::sending(json!({"mfa_token": mfa_token(&s.shop, &s.ana).await, "credential": {}}))
            })
            .touching(TRIED),
        ]),
        outsiders: Outsiders {
            expired: OVER,
            deactivated: OVER,
            ..without_identity("the token of the sign-in says whose it is")
        },
    }
}

fn login_begin_create() -> Case {
    Case {
        operation: "auth_mfa_passkeys_login_begin_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async |_| Call::sending(json!({}))),
            status: 200,
            shows: vec![
                Has("/allowCredentials", json!([])),
                Grows("select count(*) from passkey_ceremonies where kind = 'sign_in'", 1),
            ],
        }],
        refused: Refused::Never("it asks for nothing"),
        outsiders: without_identity("signing in is for those who are nobody yet"),
    }
}

fn login_finish_create() -> Case {
    let answered = async |s: &Stage| {
        let (mut device, _) = enrolled(s).await;
        let options = options(s, "login", json!({})).await;
        json!({"credential": device.answer(&options).await})
    };
    let over = Gate::Refused(400, Field("/non_field_errors"));
    Case {
        operation: "auth_mfa_passkeys_login_finish_create",
        happy: vec![Happy {
            by: Anyone,
            call: call(async move |s| Call::sending(answered(s).await)),
            status: 200,
            shows: vec![Has("/user/email", json!("ana@example.com")), Grows("select count(*) from sessions", 1)],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/credential"), async |_| Call::sending(json!({}))),
            refused(400, Field("/non_field_errors"), async |_| Call::sending(json!({"credential": {}}))),
        ]),
        outsiders: Outsiders {
            expired: over,
            deactivated: Gate::Refused(400, Field("/non_field_errors")),
            ..without_identity("signing in is for those who are nobody yet")
        },
    }
}

fn reset_factors_create() -> Case {
    Case {
        operation: "staff_reset_factors_create",
        happy: vec![Happy {
            by: Staff,
            call: call(async |s| {
                telephone_again(s).await;
                Call::of(s.ben.user)
            }),
            status: 204,
            shows: vec![
                Grows("select count(*) from totp_devices", -1),
                Grows("select count(*) from audit_entries where action = 'user.factors_reset'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY)),
            refused(403, Code("out_of_scope"), async |s| Call::of(s.root.user)),
            refused(409, Code("own_account"), async |s| Call::of(s.staff.user)),
        ]),
        outsiders: PERMITTED_ONLY,
    }
}

/// A confirmed app of Ben's, made past the API: his session ends whenever it is taken off.
async fn telephone_again(stage: &Stage) {
    stage.shop.execute(&format!(
        "insert into totp_devices (user_id, seed, created_at, confirmed_at) values ('{}', '\\x00', now(), now()) \
         on conflict do nothing",
        stage.ben.user
    ));
}
