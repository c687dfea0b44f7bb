//! Every permission keeps at least one active holder.

use actix_web::http::Method;
use diesel::prelude::*;
use futures_util::future::join;
use mercer::orders::permissions::ViewOrders;
use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use super::{groups_of, member};
use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::shop::TestUser;

/// All requests by which a staff member loses permissions.
async fn permission_losing_requests(admin: &TestUser) -> Vec<(Method, String, Value)> {
    let group = format!("/api/groups/{}/", groups_of(admin, admin).await[0].as_str().unwrap());
    vec![
        (Method::PATCH, member(admin), json!({"groups": []})),
        (Method::PATCH, group.clone(), json!({"permissions": []})),
        (Method::PUT, group.clone(), json!({"name": "Admins", "permissions": ["orders.view"]})),
        (Method::DELETE, group, json!({})),
        (Method::DELETE, member(admin), json!({})),
        (Method::POST, format!("{}deactivate/", member(admin)), json!({})),
    ]
}

async fn assert_cannot_lose_permissions(shop: &TestShop, admin: &TestUser) {
    for (method, url, body) in permission_losing_requests(admin).await {
        let before = Digest::of(shop);
        let rejected = admin.send(method.clone(), &url, Some(body.clone())).await.expect(409);
        assert_eq!(rejected["code"], "last_holder", "{method} {url} {body}");
        let lost = rejected["permissions"].as_array().unwrap();
        assert!(lost.contains(&json!("staff.manage")) && lost.contains(&json!("jobs.view")), "{rejected}");
        assert_eq!(before.changed_tables(&Digest::of(shop)), Vec::<&str>::new(), "{method} {url}");
    }
}

#[actix_web::test]
async fn last_holder_cannot_lose_permissions() {
    let shop = TestShop::new().await;
    let admin = shop.staff_with("admin", Permission::all()).await;

    assert_cannot_lose_permissions(&shop, &admin).await;
    assert_eq!(admin.get("/api/staff/").await.status, 200);
}

#[actix_web::test]
async fn inactive_and_former_staff_do_not_count_as_holders() {
    let shop = TestShop::new().await;
    let admin = shop.staff_with("admin", Permission::all()).await;
    let other = shop.staff_with("other", Permission::all()).await;

    admin.post(&format!("{}deactivate/", member(&other)), json!({})).await.expect(200);
    assert_cannot_lose_permissions(&shop, &admin).await;
    admin.post(&format!("{}activate/", member(&other)), json!({})).await.expect(200);
    shop.execute(&format!("update users set is_staff = false where id = '{}'", other.user));
    assert_cannot_lose_permissions(&shop, &admin).await;
}

#[actix_web::test]
async fn holder_can_lose_permissions_if_another_holder_exists() {
    for index in 0..6 {
        let shop = TestShop::new().await;
        let admin = shop.staff_with("admin", Permission::all()).await;
        shop.staff_with("other", Permission::all()).await;
        let (method, url, body) = permission_losing_requests(&admin).await.swap_remove(index);

        let response = admin.send(method.clone(), &url, Some(body)).await;

        assert!(response.status.is_success(), "{method} {url}: {response:?}");
        assert!(admin.get("/api/jobs/").await.status.is_client_error(), "{method} {url}");
    }
}

#[actix_web::test]
async fn superuser_counts_as_holder_of_every_permission() {
    let shop = TestShop::new().await;
    let admin = shop.staff_with("admin", Permission::all()).await;
    shop.superuser().await;

    admin.patch(&member(&admin), json!({"groups": []})).await.expect(200);

    assert_eq!(admin.get("/api/staff/").await.status, 403);
}

#[actix_web::test]
async fn last_superuser_can_be_dismissed_only_if_groups_hold_every_permission() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    shop.staff_with("clerk", &[ViewOrders::PERMISSION]).await;
    let rejected = root.delete(&member(&root)).await.expect(409);
    assert_eq!(rejected["permissions"].as_array().unwrap().len(), Permission::all().len() - 1);

    shop.staff_with("admin", Permission::all()).await;

    root.delete(&member(&root)).await.expect(204);
    assert_eq!(shop.number("select count(*) from users where is_superuser"), 0);
}

/// Waits until this number of connections wait for the lock of permission changes.
async fn wait_for_blocked_connections(shop: &TestShop, count: i64) {
    let waiting = "select count(*) from pg_locks l join pg_database d on d.oid = l.database \
                   where l.locktype = 'advisory' and not l.granted and d.datname = current_database()";
    while shop.number(waiting) < count {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn concurrent_mutual_dismissal_keeps_one_staff_member() {
    let shop = TestShop::new().await;
    dismiss_each_other(&shop).await;
    assert_eq!(shop.number("select count(*) from users where is_staff"), 1);
}

#[actix_web::test]
async fn staff_member_dismissed_concurrently_cannot_dismiss_others() {
    let shop = TestShop::new().await;
    shop.staff_with("third", Permission::all()).await;
    dismiss_each_other(&shop).await;
    assert_eq!(shop.number("select count(*) from users where is_staff"), 2);
}

/// Two staff members with all permissions dismiss each other concurrently. The second request is rejected, because its
/// principal has lost the permissions.
async fn dismiss_each_other(shop: &TestShop) {
    let one = shop.staff_with("one", Permission::all()).await;
    let other = shop.staff_with("other", Permission::all()).await;
    // Both requests are authenticated while both principals have permissions; then the lock serializes them.
    let mut lock = PgConnection::establish(&shop.database.url).unwrap();
    diesel::sql_query("select pg_advisory_lock(1380534088)").execute(&mut lock).unwrap();
    let release = async {
        wait_for_blocked_connections(shop, 2).await;
        drop(lock);
    };
    let (to_other, to_one) = (member(&other), member(&one));
    let both = join(one.delete(&to_other), other.delete(&to_one));

    let ((first, second), ()) = join(both, release).await;

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 403], "{first:?} {second:?}");
    let rejected = if first.status == 403 { first } else { second };
    assert_eq!(rejected.expect(403)["code"], "permission_denied");
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'staff.dismissed'"), 1);
}
