//! What the log tells of people: it belongs to the entries while it is there, and goes with the person.

use mercer::platform::audit::Fault;
use serde_json::json;
use uuid::Uuid;

use super::seal_all;
use super::verifying::{tamper, verdict};
use crate::support::TestShop;
use crate::support::builders::order_of;
use crate::support::shop::{PASSWORD, Person};

/// A customer who has just changed their name.
async fn renamed(shop: &TestShop) -> Person {
    let ana = shop.customer("ana").await;
    ana.patch("/api/auth/user/", json!({"last_name": "Wanjiru"})).await.expect(200);
    ana
}

fn person(person: &Person) -> Uuid {
    person.user.to_string().parse().unwrap()
}

#[actix_web::test]
async fn names_and_addresses_stand_beside_the_entry_that_tells_them() {
    let shop = TestShop::new().await;
    let ana = renamed(&shop).await;

    let url = format!("/api/audit-log/?action=user.changed&object_id={}", ana.user);
    let told = shop.superuser().await.get(&url).await.expect(200);

    assert_eq!(told["results"][0]["changes"], json!({"last_name": {"before": "", "after": "Wanjiru"}}));
    let inside =
        "select count(*) from audit_entries where changes::text like '%Wanjiru%' or changes::text like '%ana@%'";
    assert_eq!(shop.number(inside), 0);
    let beside = format!("select count(*) from audit_personal_values where person = '{}'", ana.user);
    assert_eq!(shop.number(&beside), 2);
}

#[actix_web::test]
async fn nobody_puts_another_name_in_the_place_of_one() {
    use diesel::prelude::*;
    let shop = TestShop::new().await;
    renamed(&shop).await;
    seal_all(&shop);
    let count = shop.number("select count(*) from audit_chain");
    let other = "update audit_personal_values set changes = replace(changes::text, 'Wanjiru', 'Kamau')::json";

    let refused = diesel::sql_query(other).execute(&mut shop.database.connect()).unwrap_err();

    assert!(refused.to_string().ends_with("is only ever added to"), "{refused}");
    assert_eq!(verdict(&shop, None).unwrap().head.position, count);
    for tampered in [
        other,
        "update audit_personal_values set changes = '{}'",
        "update audit_personal_values set changes = replace(changes::text, ':', ': ')::json",
        "update audit_personal_values set salt = decode('00', 'hex')",
        "update audit_personal_values set person = gen_random_uuid()",
    ] {
        let shop = TestShop::new().await;
        renamed(&shop).await;
        seal_all(&shop);
        tamper(&shop, tampered);
        assert!(matches!(verdict(&shop, None), Err(Fault::PersonalChanged(..))), "{tampered}");
    }
}

#[actix_web::test]
async fn a_number_that_is_not_read_as_it_was_written_breaks_no_log() {
    let shop = TestShop::new().await;
    let (root, ana) = (shop.superuser().await, shop.customer("ana").await);
    let odd = json!({"metadata": {"x": 2.305_547_080_799_555_6e-21, "y": 1e300}});

    root.patch(&format!("/api/customers/{}/", ana.customer), odd).await.expect(200);

    seal_all(&shop);
    assert!(verdict(&shop, None).is_ok(), "{:?}", verdict(&shop, None));
}

#[actix_web::test]
async fn what_is_told_of_somebody_is_removed_with_them_alone() {
    let shop = TestShop::new().await;
    let (ana, ben) = (renamed(&shop).await, shop.customer("ben").await);
    ana.post("/api/customers/me/delete/", json!({"password": PASSWORD})).await.expect(204);
    seal_all(&shop);

    assert!(verdict(&shop, None).is_ok(), "{:?}", verdict(&shop, None));
    let url = format!("/api/audit-log/?object_id={}", ana.user);
    let told = shop.superuser().await.get(&url).await.expect(200);
    assert!(told["count"].as_i64().unwrap() >= 3, "the entries stay: {told}");
    assert!(!told.to_string().contains("Wanjiru") && !told.to_string().contains("ana@example.com"), "{told}");
    let changed = told["results"].as_array().unwrap().iter().find(|entry| entry["action"] == "user.changed").unwrap();
    assert_eq!(changed["changes"], json!({"last_name": {"forgotten": true}}));

    tamper(&shop, &format!("delete from audit_personal_values where person = '{}'", ben.user));
    assert_eq!(verdict(&shop, None), Err(Fault::PersonalRemoved(person(&ben))));
}

#[actix_web::test]
async fn an_address_that_was_typed_in_vain_is_forgotten_with_whoever_has_it() {
    let shop = TestShop::new().await;
    let body = json!({"email": "ana@example.com", "password": "wrong horse"});
    shop.anonymous().post("/api/auth/login/", body).await.expect(400);
    let ana = shop.customer("ana").await;
    let kept = "select count(*) from audit_personal_values where changes::text like '%ana@example.com%'";
    assert_eq!(shop.number(kept), 2, "before there was an account, and when it was made");

    ana.post("/api/customers/me/delete/", json!({"password": PASSWORD})).await.expect(204);

    assert_eq!(shop.number(kept), 0);
    seal_all(&shop);
    assert!(verdict(&shop, None).is_ok());
}

#[actix_web::test]
async fn an_address_that_somebody_had_before_is_forgotten_too() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let wrong = json!({"email": "nia@example.com", "password": "wrong horse"});
    shop.anonymous().post("/api/auth/login/", wrong).await.expect(400);
    let change = json!({"new_email": "nia@example.com", "password": PASSWORD});
    ana.post("/api/auth/email/change/", change).await.expect(200);
    shop.run_jobs().await;
    let letter = shop.letters_to("nia@example.com").remove(0);
    let token = letter.text.split_once("#token=").unwrap().1.split_whitespace().next().unwrap();
    shop.anonymous().post("/api/auth/email/change/confirm/", json!({"token": token})).await.expect(200);
    shop.run_jobs().await;

    ana.post("/api/customers/me/delete/", json!({"password": PASSWORD})).await.expect(204);

    assert_eq!(shop.number("select count(*) from audit_personal_values"), 0);
    assert_eq!(shop.number("select count(*) from messages"), 0);
}

#[actix_web::test]
async fn nobody_is_forgotten_with_somebody_who_asked_for_their_address() {
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
    let told = format!("select count(*) from audit_personal_values where person = '{}'", ben.user);
    assert!(shop.number(&told) > 0);
    assert_eq!(shop.number(&format!("select count(*) from audit_personal_values where person = '{}'", thief.user)), 0);
}

#[actix_web::test]
async fn what_was_told_of_a_guest_goes_with_the_customer_that_they_became() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let mut order = order_of(&[(&mug, 1)]);
    order["email"] = json!("ana@old.example");
    let order = shop.superuser().await.post("/api/orders/", order).await.expect(201);
    let ana = shop.customer("ana").await;
    shop.execute(&format!("update orders set customer_id = '{}', status = 'delivered'", ana.customer));
    let kept = "select count(*) from audit_personal_values where changes::text like '%ana@%'";
    assert_eq!(shop.number(kept), 2, "{order}");

    ana.post("/api/customers/me/delete/", json!({"password": PASSWORD})).await.expect(204);

    assert_eq!(shop.number(kept), 0);
    seal_all(&shop);
    assert!(verdict(&shop, None).is_ok());
}
