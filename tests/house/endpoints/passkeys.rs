//! Cases of passkeys: registration, list, renaming and deletion.

use serde_json::json;

use super::access::own;
use super::case::Check::{Equals, Increases};
use super::case::ExpectedError::{Code, Field};
use super::case::Role::Customer;
use super::case::{Access, Call, Case, OtherCallers, Rejections, Success, call, rejected};
use super::fixture::{Fixture, UNKNOWN_ID};
use super::second_factors::{PASSKEY_OWNER_ONLY, begin_ceremony, delete_second_factors, register_new_passkey};
use crate::support::fakes::Device;
use crate::support::shop::PASSWORD;

pub fn cases() -> Vec<Case> {
    vec![
        passkeys_list(),
        passkeys_retrieve(),
        passkeys_partial_update(),
        passkeys_delete_create(),
        register_begin_create(),
        register_finish_create(),
    ]
}

fn passkeys_list() -> Case {
    Case {
        operation: "auth_mfa_passkeys_list",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| {
                register_new_passkey(s).await;
                Call::empty()
            }),
            status: 200,
            checks: vec![Equals("/0/name", json!("My laptop"))],
        }],
        rejections: Rejections::None("it asks for nothing, and who has none sees none"),
        other_callers: own("every user sees their own passkeys"),
    }
}

fn passkeys_retrieve() -> Case {
    Case {
        operation: "auth_mfa_passkeys_retrieve",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(register_new_passkey(s).await.1)),
            status: 200,
            checks: vec![Equals("/name", json!("My laptop"))],
        }],
        rejections: Rejections::Cases(vec![rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID))]),
        other_callers: PASSKEY_OWNER_ONLY,
    }
}

fn passkeys_partial_update() -> Case {
    Case {
        operation: "auth_mfa_passkeys_partial_update",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(register_new_passkey(s).await.1).body(json!({"name": "Old laptop"}))),
            status: 200,
            checks: vec![
                Equals("/name", json!("Old laptop")),
                Increases("select count(*) from passkeys where name = 'Old laptop'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"name": "Old laptop"}))),
            rejected(400, Field("/name"), async |s| {
                Call::with_id(register_new_passkey(s).await.1).body(json!({"name": ""}))
            }),
            rejected(412, Code("precondition_failed"), async |s| {
                Call::with_id(register_new_passkey(s).await.1)
                    .body(json!({"name": "Old"}))
                    .header("If-Match", "\"7.x\"")
            }),
        ]),
        other_callers: PASSKEY_OWNER_ONLY,
    }
}

fn passkeys_delete_create() -> Case {
    Case {
        operation: "auth_mfa_passkeys_delete_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |s| Call::with_id(register_new_passkey(s).await.1).body(json!({"password": PASSWORD}))),
            status: 204,
            checks: vec![
                Increases("select count(*) from passkeys", -1),
                Increases("select count(*) from audit_entries where action = 'user.passkey_removed'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(404, Code("not_found"), async |_| Call::with_id(UNKNOWN_ID).body(json!({"password": PASSWORD}))),
            rejected(400, Field("/password"), async |s| Call::with_id(register_new_passkey(s).await.1).body(json!({}))),
            rejected(400, Field("/password"), async |s| {
                Call::with_id(register_new_passkey(s).await.1).body(json!({"password": "wrong"}))
            }),
        ]),
        other_callers: PASSKEY_OWNER_ONLY,
    }
}

fn register_begin_create() -> Case {
    Case {
        operation: "auth_mfa_passkeys_register_begin_create",
        successes: vec![Success {
            by: Customer,
            call: call(async |_| Call::with_body(json!({"password": PASSWORD}))),
            status: 200,
            checks: vec![
                Equals("/user/name", json!("ana@example.com")),
                Increases("select count(*) from passkey_ceremonies where kind = 'registration'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/password"), async |_| Call::with_body(json!({}))),
            rejected(400, Field("/password"), async |_| Call::with_body(json!({"password": "wrong"}))),
        ]),
        other_callers: own("every user can have passkeys"),
    }
}

fn register_finish_create() -> Case {
    let new_credential = async |s: &Fixture| {
        delete_second_factors(s);
        let options = begin_ceremony(s, "register", json!({"password": PASSWORD})).await;
        Device::new().create(&options).await
    };
    let not_theirs = Access::Rejected(400, Field("/credential"));
    Case {
        operation: "auth_mfa_passkeys_register_finish_create",
        successes: vec![Success {
            by: Customer,
            call: call(async move |s| {
                Call::with_body(json!({"credential": new_credential(s).await, "name": "My laptop"}))
            }),
            status: 201,
            checks: vec![
                Equals("/name", json!("My laptop")),
                Increases("select count(*) from passkeys", 1),
                Increases("select count(*) from recovery_codes", 10),
                Increases("select count(*) from audit_entries where action = 'user.passkey_added'", 1),
            ],
        }],
        rejections: Rejections::Cases(vec![
            rejected(400, Field("/credential"), async |_| Call::with_body(json!({}))),
            rejected(400, Field("/credential"), async |_| Call::with_body(json!({"credential": {"rawId": "AAAA"}}))),
        ]),
        other_callers: OtherCallers {
            other_customer: Access::Rejected(400, Field("/credential")),
            wrong_role: not_theirs,
            ..own("every user completes their own challenge")
        },
    }
}
