//! Detection of changes by an attacker who can write to the database but does not have the key.

use std::process::{Command, Output};

use mercer::platform::audit::{AuditFault, ChainHead, VerifiedLog, verify};
use uuid::Uuid;

use super::chain_all;
use crate::support::TestShop;

/// Creates a shop with this number of audit entries, all in the chain.
async fn chained_shop(entries: usize) -> TestShop {
    let shop = TestShop::new().await;
    for number in 0..entries {
        shop.category(&format!("c{number}"), None);
    }
    chain_all(&shop);
    assert_eq!(shop.number("select count(*) from audit_chain"), i64::try_from(entries).unwrap());
    shop
}

pub(super) fn verdict(shop: &TestShop, recorded: Option<&ChainHead>) -> Result<VerifiedLog, AuditFault> {
    let key = &shop.app.master_key;
    shop.app.db.write_blocking(|conn| verify(conn, key, recorded)).unwrap()
}

fn head(shop: &TestShop) -> ChainHead {
    verdict(shop, None).unwrap().head
}

/// Executes a statement without triggers, as a database superuser can.
pub(super) fn tamper(shop: &TestShop, statement: &str) {
    shop.sql(|conn| {
        use diesel::connection::SimpleConnection;
        conn.batch_execute(&format!("set local session_replication_role = replica; {statement}"))
    });
}

/// Returns the id of the entry at a position.
fn entry_at(shop: &TestShop, position: i64) -> Uuid {
    use diesel::prelude::*;
    use mercer::schema::audit_chain;
    shop.sql(|conn| audit_chain::table.find(position).select(audit_chain::entry_id).first(conn))
}

#[actix_web::test]
async fn unmodified_log_is_verified() {
    let shop = chained_shop(3).await;
    shop.category("Not in the chain yet", None);

    let VerifiedLog { head, waiting } = verdict(&shop, None).unwrap();

    assert_eq!((head.position, head.hash.len(), waiting), (3, 32, 1));
    assert_eq!(verdict(&shop, Some(&head)), Ok(VerifiedLog { head, waiting: 1 }));
}

#[actix_web::test]
async fn triggers_reject_updates_and_deletions() {
    use diesel::prelude::*;
    let shop = chained_shop(1).await;
    for table in ["audit_entries", "audit_chain"] {
        let column = if table == "audit_chain" { "position = 9" } else { "action = 'x'" };
        for statement in [
            format!("update {table} set {column}"),
            format!("delete from {table}"),
            format!("truncate {table} cascade"),
        ] {
            let rejected = diesel::sql_query(&statement).execute(&mut shop.database.connect()).unwrap_err();
            assert!(rejected.to_string().ends_with("is only ever added to"), "{statement}: {rejected}");
        }
    }
    assert_eq!(head(&shop).position, 1);
}

#[actix_web::test]
async fn change_of_any_column_is_detected() {
    for change in [
        "action = 'category.deleted'",
        "actor = '{\"type\":\"guest\"}'",
        "object_type = 'user'",
        "object_id = 'another'",
        // The same JSON value with different bytes.
        "changes = (changes::text || ' ')::json",
        "address = '203.0.113.9'",
        "user_agent = 'x'",
        "request_id = 'x'",
        "created_at = created_at + interval '1 microsecond'",
        "mac = decode(repeat('00', 32), 'hex')",
        // Unsigned entries are valid only at the start of the chain.
        "mac = ''",
    ] {
        let shop = chained_shop(3).await;
        let id = entry_at(&shop, 2);
        tamper(&shop, &format!("update audit_entries set {change} where id = '{id}'"));
        assert_eq!(verdict(&shop, None), Err(AuditFault::EntryChanged(2, id)), "{change}");
    }
}

#[actix_web::test]
async fn removed_entry_is_detected() {
    let shop = chained_shop(3).await;
    let id = entry_at(&shop, 2);
    tamper(&shop, &format!("delete from audit_entries where id = '{id}'"));
    assert_eq!(verdict(&shop, None), Err(AuditFault::EntryRemoved(2, id)));

    tamper(&shop, "delete from audit_chain where position = 2");
    assert_eq!(verdict(&shop, None), Err(AuditFault::LinkMissing(2)));

    // Closing the gap requires the key.
    tamper(&shop, "update audit_chain set position = 2 where position = 3");
    assert_eq!(verdict(&shop, None), Err(AuditFault::LinkChanged(2)));
}

#[actix_web::test]
async fn inserted_entry_is_detected() {
    let insert = "insert into audit_entries (id, action, actor, object_type, object_id, changes, created_at, mac) \
                  select gen_random_uuid(), action, actor, object_type, object_id, changes, created_at, mac \
                  from audit_entries limit 1";
    let shop = chained_shop(2).await;
    shop.execute(insert);
    assert!(matches!(verdict(&shop, None), Err(AuditFault::NotInChain(_))));

    let shop = chained_shop(2).await;
    shop.execute(&format!("with e as ({insert} returning id) insert into audit_unsealed select id from e"));
    assert!(matches!(verdict(&shop, None), Err(AuditFault::WaitingChanged(_))));
    chain_all(&shop);
    assert!(matches!(verdict(&shop, None), Err(AuditFault::NotInChain(_))));

    // An entry without a signature is not accepted after signed ones.
    let shop = chained_shop(2).await;
    let unsigned = insert
        .replace("created_at, mac \\", "created_at, '' \\")
        .replace("created_at, mac from", "created_at, '' from");
    shop.execute(&format!("with e as ({unsigned} returning id) insert into audit_unsealed select id from e"));
    chain_all(&shop);
    assert!(matches!(verdict(&shop, None), Err(AuditFault::NotInChain(_))));
}

#[actix_web::test]
async fn swapped_entries_are_detected() {
    let shop = chained_shop(4).await;
    let (second, third) = (entry_at(&shop, 2), entry_at(&shop, 3));
    tamper(
        &shop,
        &format!(
            "update audit_chain set entry_id = gen_random_uuid() where position = 2; \
             update audit_chain set entry_id = '{second}' where position = 3; \
             update audit_chain set entry_id = '{third}' where position = 2"
        ),
    );
    assert_eq!(verdict(&shop, None), Err(AuditFault::LinkChanged(2)));
}

#[actix_web::test]
async fn truncated_chain_is_detected_with_a_recorded_head() {
    let shop = chained_shop(4).await;
    let recorded = head(&shop);
    let last = entry_at(&shop, 4);
    tamper(
        &shop,
        &format!("delete from audit_chain where position = 4; delete from audit_entries where id = '{last}'"),
    );

    assert_eq!(head(&shop).position, 3, "a shorter chain is valid by itself");
    assert_eq!(verdict(&shop, Some(&recorded)), Err(AuditFault::Truncated(4, 3)));

    // A new entry at the same position does not hide the truncation.
    shop.category("Another", None);
    chain_all(&shop);
    assert_eq!(verdict(&shop, Some(&recorded)), Err(AuditFault::OtherChain(4)));
}

#[actix_web::test]
async fn entry_removed_from_the_queue_is_detected() {
    let shop = chained_shop(1).await;
    shop.category("Not in the chain yet", None);
    tamper(&shop, "delete from audit_entries where id in (select entry_id from audit_unsealed)");
    assert!(matches!(verdict(&shop, None), Err(AuditFault::WaitingRemoved(_))));
}

#[actix_web::test]
async fn verification_with_another_key_fails() {
    let shop = chained_shop(2).await;
    let key = mercer::platform::auth::MasterKey::new("another secret, as long as it takes").unwrap();
    let verdict = shop.app.db.write_blocking(|conn| verify(conn, &key, None)).unwrap();
    assert_eq!(verdict, Err(AuditFault::EntryChanged(1, entry_at(&shop, 1))));
}

#[actix_web::test]
async fn unsigned_entries_are_accepted_at_the_start_of_the_chain() {
    let shop = TestShop::new().await;
    let unsigned = "insert into audit_entries (id, action, actor, object_type, object_id, changes, created_at) \
               values ('00000000-0000-7000-8000-000000000001', 'x', '{}', 'x', 'x', '{}', now())";
    shop.execute(unsigned);
    shop.execute("insert into audit_unsealed select id from audit_entries");
    shop.category("Mugs", None);
    chain_all(&shop);
    assert_eq!(head(&shop).position, 2);

    let first = entry_at(&shop, 1);
    tamper(&shop, &format!("update audit_entries set object_id = 'y' where id = '{first}'"));
    assert_eq!(verdict(&shop, None), Err(AuditFault::LinkChanged(1)));
}

/// Runs `mercer audit verify` on the shop's database.
fn mercer_audit_verify(shop: &TestShop, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercer"));
    command.env_clear().current_dir(shop.data_dir()).args(["audit", "verify"]).args(arguments);
    command.env("DATABASE_URL", &shop.database.url).env("MERCER_DATA_DIR", shop.data_dir());
    command.env("MERCER_SECRET_KEY", "only for tests, and nowhere else").output().unwrap()
}

#[actix_web::test]
async fn verify_command_prints_the_head_or_the_first_fault() {
    let shop = chained_shop(3).await;
    let recorded = head(&shop).to_string();

    let valid = mercer_audit_verify(&shop, &["--head", &recorded]);
    let output = String::from_utf8_lossy(&valid.stdout).into_owned();
    assert!(valid.status.success(), "{valid:?}");
    assert!(
        output.contains("3 entries, 0 more not in the chain yet") && output.contains(&format!("Head {recorded}")),
        "{output}"
    );

    let id = entry_at(&shop, 2);
    tamper(&shop, &format!("update audit_entries set action = 'x' where id = '{id}'"));
    let invalid = mercer_audit_verify(&shop, &[]);
    let output = String::from_utf8_lossy(&invalid.stderr).into_owned();
    assert_eq!(invalid.status.code(), Some(1));
    assert!(output.contains(&format!("position 2: the entry {id} was changed")), "{output}");

    assert_eq!(mercer_audit_verify(&shop, &["--head", "nonsense"]).status.code(), Some(2));
}
