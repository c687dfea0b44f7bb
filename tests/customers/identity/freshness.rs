//! What somebody may is asked of the database at most once a second: an old answer does not outlive that.

use std::time::Duration;

use diesel::prelude::*;
use mercer::customers::identity::Principals;
use mercer::platform::auth::{Permission, Principal, PrincipalSource};
use mercer::platform::types::SessionId;
use mercer::products::channels::restrictions_of;
use mercer::schema::sessions;
use serde_json::json;

use crate::support::TestShop;

/// As the real program asks.
fn principals(shop: &TestShop) -> Principals {
    Principals::new(shop.app.db.clone(), shop.clock.clock(), restrictions_of)
}

/// The only session there is.
fn session(shop: &TestShop) -> SessionId {
    shop.sql(|conn| sessions::table.select(sessions::id).first(conn))
}

/// Asks until the answer is as it should be; a test that waits in vain is ended by its runner.
async fn until(source: &Principals, session: SessionId, is_so: impl Fn(Option<&Principal>) -> bool) {
    while !is_so(source.of_session(session).await.unwrap().as_ref()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn a_permission_that_is_lost_is_lost_in_every_program() {
    let shop = TestShop::new().await;
    shop.staff_with("otieno", &[Permission::OrdersView]).await;
    let (session, here, there) = (session(&shop), principals(&shop), principals(&shop));
    let may = |principal: Option<&Principal>| principal.is_some_and(|it| it.may(Permission::OrdersView));
    for source in [&here, &there] {
        until(source, session, may).await;
    }

    shop.execute("delete from group_members");

    for source in [&here, &there] {
        until(source, session, |principal| principal.is_some() && !may(principal)).await;
    }
}

#[actix_web::test]
async fn a_session_that_ended_has_ended_in_every_program() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let (session, here, there) = (session(&shop), principals(&shop), principals(&shop));
    for source in [&here, &there] {
        until(source, session, |principal| principal.is_some()).await;
    }

    ana.post("/api/auth/logout/", json!({})).await.expect(200);

    for source in [&here, &there] {
        until(source, session, |principal| principal.is_none()).await;
    }
}

#[actix_web::test]
async fn a_program_that_is_switched_off_is_off_everywhere() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let made = root.post("/api/apps/", json!({"name": "Ledger", "permissions": ["orders.view"]})).await.expect(201);
    let url = format!("/api/apps/{}/", made["id"].as_str().unwrap());
    let token = root.post(&format!("{url}tokens/"), json!({})).await.expect(201);
    let token = token["token"].as_str().unwrap();
    let (here, there) = (principals(&shop), principals(&shop));
    for source in [&here, &there] {
        assert!(source.of_app(token, None).await.unwrap().is_some());
    }

    root.post(&format!("{url}deactivate/"), json!({})).await.expect(200);

    for source in [&here, &there] {
        while source.of_app(token, None).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[actix_web::test]
async fn between_two_questions_an_answer_is_kept() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    let session = session(&shop);
    let kept =
        Principals::with_freshness(shop.app.db.clone(), shop.clock.clock(), restrictions_of, Duration::from_secs(3600));
    assert!(kept.of_session(session).await.unwrap().is_some());

    shop.execute("update sessions set revoked_at = now()");

    assert!(kept.of_session(session).await.unwrap().is_some());
    assert!(principals(&shop).of_session(session).await.unwrap().is_none());
}
