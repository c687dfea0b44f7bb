//! Passkeys: made, listed, named, taken off.

use serde_json::json;

use super::case::Role::Customer;
use super::case::Shows::{Grows, Has};
use super::case::Told::{Code, Field};
use super::case::{Call, Case, Gate, Happy, Outsiders, Refused, call, refused};
use super::gates::own;
use super::second_factors::{OF_THE_OWNER, enrolled, forget, options};
use super::stage::{NOBODY, Stage};
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
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| {
                enrolled(s).await;
                Call::plain()
            }),
            status: 200,
            shows: vec![Has("/0/name", json!("My laptop"))],
        }],
        refused: Refused::Never("it asks for nothing, and who has none sees none"),
        outsiders: own("everybody sees their own passkeys"),
    }
}

fn passkeys_retrieve() -> Case {
    Case {
        operation: "auth_mfa_passkeys_retrieve",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(enrolled(s).await.1)),
            status: 200,
            shows: vec![Has("/name", json!("My laptop"))],
        }],
        refused: Refused::These(vec![refused(404, Code("not_found"), async |_| Call::of(NOBODY))]),
        outsiders: OF_THE_OWNER,
    }
}

fn passkeys_partial_update() -> Case {
    Case {
        operation: "auth_mfa_passkeys_partial_update",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(enrolled(s).await.1).body(json!({"name": "Old laptop"}))),
            status: 200,
            shows: vec![
                Has("/name", json!("Old laptop")),
                Grows("select count(*) from passkeys where name = 'Old laptop'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"name": "Old laptop"}))),
            refused(400, Field("/name"), async |s| Call::of(enrolled(s).await.1).body(json!({"name": ""}))),
            refused(412, Code("precondition_failed"), async |s| {
                Call::of(enrolled(s).await.1).body(json!({"name": "Old"})).header("If-Match", "\"7.x\"")
            }),
        ]),
        outsiders: OF_THE_OWNER,
    }
}

fn passkeys_delete_create() -> Case {
    Case {
        operation: "auth_mfa_passkeys_delete_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |s| Call::of(enrolled(s).await.1).body(json!({"password": PASSWORD}))),
            status: 204,
            shows: vec![
                Grows("select count(*) from passkeys", -1),
                Grows("select count(*) from audit_entries where action = 'user.passkey_removed'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(404, Code("not_found"), async |_| Call::of(NOBODY).body(json!({"password": PASSWORD}))),
            refused(400, Field("/password"), async |s| Call::of(enrolled(s).await.1).body(json!({}))),
            refused(400, Field("/password"), async |s| {
                Call::of(enrolled(s).await.1).body(json!({"password": "wrong"}))
            }),
        ]),
        outsiders: OF_THE_OWNER,
    }
}

fn register_begin_create() -> Case {
    Case {
        operation: "auth_mfa_passkeys_register_begin_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async |_| Call::sending(json!({"password": PASSWORD}))),
            status: 200,
            shows: vec![
                Has("/user/name", json!("ana@example.com")),
                Grows("select count(*) from passkey_ceremonies where kind = 'registration'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/password"), async |_| Call::sending(json!({}))),
            refused(400, Field("/password"), async |_| Call::sending(json!({"password": "wrong"}))),
        ]),
        outsiders: own("everybody may have passkeys of their own"),
    }
}

fn register_finish_create() -> Case {
    let made = async |s: &Stage| {
        forget(s);
        let options = options(s, "register", json!({"password": PASSWORD})).await;
        Device::new().create(&options).await
    };
    let not_theirs = Gate::Refused(400, Field("/credential"));
    Case {
        operation: "auth_mfa_passkeys_register_finish_create",
        happy: vec![Happy {
            by: Customer,
            call: call(async move |s| Call::sending(json!({"credential": made(s).await, "name": "My laptop"}))),
            status: 201,
            shows: vec![
                Has("/name", json!("My laptop")),
                Grows("select count(*) from passkeys", 1),
                Grows("select count(*) from recovery_codes", 10),
                Grows("select count(*) from audit_entries where action = 'user.passkey_added'", 1),
            ],
        }],
        refused: Refused::These(vec![
            refused(400, Field("/credential"), async |_| Call::sending(json!({}))),
            refused(400, Field("/credential"), async |_| Call::sending(json!({"credential": {"rawId": "AAAA"}}))),
        ]),
        outsiders: Outsiders {
            stranger: Gate::Refused(400, Field("/credential")),
            wrong_role: not_theirs,
            ..own("everybody answers their own challenge")
        },
    }
}
