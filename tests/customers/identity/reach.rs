//! Whoever is restricted to channels neither opens nor closes more than these, and gives nobody rights.

use actix_web::http::Method;
use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::shop::Person;

const DEFAULT: &str = "01900000-0000-7000-8000-000000000001";
const KENYA: &str = "01900000-0000-7000-8000-000000000002";

async fn shop_with_two_channels() -> TestShop {
    let shop = TestShop::new().await;
    shop.execute(&format!(
        "insert into channels (id, slug, name, currency, prices_include_tax, tax_rate, created_at, updated_at) \
         values ('{KENYA}', 'kenya', 'Kenya', 'EUR', false, 0.16, now(), now())"
    ));
    shop
}

/// The group that somebody was put into when they were made.
async fn group_of(root: &Person, person: &Person) -> String {
    let shown = root.get(&format!("/api/staff/{}/", person.user)).await.expect(200);
    shown["groups"][0]["group"].as_str().unwrap().to_owned()
}

async fn restrict(by: &Person, group: &str, channels: &[&str]) -> crate::support::TestResponse {
    by.put(&format!("/api/groups/{group}/channels/"), json!({"channels": channels})).await
}

async fn reach(person: &Person) -> Value {
    person.get("/api/auth/permissions/").await.expect(200)["channels"].clone()
}

#[actix_web::test]
async fn somebody_reaches_the_channels_of_all_their_groups_together() {
    let shop = shop_with_two_channels().await;
    let root = shop.superuser().await;
    let otieno = shop.staff_with("otieno", &[Permission::OrdersView]).await;
    let own = group_of(&root, &otieno).await;
    assert_eq!(reach(&otieno).await, Value::Null);

    assert_eq!(restrict(&root, &own, &[KENYA]).await.expect(200), json!({"channels": [KENYA]}));
    assert_eq!(reach(&otieno).await, json!([KENYA]));
    let made = root.post("/api/groups/", json!({"name": "More", "permissions": []})).await.expect(201);
    let more = made["id"].as_str().unwrap();
    restrict(&root, more, &[DEFAULT]).await.expect(200);
    let both = json!({"groups": [own, more]});
    root.patch(&format!("/api/staff/{}/", otieno.user), both).await.expect(200);
    assert_eq!(reach(&otieno).await, json!([DEFAULT, KENYA]));
    restrict(&root, more, &[]).await.expect(200);
    assert_eq!(reach(&otieno).await, Value::Null, "one group without a restriction opens all");

    let told = format!(
        "select count(*) from audit_entries where action = 'group.restricted' and object_id = '{own}' \
         and changes::jsonb = '{{\"channels\": {{\"before\": [], \"after\": [\"{KENYA}\"]}}}}'"
    );
    assert_eq!(shop.number(&told), 1);
}

#[actix_web::test]
async fn superusers_are_restricted_by_no_group() {
    let shop = shop_with_two_channels().await;
    let root = shop.superuser().await;
    let made = root.post("/api/groups/", json!({"name": "Kenya", "permissions": []})).await.expect(201);
    let kenya = made["id"].as_str().unwrap();
    restrict(&root, kenya, &[KENYA]).await.expect(200);

    root.patch(&format!("/api/staff/{}/", root.user), json!({"groups": [kenya]})).await.expect(200);

    assert_eq!(reach(&root).await, Value::Null);
}

#[actix_web::test]
async fn whoever_is_restricted_moves_groups_within_their_channels_alone() {
    let shop = shop_with_two_channels().await;
    let root = shop.superuser().await;
    let local = shop.staff_with("local", &[Permission::GroupsView, Permission::GroupsRestrict]).await;
    let own = group_of(&root, &local).await;
    restrict(&root, &own, &[KENYA]).await.expect(200);
    let groups = [("Everywhere", &[][..]), ("Here", &[DEFAULT][..]), ("Kenya", &[KENYA][..])];
    let mut made = Vec::new();
    for (name, channels) in groups {
        let group = root.post("/api/groups/", json!({"name": name, "permissions": []})).await.expect(201);
        let group = group["id"].as_str().unwrap().to_owned();
        restrict(&root, &group, channels).await.expect(200);
        made.push(group);
    }
    let [everywhere, here, kenya] = [&made[0], &made[1], &made[2]];
    let before = Digest::of(&shop);

    for (group, channels) in [
        (everywhere, &[KENYA][..]),
        (here, &[KENYA]),
        (here, &[]),
        (kenya, &[]),
        (kenya, &[DEFAULT]),
        (kenya, &[DEFAULT, KENYA]),
        (&own, &[]),
        (&own, &[DEFAULT, KENYA]),
    ] {
        let refused = restrict(&local, group, channels).await.expect(403);
        let told = json!({"detail": "Nobody opens channels that are closed to them.", "code": "out_of_scope"});
        assert_eq!(refused, told, "{group} {channels:?}");
    }

    assert_eq!(before.changes_until(&Digest::of(&shop)), Vec::<&str>::new());
    restrict(&local, kenya, &[KENYA]).await.expect(200);
}

#[actix_web::test]
async fn whoever_is_restricted_gives_and_takes_no_rights() {
    let shop = shop_with_two_channels().await;
    let root = shop.superuser().await;
    let local = shop.staff_with("local", Permission::ALL).await;
    let otieno = shop.staff_with("otieno", &[]).await;
    let (own, empty) = (group_of(&root, &local).await, group_of(&root, &otieno).await);
    restrict(&root, &own, &[KENYA]).await.expect(200);
    let app = root.post("/api/apps/", json!({"name": "Ledger", "permissions": []})).await.expect(201);
    let app = format!("/api/apps/{}/", app["id"].as_str().unwrap());
    let me = format!("/api/staff/{}/", local.user);
    let other = format!("/api/staff/{}/", otieno.user);
    let nothing = json!({});
    let before = Digest::of(&shop);

    for (method, url, body) in [
        (Method::POST, "/api/groups/", json!({"name": "Door", "permissions": []})),
        (Method::PATCH, &format!("/api/groups/{empty}/"), json!({"permissions": ["orders.view"]})),
        (Method::DELETE, &format!("/api/groups/{empty}/"), nothing.clone()),
        (Method::PATCH, &me, json!({"groups": [own, empty]})),
        (Method::PATCH, &other, json!({"groups": [own]})),
        (Method::DELETE, &other, nothing.clone()),
        (Method::POST, &format!("{other}deactivate/"), nothing.clone()),
        (Method::POST, "/api/staff/", json!({"email": "new@example.com", "groups": [empty]})),
        (Method::POST, "/api/apps/", json!({"name": "Door", "permissions": ["orders.view"]})),
        (Method::PATCH, &app, json!({"permissions": ["orders.view"]})),
        (Method::POST, &format!("{app}tokens/"), nothing.clone()),
    ] {
        let refused = local.send(method.clone(), url, Some(body)).await.expect(403);
        assert_eq!(refused["code"], "out_of_scope", "{method} {url}");
    }

    assert_eq!(before.changes_until(&Digest::of(&shop)), Vec::<&str>::new());
    assert_eq!(reach(&local).await, json!([KENYA]));
}

#[actix_web::test]
async fn the_last_who_takes_restrictions_back_is_not_restricted() {
    let shop = shop_with_two_channels().await;
    let admin = shop.staff_with("admin", Permission::ALL).await;
    let own = group_of(&admin, &admin).await;

    let refused = restrict(&admin, &own, &[KENYA]).await;

    let refused = refused.expect(409);
    assert_eq!((&refused["code"], &refused["permissions"]), (&json!("last_holder"), &json!(["groups.restrict"])));
    assert_eq!(reach(&admin).await, Value::Null);
    shop.superuser().await;
    restrict(&admin, &own, &[KENYA]).await.expect(200);
    assert_eq!(reach(&admin).await, json!([KENYA]));
}
