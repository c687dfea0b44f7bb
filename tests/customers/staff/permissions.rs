//! Permissions are the union of the groups, and a staff member can grant and revoke only their own permissions.

use actix_web::http::Method;
use mercer::orders::permissions::ViewOrders;
use mercer::platform::auth::Permission;
use mercer::platform::auth::ViewJobs;
use serde_json::{Value, json};

use super::{group, groups_of, manager, member, own_permissions};
use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::shop::TestUser;

const CHANNEL: &str = "01900000-0000-7000-8000-000000000001";

#[actix_web::test]
async fn permissions_are_the_union_of_the_groups_permissions() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let otieno = shop.staff_with("otieno", &[ViewOrders::PERMISSION]).await;
    assert_eq!(own_permissions(&otieno).await, json!(["orders.view"]));
    assert_eq!(otieno.get("/api/stocks/").await.status, 403);

    let mut groups = groups_of(&root, &otieno).await;
    groups.push(json!(group(&root, "Warehouse", &["stock.view", "orders.view"]).await));
    root.patch(&member(&otieno), json!({"groups": groups})).await.expect(200);

    assert_eq!(own_permissions(&otieno).await, json!(["stock.view", "orders.view"]));
    assert_eq!(otieno.get("/api/stocks/").await.status, 200);
    root.patch(&member(&otieno), json!({"groups": [groups[1]]})).await.expect(200);
    assert_eq!(otieno.get("/api/orders/").await.status, 200, "the other group has the permission, too");
    root.patch(&member(&otieno), json!({"groups": []})).await.expect(200);
    assert_eq!(own_permissions(&otieno).await, json!([]));
    assert_eq!(otieno.get("/api/stocks/").await.status, 403);
}

#[actix_web::test]
async fn group_change_applies_to_all_members() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let otieno = shop.staff_with("otieno", &[ViewOrders::PERMISSION]).await;
    let own = groups_of(&root, &otieno).await;
    let url = format!("/api/groups/{}/", own[0].as_str().unwrap());

    let changed = root.patch(&url, json!({"permissions": ["stock.view"]})).await.expect(200);

    assert_eq!(changed["member_count"], 1);
    assert_eq!(own_permissions(&otieno).await, json!(["stock.view"]));
    root.delete(&url).await.expect(204);
    assert_eq!(own_permissions(&otieno).await, json!([]));
    assert_eq!(otieno.get("/api/customers/me/").await.status, 200);
}

/// Asserts that every request is rejected because of `jobs.view` and that nothing changes.
async fn assert_out_of_scope(shop: &TestShop, by: &TestUser, calls: &[(Method, String, Value)]) {
    for (method, url, body) in calls {
        let before = Digest::of(shop);
        let response = by.send(method.clone(), url, Some(body.clone())).await;
        let expected = json!({
            "detail": "You cannot grant or revoke permissions that you do not have.", "code": "out_of_scope",
            "permissions": ["jobs.view"],
        });
        assert_eq!(response.expect(403), expected, "{method} {url} {body}");
        assert_eq!(before.changed_tables(&Digest::of(shop)), Vec::<&str>::new(), "{method} {url}");
    }
}

#[actix_web::test]
async fn staff_member_cannot_grant_missing_permissions() {
    let shop = TestShop::new().await;
    let (root, manager) = (shop.superuser().await, manager(&shop).await);
    let otieno = shop.staff_with("otieno", &[]).await;
    let jobs = group(&root, "Machines", &["orders.view", "jobs.view"]).await;
    let desk = group(&root, "Desk", &["orders.view"]).await;
    let app = manager.post("/api/apps/", json!({"name": "Ledger", "permissions": []})).await.expect(201);
    let app = format!("/api/apps/{}/", app["id"].as_str().unwrap());
    let both = json!({"name": "Both", "permissions": ["orders.view", "jobs.view"]});

    assert_out_of_scope(
        &shop,
        &manager,
        &[
            (Method::POST, "/api/groups/".to_owned(), both.clone()),
            (Method::PUT, format!("/api/groups/{desk}/"), both.clone()),
            (Method::PATCH, format!("/api/groups/{desk}/"), json!({"permissions": ["jobs.view"]})),
            (Method::PATCH, member(&otieno), json!({"groups": [desk, jobs]})),
            (Method::PATCH, member(&manager), json!({"groups": [jobs]})),
            (Method::POST, "/api/staff/".to_owned(), json!({"email": "new@example.com", "groups": [jobs]})),
            (Method::POST, "/api/apps/".to_owned(), both.clone()),
            (Method::PUT, app.clone(), both),
            (Method::PATCH, app, json!({"permissions": ["jobs.view"]})),
        ],
    )
    .await;

    manager.patch(&member(&otieno), json!({"groups": [desk]})).await.expect(200);
    assert_eq!(own_permissions(&otieno).await, json!(["orders.view"]));
}

#[actix_web::test]
async fn staff_member_cannot_revoke_missing_permissions() {
    let shop = TestShop::new().await;
    let (root, manager) = (shop.superuser().await, manager(&shop).await);
    let otieno = shop.staff_with("otieno", &[ViewJobs::PERMISSION]).await;
    let jobs = format!("/api/groups/{}/", groups_of(&root, &otieno).await[0].as_str().unwrap());
    let app = root.post("/api/apps/", json!({"name": "Clock", "permissions": ["jobs.view"]})).await.expect(201);
    let app = format!("/api/apps/{}/", app["id"].as_str().unwrap());
    let token = root.post(&format!("{app}tokens/"), json!({})).await.expect(201);
    let token = format!("{app}tokens/{}/", token["id"].as_str().unwrap());

    assert_out_of_scope(
        &shop,
        &manager,
        &[
            (Method::PATCH, jobs.clone(), json!({"permissions": []})),
            (Method::PATCH, jobs.clone(), json!({"name": "Machines"})),
            (Method::DELETE, jobs.clone(), json!({})),
            (Method::PUT, format!("{jobs}channels/"), json!({"channels": [CHANNEL]})),
            (Method::PATCH, member(&otieno), json!({"groups": []})),
            (Method::PATCH, member(&otieno), json!({"first_name": "Renamed"})),
            (Method::DELETE, member(&otieno), json!({})),
            (Method::POST, format!("{}deactivate/", member(&otieno)), json!({})),
            (Method::DELETE, app.clone(), json!({})),
            (Method::POST, format!("{app}deactivate/"), json!({})),
            (Method::POST, format!("{app}tokens/"), json!({})),
            (Method::DELETE, token, json!({})),
        ],
    )
    .await;

    assert_eq!(own_permissions(&otieno).await, json!(["jobs.view"]));
}

#[actix_web::test]
async fn only_superusers_can_change_superusers() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let admin = shop.staff_with("admin", Permission::all()).await;
    let expected = json!({"detail": "Only a superuser can change a superuser.", "code": "out_of_scope"});
    let before = Digest::of(&shop);

    for (method, behind, body) in [
        (Method::PATCH, "", json!({"first_name": "Renamed"})),
        (Method::PATCH, "", json!({"groups": []})),
        (Method::DELETE, "", json!({})),
        (Method::POST, "deactivate/", json!({})),
        (Method::POST, "activate/", json!({})),
    ] {
        let response = admin.send(method.clone(), &format!("{}{behind}", member(&root)), Some(body)).await;
        assert_eq!(response.expect(403), expected, "{method} {behind}");
    }

    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
    root.patch(&member(&root), json!({"first_name": "Wanjiru"})).await.expect(200);
}

#[actix_web::test]
async fn stale_etag_is_rejected_for_staff_and_groups() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let otieno = shop.staff_with("otieno", &[ViewOrders::PERMISSION]).await;
    let group = format!("/api/groups/{}/", groups_of(&root, &otieno).await[0].as_str().unwrap());

    for (url, body) in [(member(&otieno), json!({"groups": []})), (group.clone(), json!({"permissions": []}))] {
        let seen = root.get(&url).await.header("etag").unwrap().to_owned();
        root.patch(&url, json!({})).await.expect(200);
        let before = Digest::of(&shop);
        let late = root.with_header("if-match", &seen);

        assert_eq!(late.patch(&url, body.clone()).await.status, 412, "{url}");
        assert_eq!(late.delete(&url).await.status, 412, "{url}");

        assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
        let now = root.get(&url).await.header("etag").unwrap().to_owned();
        root.with_header("if-match", &now).patch(&url, body).await.expect(200);
    }
    assert_eq!(own_permissions(&otieno).await, json!([]));
}

#[actix_web::test]
async fn audit_log_records_permissions_before_and_after() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let otieno = shop.staff_with("otieno", &[ViewOrders::PERMISSION]).await;
    let own = groups_of(&root, &otieno).await;
    let url = format!("/api/groups/{}/", own[0].as_str().unwrap());

    root.patch(&url, json!({"permissions": ["stock.view"]})).await.expect(200);
    root.patch(&member(&otieno), json!({"groups": []})).await.expect(200);
    root.delete(&url).await.expect(204);

    let count_entries = |action: &str, changes: Value| {
        let count = format!(
            "select count(*) from audit_entries where action = '{action}' and changes::jsonb = '{changes}' \
             and actor->>'id' = '{}'",
            root.user
        );
        assert_eq!(shop.number(&count), 1, "{action}");
    };
    count_entries("group.changed", json!({"permissions": {"before": ["orders.view"], "after": ["stock.view"]}}));
    count_entries("staff.changed", json!({"groups": {"before": own, "after": []}}));
    let deleted = json!({"name": {"before": "Group of otieno"}, "permissions": {"before": ["stock.view"]}});
    count_entries("group.deleted", deleted);
}
