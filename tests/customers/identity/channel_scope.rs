//! Channel scope of staff members: a restricted staff member can change only restrictions within their own channels,
//! and cannot grant or revoke permissions.

use actix_web::http::Method;
use mercer::customers::permissions::{RestrictGroups, ViewGroups};
use mercer::orders::permissions::ViewOrders;
use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::shop::TestUser;

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

/// The group that the staff member was created with.
async fn group_of(root: &TestUser, user: &TestUser) -> String {
    let staff = root.get(&format!("/api/staff/{}/", user.user)).await.expect(200);
    staff["groups"][0]["group"].as_str().unwrap().to_owned()
}

async fn restrict(by: &TestUser, group: &str, channels: &[&str]) -> crate::support::TestResponse {
    by.put(&format!("/api/groups/{group}/channels/"), json!({"channels": channels})).await
}

async fn channels_of(user: &TestUser) -> Value {
    user.get("/api/auth/permissions/").await.expect(200)["channels"].clone()
}

#[actix_web::test]
async fn channel_scope_is_the_union_of_the_groups_channels() {
    let shop = shop_with_two_channels().await;
    let root = shop.superuser().await;
    let otieno = shop.staff_with("otieno", &[ViewOrders::PERMISSION]).await;
    let own = group_of(&root, &otieno).await;
    assert_eq!(channels_of(&otieno).await, Value::Null);

    assert_eq!(restrict(&root, &own, &[KENYA]).await.expect(200), json!({"channels": [KENYA]}));
    assert_eq!(channels_of(&otieno).await, json!([KENYA]));
    let group = root.post("/api/groups/", json!({"name": "More", "permissions": []})).await.expect(201);
    let more = group["id"].as_str().unwrap();
    restrict(&root, more, &[DEFAULT]).await.expect(200);
    let both = json!({"groups": [own, more]});
    root.patch(&format!("/api/staff/{}/", otieno.user), both).await.expect(200);
    assert_eq!(channels_of(&otieno).await, json!([DEFAULT, KENYA]));
    restrict(&root, more, &[]).await.expect(200);
    assert_eq!(channels_of(&otieno).await, Value::Null, "one unrestricted group allows all channels");

    let entries = format!(
        "select count(*) from audit_entries where action = 'group.restricted' and object_id = '{own}' \
         and changes::jsonb = '{{\"channels\": {{\"before\": [], \"after\": [\"{KENYA}\"]}}}}'"
    );
    assert_eq!(shop.number(&entries), 1);
}

#[actix_web::test]
async fn superuser_is_not_restricted_by_groups() {
    let shop = shop_with_two_channels().await;
    let root = shop.superuser().await;
    let group = root.post("/api/groups/", json!({"name": "Kenya", "permissions": []})).await.expect(201);
    let kenya = group["id"].as_str().unwrap();
    restrict(&root, kenya, &[KENYA]).await.expect(200);

    root.patch(&format!("/api/staff/{}/", root.user), json!({"groups": [kenya]})).await.expect(200);

    assert_eq!(channels_of(&root).await, Value::Null);
}

#[actix_web::test]
async fn restricted_staff_member_can_restrict_groups_only_to_own_channels() {
    let shop = shop_with_two_channels().await;
    let root = shop.superuser().await;
    let local = shop.staff_with("local", &[ViewGroups::PERMISSION, RestrictGroups::PERMISSION]).await;
    let own = group_of(&root, &local).await;
    restrict(&root, &own, &[KENYA]).await.expect(200);
    let groups = [("Everywhere", &[][..]), ("Here", &[DEFAULT][..]), ("Kenya", &[KENYA][..])];
    let mut created = Vec::new();
    for (name, channels) in groups {
        let group = root.post("/api/groups/", json!({"name": name, "permissions": []})).await.expect(201);
        let group = group["id"].as_str().unwrap().to_owned();
        restrict(&root, &group, channels).await.expect(200);
        created.push(group);
    }
    let [everywhere, here, kenya] = [&created[0], &created[1], &created[2]];
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
        let rejected = restrict(&local, group, channels).await.expect(403);
        let detail = "You cannot grant or remove access to channels outside your own channel restriction.";
        let expected = json!({"detail": detail, "code": "out_of_scope"});
        assert_eq!(rejected, expected, "{group} {channels:?}");
    }

    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
    restrict(&local, kenya, &[KENYA]).await.expect(200);
}

#[actix_web::test]
async fn restricted_staff_member_cannot_grant_or_revoke_permissions() {
    let shop = shop_with_two_channels().await;
    let root = shop.superuser().await;
    let local = shop.staff_with("local", Permission::all()).await;
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
        (Method::POST, "/api/groups/", json!({"name": "Backdoor", "permissions": []})),
        (Method::PATCH, &format!("/api/groups/{empty}/"), json!({"permissions": ["orders.view"]})),
        (Method::DELETE, &format!("/api/groups/{empty}/"), nothing.clone()),
        (Method::PATCH, &me, json!({"groups": [own, empty]})),
        (Method::PATCH, &other, json!({"groups": [own]})),
        (Method::DELETE, &other, nothing.clone()),
        (Method::POST, &format!("{other}deactivate/"), nothing.clone()),
        (Method::POST, "/api/staff/", json!({"email": "new@example.com", "groups": [empty]})),
        (Method::POST, "/api/apps/", json!({"name": "Backdoor", "permissions": ["orders.view"]})),
        (Method::PATCH, &app, json!({"permissions": ["orders.view"]})),
        (Method::POST, &format!("{app}tokens/"), nothing.clone()),
    ] {
        let rejected = local.send(method.clone(), url, Some(body)).await.expect(403);
        assert_eq!(rejected["code"], "out_of_scope", "{method} {url}");
    }

    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
    assert_eq!(channels_of(&local).await, json!([KENYA]));
}

#[actix_web::test]
async fn last_unrestricted_holder_of_groups_restrict_cannot_be_restricted() {
    let shop = shop_with_two_channels().await;
    let admin = shop.staff_with("admin", Permission::all()).await;
    let own = group_of(&admin, &admin).await;

    let rejected = restrict(&admin, &own, &[KENYA]).await;

    let rejected = rejected.expect(409);
    assert_eq!((&rejected["code"], &rejected["permissions"]), (&json!("last_holder"), &json!(["groups.restrict"])));
    assert_eq!(channels_of(&admin).await, Value::Null);
    shop.superuser().await;
    restrict(&admin, &own, &[KENYA]).await.expect(200);
    assert_eq!(channels_of(&admin).await, json!([KENYA]));
}
