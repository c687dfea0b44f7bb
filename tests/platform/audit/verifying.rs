//! What somebody with the database in their hands, but not the key, can do to the log, and how it is found out.

use std::process::{Command, Output};

use mercer::platform::audit::{Fault, Head, Verified, verify};
use uuid::Uuid;

use super::seal_all;
use crate::support::TestShop;

/// A shop whose log has so many entries, all of them sealed.
async fn sealed(entries: usize) -> TestShop {
    let shop = TestShop::new().await;
    for number in 0..entries {
        shop.category(&format!("c{number}"), None);
    }
    seal_all(&shop);
    assert_eq!(shop.number("select count(*) from audit_chain"), i64::try_from(entries).unwrap());
    shop
}

pub(super) fn verdict(shop: &TestShop, noted: Option<&Head>) -> Result<Verified, Fault> {
    let key = &shop.app.master_key;
    shop.app.db.write_blocking(|conn| verify(conn, key, noted)).unwrap()
}

fn head(shop: &TestShop) -> Head {
    verdict(shop, None).unwrap().head
}

/// As a superuser would, around the triggers.
pub(super) fn tamper(shop: &TestShop, statement: &str) {
    shop.sql(|conn| {
        use diesel::connection::SimpleConnection;
        conn.batch_execute(&format!("set local session_replication_role = replica; {statement}"))
    });
}

/// The id of the entry at a position.
fn entry_at(shop: &TestShop, position: i64) -> Uuid {
    use diesel::prelude::*;
    use mercer::schema::audit_chain;
    shop.sql(|conn| audit_chain::table.find(position).select(audit_chain::entry_id).first(conn))
}

#[actix_web::test]
async fn a_log_that_nobody_touched_is_as_it_was_written() {
    let shop = sealed(3).await;
    shop.category("Not sealed yet", None);

    let Verified { head, waiting } = verdict(&shop, None).unwrap();

    assert_eq!((head.position, head.hash.len(), waiting), (3, 32, 1));
    assert_eq!(verdict(&shop, Some(&head)), Ok(Verified { head, waiting: 1 }));
}

#[actix_web::test]
async fn the_database_refuses_every_change_by_itself() {
    use diesel::prelude::*;
    let shop = sealed(1).await;
    for table in ["audit_entries", "audit_chain"] {
        let column = if table == "audit_chain" { "position = 9" } else { "action = 'x'" };
        for statement in [
            format!("update {table} set {column}"),
            format!("delete from {table}"),
            format!("truncate {table} cascade"),
        ] {
            let refused = diesel::sql_query(&statement).execute(&mut shop.database.connect()).unwrap_err();
            assert!(refused.to_string().ends_with("is only ever added to"), "{statement}: {refused}");
        }
    }
    assert_eq!(head(&shop).position, 1);
}

#[actix_web::test]
async fn a_changed_entry_is_found_whatever_was_changed() {
    for change in [
        "action = 'category.deleted'",
        "actor = '{\"type\":\"guest\"}'",
        "object_type = 'user'",
        "object_id = 'another'",
        // The same to whoever parses it, but other bytes.
        "changes = (changes::text || ' ')::json",
        "address = '203.0.113.9'",
        "user_agent = 'x'",
        "request_id = 'x'",
        "created_at = created_at + interval '1 microsecond'",
        "mac = decode(repeat('00', 32), 'hex')",
        // What was written before there were signatures came first.
        "mac = ''",
    ] {
        let shop = sealed(3).await;
        let id = entry_at(&shop, 2);
        tamper(&shop, &format!("update audit_entries set {change} where id = '{id}'"));
        assert_eq!(verdict(&shop, None), Err(Fault::EntryChanged(2, id)), "{change}");
    }
}

#[actix_web::test]
async fn a_removed_entry_is_found_with_its_link_or_without() {
    let shop = sealed(3).await;
    let id = entry_at(&shop, 2);
    tamper(&shop, &format!("delete from audit_entries where id = '{id}'"));
    assert_eq!(verdict(&shop, None), Err(Fault::EntryRemoved(2, id)));

    tamper(&shop, "delete from audit_chain where position = 2");
    assert_eq!(verdict(&shop, None), Err(Fault::LinkMissing(2)));

    // Closing the gap takes the key.
    tamper(&shop, "update audit_chain set position = 2 where position = 3");
    assert_eq!(verdict(&shop, None), Err(Fault::LinkChanged(2)));
}

#[actix_web::test]
async fn an_inserted_entry_is_found_even_where_the_sealer_was_to_take_it_in() {
    let insert = "insert into audit_entries (id, action, actor, object_type, object_id, changes, created_at, mac) \
                  select gen_random_uuid(), action, actor, object_type, object_id, changes, created_at, mac \
                  from audit_entries limit 1";
    let shop = sealed(2).await;
    shop.execute(insert);
    assert!(matches!(verdict(&shop, None), Err(Fault::Outside(_))));

    let shop = sealed(2).await;
    shop.execute(&format!("with e as ({insert} returning id) insert into audit_unsealed select id from e"));
    assert!(matches!(verdict(&shop, None), Err(Fault::WaitingChanged(_))));
    seal_all(&shop);
    assert!(matches!(verdict(&shop, None), Err(Fault::Outside(_))));

    // Without any signature it is not taken for one from before there were signatures.
    let shop = sealed(2).await;
    let unsigned = insert
        .replace("created_at, mac \\", "created_at, '' \\")
        .replace("created_at, mac from", "created_at, '' from");
    shop.execute(&format!("with e as ({unsigned} returning id) insert into audit_unsealed select id from e"));
    seal_all(&shop);
    assert!(matches!(verdict(&shop, None), Err(Fault::Outside(_))));
}

#[actix_web::test]
async fn two_entries_that_changed_places_are_found() {
    let shop = sealed(4).await;
    let (second, third) = (entry_at(&shop, 2), entry_at(&shop, 3));
    tamper(
        &shop,
        &format!(
            "update audit_chain set entry_id = gen_random_uuid() where position = 2; \
             update audit_chain set entry_id = '{second}' where position = 3; \
             update audit_chain set entry_id = '{third}' where position = 2"
        ),
    );
    assert_eq!(verdict(&shop, None), Err(Fault::LinkChanged(2)));
}

#[actix_web::test]
async fn a_tail_that_was_cut_off_is_found_by_a_noted_head() {
    let shop = sealed(4).await;
    let noted = head(&shop);
    let last = entry_at(&shop, 4);
    tamper(
        &shop,
        &format!("delete from audit_chain where position = 4; delete from audit_entries where id = '{last}'"),
    );

    assert_eq!(head(&shop).position, 3, "by itself a shorter chain is a good one");
    assert_eq!(verdict(&shop, Some(&noted)), Err(Fault::CutOff(4, 3)));

    // Neither does another entry in its place hide it.
    shop.category("Another", None);
    seal_all(&shop);
    assert_eq!(verdict(&shop, Some(&noted)), Err(Fault::OtherChain(4)));
}

#[actix_web::test]
async fn an_entry_removed_before_it_had_a_link_is_found() {
    let shop = sealed(1).await;
    shop.category("Not sealed yet", None);
    tamper(&shop, "delete from audit_entries where id in (select entry_id from audit_unsealed)");
    assert!(matches!(verdict(&shop, None), Err(Fault::WaitingRemoved(_))));
}

#[actix_web::test]
async fn another_key_makes_another_chain() {
    let shop = sealed(2).await;
    let key = mercer::platform::auth::MasterKey::new("another secret, as long as it takes").unwrap();
    let verdict = shop.app.db.write_blocking(|conn| verify(conn, &key, None)).unwrap();
    assert_eq!(verdict, Err(Fault::EntryChanged(1, entry_at(&shop, 1))));
}

#[actix_web::test]
async fn entries_from_before_there_were_signatures_come_first_in_the_chain() {
    let shop = TestShop::new().await;
    let old = "insert into audit_entries (id, action, actor, object_type, object_id, changes, created_at) \
               values ('00000000-0000-7000-8000-000000000001', 'x', '{}', 'x', 'x', '{}', now())";
    shop.execute(old);
    shop.execute("insert into audit_unsealed select id from audit_entries");
    shop.category("Mugs", None);
    seal_all(&shop);
    assert_eq!(head(&shop).position, 2);

    let first = entry_at(&shop, 1);
    tamper(&shop, &format!("update audit_entries set object_id = 'y' where id = '{first}'"));
    assert_eq!(verdict(&shop, None), Err(Fault::LinkChanged(1)));
}

/// `mercer audit verify` on a shop's database.
fn mercer_audit_verify(shop: &TestShop, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercer"));
    command.env_clear().current_dir(shop.data_dir()).args(["audit", "verify"]).args(arguments);
    command.env("DATABASE_URL", &shop.database.url).env("MERCER_DATA_DIR", shop.data_dir());
    command.env("MERCER_SECRET_KEY", "only for tests, and nowhere else").output().unwrap()
}

#[actix_web::test]
async fn the_command_tells_the_head_and_fails_at_the_first_bad_position() {
    let shop = sealed(3).await;
    let noted = head(&shop).to_string();

    let good = mercer_audit_verify(&shop, &["--head", &noted]);
    let told = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(good.status.success(), "{good:?}");
    assert!(told.contains("3 entries, 0 more not sealed yet") && told.contains(&format!("Head {noted}")), "{told}");

    let id = entry_at(&shop, 2);
    tamper(&shop, &format!("update audit_entries set action = 'x' where id = '{id}'"));
    let bad = mercer_audit_verify(&shop, &[]);
    let told = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert_eq!(bad.status.code(), Some(1));
    assert!(told.contains(&format!("position 2: the entry {id} was changed")), "{told}");

    assert_eq!(mercer_audit_verify(&shop, &["--head", "nonsense"]).status.code(), Some(2));
}
