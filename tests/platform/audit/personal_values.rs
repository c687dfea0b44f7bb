//! Personal data of audit entries: bound to its entry, and erased with the person.

use mercer::platform::audit::AuditFault;
use serde_json::json;
use uuid::Uuid;

use super::chain_all;
use super::verification::{tamper, verdict};
use crate::support::TestShop;
use crate::support::builders::order_body;
use crate::support::shop::{PASSWORD, TestUser};

/// Creates a customer who has changed the last name.
async fn renamed_customer(shop: &TestShop) -> TestUser {
    let ana = shop.customer("ana").await;
    ana.patch("/api/auth/user/", json!({"last_name": "Wanjiru"})).await.expect(200);
    ana
}

fn person(person: &TestUser) -> Uuid {
    person.user.to_string().parse().unwrap()
}

#[actix_web::test]
async fn personal_values_are_stored_beside_the_entry() {
    let shop = TestShop::new().await;
    let ana = renamed_customer(&shop).await;

    let url = format!("/api/audit-log/?action=user.changed&object_id={}", ana.user);
    let log = shop.superuser().await.get(&url).await.expect(200);

    assert_eq!(log["results"][0]["changes"], json!({"last_name": {"before": "", "after": "Wanjiru"}}));
    let in_entries =
        "select count(*) from audit_entries where changes::text like '%Wanjiru%' or changes::text like '%ana@%'";
    assert_eq!(shop.number(in_entries), 0);
    let beside_entries = format!("select count(*) from audit_personal_values where person = '{}'", ana.user);
    assert_eq!(shop.number(&beside_entries), 2);
}

#[actix_web::test]
async fn modified_personal_values_are_detected() {
    use diesel::prelude::*;
    let shop = TestShop::new().await;
    renamed_customer(&shop).await;
    chain_all(&shop);
    let count = shop.number("select count(*) from audit_chain");
    let other = "update audit_personal_values set changes = replace(changes::text, 'Wanjiru', 'Kamau')::json";

    let rejected = diesel::sql_query(other).execute(&mut shop.database.connect()).unwrap_err();

    assert!(rejected.to_string().ends_with("is only ever added to"), "{rejected}");
    assert_eq!(verdict(&shop, None).unwrap().head.position, count);
    for tampered in [
        other,
        "update audit_personal_values set changes = '{}'",
        "update audit_personal_values set changes = replace(changes::text, ':', ': ')::json",
        "update audit_personal_values set salt = decode('00', 'hex')",
        "update audit_personal_values set person = gen_random_uuid()",
    ] {
        let shop = TestShop::new().await;
        renamed_customer(&shop).await;
        chain_all(&shop);
        tamper(&shop, tampered);
        assert!(matches!(verdict(&shop, None), Err(AuditFault::PersonalChanged(..))), "{tampered}");
    }
}

#[actix_web::test]
async fn floating_point_numbers_do_not_break_verification() {
    let shop = TestShop::new().await;
    let (root, ana) = (shop.superuser().await, shop.customer("ana").await);
    let odd = json!({"metadata": {"x": 2.305_547_080_799_555_6e-21, "y": 1e300}});

    root.patch(&format!("/api/customers/{}/", ana.customer), odd).await.expect(200);

    chain_all(&shop);
    assert!(verdict(&shop, None).is_ok(), "{:?}", verdict(&shop, None));
}

#[actix_web::test]
async fn account_deletion_erases_only_the_personal_values_of_that_person() {
    let shop = TestShop::new().await;
    let (ana, ben) = (renamed_customer(&shop).await, shop.customer("ben").await);
    ana.post("/api/customers/me/delete/", json!({"password": PASSWORD})).await.expect(204);
    chain_all(&shop);

    assert!(verdict(&shop, None).is_ok(), "{:?}", verdict(&shop, None));
    let url = format!("/api/audit-log/?object_id={}", ana.user);
    let log = shop.superuser().await.get(&url).await.expect(200);
    assert!(log["count"].as_i64().unwrap() >= 3, "the entries remain: {log}");
    assert!(!log.to_string().contains("Wanjiru") && !log.to_string().contains("ana@example.com"), "{log}");
    let changed = log["results"].as_array().unwrap().iter().find(|entry| entry["action"] == "user.changed").unwrap();
    assert_eq!(changed["changes"], json!({"last_name": {"forgotten": true}}));

    tamper(&shop, &format!("delete from audit_personal_values where person = '{}'", ben.user));
    assert_eq!(verdict(&shop, None), Err(AuditFault::PersonalRemoved(person(&ben))));
}

#[actix_web::test]
async fn email_of_a_failed_sign_in_is_erased_with_the_account() {
    let shop = TestShop::new().await;
    let body = json!({"email": "ana@example.com", "password": "wrong horse"});
    shop.anonymous().post("/api/auth/login/", body).await.expect(400);
    let ana = shop.customer("ana").await;
    let remaining = "select count(*) from audit_personal_values where changes::text like '%ana@example.com%'";
    assert_eq!(shop.number(remaining), 2, "one from the failed sign-in, one from the registration");

    ana.post("/api/customers/me/delete/", json!({"password": PASSWORD})).await.expect(204);

    assert_eq!(shop.number(remaining), 0);
    chain_all(&shop);
    assert!(verdict(&shop, None).is_ok());
}

#[actix_web::test]
async fn former_email_is_erased_with_the_account() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let wrong = json!({"email": "nia@example.com", "password": "wrong horse"});
    shop.anonymous().post("/api/auth/login/", wrong).await.expect(400);
    let change = json!({"new_email": "nia@example.com", "password": PASSWORD});
    ana.post("/api/auth/email/change/", change).await.expect(200);
    shop.run_jobs().await;
    let letter = shop.mails_to("nia@example.com").remove(0);
    let token = letter.text.split_once("#token=").unwrap().1.split_whitespace().next().unwrap();
    shop.anonymous().post("/api/auth/email/change/confirm/", json!({"token": token})).await.expect(200);
    shop.run_jobs().await;

    ana.post("/api/customers/me/delete/", json!({"password": PASSWORD})).await.expect(204);

    assert_eq!(shop.number("select count(*) from audit_personal_values"), 0);
    assert_eq!(shop.number("select count(*) from messages"), 0);
}

#[actix_web::test]
async fn account_deletion_keeps_the_data_of_the_owner_of_a_requested_email() {
    let shop = TestShop::new().await;
    let (thief, ben) = (shop.customer("thief").await, shop.customer("ben").await);
    shop.anonymous().post("/api/auth/password/reset/", json!({"email": ben.email})).await.expect(200);
    let change = json!({"new_email": ben.email, "password": PASSWORD});
    thief.post("/api/auth/email/change/", change).await.expect(200);
    shop.run_jobs().await;
    let letters = format!("select count(*) from messages where recipient = '{}'", ben.email);
    let before = shop.number(&letters);
    assert!(before > 0);

    thief.post("/api/customers/me/delete/", json!({"password": PASSWORD})).await.expect(204);

    assert_eq!(shop.number(&letters), before);
    let personal_values = format!("select count(*) from audit_personal_values where person = '{}'", ben.user);
    assert!(shop.number(&personal_values) > 0);
    assert_eq!(shop.number(&format!("select count(*) from audit_personal_values where person = '{}'", thief.user)), 0);
}

#[actix_web::test]
async fn guest_data_is_erased_with_the_later_customer() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let mut order = order_body(&[(&mug, 1)]);
    order["email"] = json!("ana@old.example");
    let order = shop.superuser().await.post("/api/orders/", order).await.expect(201);
    let ana = shop.customer("ana").await;
    shop.execute(&format!("update orders set customer_id = '{}', status = 'delivered'", ana.customer));
    let remaining = "select count(*) from audit_personal_values where changes::text like '%ana@%'";
    assert_eq!(shop.number(remaining), 2, "{order}");

    ana.post("/api/customers/me/delete/", json!({"password": PASSWORD})).await.expect(204);

    assert_eq!(shop.number(remaining), 0);
    chain_all(&shop);
    assert!(verdict(&shop, None).is_ok());
}
