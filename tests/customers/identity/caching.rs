//! Principals are cached for at most a second, so that a change applies in every process within a second.

use std::time::Duration;

use diesel::prelude::*;
use mercer::customers::identity::PrincipalCache;
use mercer::orders::permissions::ViewOrders;
use mercer::platform::auth::{Principal, PrincipalSource};
use mercer::platform::types::SessionId;
use mercer::products::channels::load_channel_restrictions;
use mercer::schema::sessions;
use serde_json::json;

use crate::support::TestShop;

/// A cache with the time to live of the server.
fn principals(shop: &TestShop) -> PrincipalCache {
    PrincipalCache::new(shop.app.db.clone(), shop.clock.clock(), load_channel_restrictions)
}

/// The only session in the database.
fn session(shop: &TestShop) -> SessionId {
    shop.sql(|conn| sessions::table.select(sessions::id).first(conn))
}

/// Queries until the condition holds. If it never holds, the test runner's timeout ends the test.
async fn wait_until(source: &PrincipalCache, session: SessionId, holds: impl Fn(Option<&Principal>) -> bool) {
    while !holds(source.find_by_session(session).await.unwrap().as_ref()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn revoked_permission_is_lost_in_every_process() {
    let shop = TestShop::new().await;
    shop.staff_with("otieno", &[ViewOrders::PERMISSION]).await;
    let (session, first, second) = (session(&shop), principals(&shop), principals(&shop));
    let can_view =
        |principal: Option<&Principal>| principal.is_some_and(|it| it.has_permission(ViewOrders::PERMISSION));
    for source in [&first, &second] {
        wait_until(source, session, can_view).await;
    }

    shop.execute("delete from group_members");

    for source in [&first, &second] {
        wait_until(source, session, |principal| principal.is_some() && !can_view(principal)).await;
    }
}

#[actix_web::test]
async fn revoked_session_is_rejected_in_every_process() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let (session, first, second) = (session(&shop), principals(&shop), principals(&shop));
    for source in [&first, &second] {
        wait_until(source, session, |principal| principal.is_some()).await;
    }

    ana.post("/api/auth/logout/", json!({})).await.expect(200);

    for source in [&first, &second] {
        wait_until(source, session, |principal| principal.is_none()).await;
    }
}

#[actix_web::test]
async fn deactivated_app_is_rejected_in_every_process() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let app = root.post("/api/apps/", json!({"name": "Ledger", "permissions": ["orders.view"]})).await.expect(201);
    let url = format!("/api/apps/{}/", app["id"].as_str().unwrap());
    let token = root.post(&format!("{url}tokens/"), json!({})).await.expect(201);
    let token = token["token"].as_str().unwrap();
    let (first, second) = (principals(&shop), principals(&shop));
    for source in [&first, &second] {
        assert!(source.find_by_app_token(token, None).await.unwrap().is_some());
    }

    root.post(&format!("{url}deactivate/"), json!({})).await.expect(200);

    for source in [&first, &second] {
        while source.find_by_app_token(token, None).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[actix_web::test]
async fn principal_is_cached_until_its_time_to_live_expires() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    let session = session(&shop);
    let cache = PrincipalCache::with_time_to_live(
        shop.app.db.clone(),
        shop.clock.clock(),
        load_channel_restrictions,
        Duration::from_secs(3600),
    );
    assert!(cache.find_by_session(session).await.unwrap().is_some());

    shop.execute("update sessions set revoked_at = now()");

    assert!(cache.find_by_session(session).await.unwrap().is_some());
    assert!(principals(&shop).find_by_session(session).await.unwrap().is_none());
}
