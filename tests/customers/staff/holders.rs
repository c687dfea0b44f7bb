//! No permission is left to nobody.

use actix_web::http::Method;
use diesel::prelude::*;
use futures_util::future::join;
use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use super::{groups_of, member};
use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::shop::Person;

/// All ways in which somebody's rights end.
async fn ways_out(admin: &Person) -> Vec<(Method, String, Value)> {
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

async fn assert_cannot_leave(shop: &TestShop, admin: &Person) {
    for (method, url, body) in ways_out(admin).await {
        let before = Digest::of(shop);
        let refused = admin.send(method.clone(), &url, Some(body.clone())).await.expect(409);
        assert_eq!(refused["code"], "last_holder", "{method} {url} {body}");
        let lost = refused["permissions"].as_array().unwrap();
        assert!(lost.contains(&json!("staff.manage")) && lost.contains(&json!("jobs.view")), "{refused}");
        assert_eq!(before.changes_until(&Digest::of(shop)), Vec::<&str>::new(), "{method} {url}");
    }
}

#[actix_web::test]
async fn the_last_who_may_something_keeps_it() {
    let shop = TestShop::new().await;
    let admin = shop.staff_with("admin", Permission::ALL).await;

    assert_cannot_leave(&shop, &admin).await;
    assert_eq!(admin.get("/api/staff/").await.status, 200);
}

#[actix_web::test]
async fn who_may_not_sign_in_or_works_here_no_more_holds_nothing() {
    let shop = TestShop::new().await;
    let admin = shop.staff_with("admin", Permission::ALL).await;
    let other = shop.staff_with("other", Permission::ALL).await;

    admin.post(&format!("{}deactivate/", member(&other)), json!({})).await.expect(200);
    assert_cannot_leave(&shop, &admin).await;
    admin.post(&format!("{}activate/", member(&other)), json!({})).await.expect(200);
    shop.execute(&format!("update users set is_staff = false where id = '{}'", other.user));
    assert_cannot_leave(&shop, &admin).await;
}

#[actix_web::test]
async fn where_somebody_else_holds_it_everybody_may_leave() {
    for way in 0..6 {
        let shop = TestShop::new().await;
        let admin = shop.staff_with("admin", Permission::ALL).await;
        shop.staff_with("other", Permission::ALL).await;
        let (method, url, body) = ways_out(&admin).await.swap_remove(way);

        let answer = admin.send(method.clone(), &url, Some(body)).await;

        assert!(answer.status.is_success(), "{method} {url}: {answer:?}");
        assert!(admin.get("/api/jobs/").await.status.is_client_error(), "{method} {url}");
    }
}

#[actix_web::test]
async fn a_superuser_holds_everything() {
    let shop = TestShop::new().await;
    let admin = shop.staff_with("admin", Permission::ALL).await;
    shop.superuser().await;

    admin.patch(&member(&admin), json!({"groups": []})).await.expect(200);

    assert_eq!(admin.get("/api/staff/").await.status, 403);
}

#[actix_web::test]
async fn the_last_superuser_goes_only_where_groups_hold_everything() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    shop.staff_with("clerk", &[Permission::OrdersView]).await;
    let refused = root.delete(&member(&root)).await.expect(409);
    assert_eq!(refused["permissions"].as_array().unwrap().len(), Permission::ALL.len() - 1);

    shop.staff_with("admin", Permission::ALL).await;

    root.delete(&member(&root)).await.expect(204);
    assert_eq!(shop.number("select count(*) from users where is_superuser"), 0);
}

/// Waits until so many of this shop's connections wait for the lock that all changes of rights take.
async fn until_waiting(shop: &TestShop, count: i64) {
    let waiting = "select count(*) from pg_locks l join pg_database d on d.oid = l.database \
                   where l.locktype = 'advisory' and not l.granted and d.datname = current_database()";
    while shop.number(waiting) < count {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn of_two_who_remove_each_other_at_once_one_stays() {
    let shop = TestShop::new().await;
    remove_each_other(&shop).await;
    assert_eq!(shop.number("select count(*) from users where is_staff"), 1);
}

#[actix_web::test]
async fn whoever_was_removed_a_moment_ago_removes_nobody_though_others_hold_everything() {
    let shop = TestShop::new().await;
    shop.staff_with("third", Permission::ALL).await;
    remove_each_other(&shop).await;
    assert_eq!(shop.number("select count(*) from users where is_staff"), 2);
}

/// Two who may everything remove each other at once: one of them comes first, and the other may nothing by then.
async fn remove_each_other(shop: &TestShop) {
    let one = shop.staff_with("one", Permission::ALL).await;
    let other = shop.staff_with("other", Permission::ALL).await;
    // Both are let in while both may; then the lock lets one go on, and after that the other.
    let mut held = PgConnection::establish(&shop.database.url).unwrap();
    diesel::sql_query("select pg_advisory_lock(1380534088)").execute(&mut held).unwrap();
    let release = async {
        until_waiting(shop, 2).await;
        drop(held);
    };
    let (to_other, to_one) = (member(&other), member(&one));
    let both = join(one.delete(&to_other), other.delete(&to_one));

    let ((first, second), ()) = join(both, release).await;

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 403], "{first:?} {second:?}");
    let refused = if first.status == 403 { first } else { second };
    assert_eq!(refused.expect(403)["code"], "permission_denied");
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'staff.dismissed'"), 1);
}
