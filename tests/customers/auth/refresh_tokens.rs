//! Refresh tokens: each works once, and reuse revokes the session.

use chrono::TimeDelta;
use futures_util::future::join_all;
use futures_util::join;
use serde_json::Value;

use super::{assert_not_valid, claims, client_with_token, refresh, status_with, text};
use crate::support::TestShop;
use crate::support::shop::TestUser;

fn generation(shop: &TestShop) -> i64 {
    shop.number("select generation from sessions")
}

/// Asserts that the session was revoked because of reuse, and that the audit log contains the reason.
async fn assert_session_revoked(shop: &TestShop, ana: &TestUser) {
    let revoked =
        "select count(*) from sessions where revoked_at is not null and revoked_reason = 'refresh token reused'";
    assert_eq!(shop.number(revoked), 1);
    let entry = "select count(*) from audit_entries e join sessions s \
                 on e.object_id = s.user_id::text and e.changes#>>'{session,after}' = s.id::text \
                 where e.action = 'session.ended' and e.changes#>>'{reason,after}' = 'refresh token reused'";
    assert_eq!(shop.number(entry), 1);
    assert_eq!(ana.get("/api/auth/user/").await.status, 401);
}

#[actix_web::test]
async fn refresh_returns_a_new_token_pair() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let response = refresh(&shop, &ana.refresh).await;

    let pair = response.expect(200);
    let keys: Vec<_> = pair.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["access", "refresh"]);
    assert_ne!(claims(&text(&pair, "refresh"))["jti"], claims(&ana.refresh)["jti"]);
    assert_eq!(claims(&text(&pair, "refresh"))["sid"], claims(&ana.refresh)["sid"]);
    assert_eq!(status_with(&shop, &text(&pair, "access")).await, 200);
    // The previous access token is valid until it expires.
    assert_eq!(ana.get("/api/auth/user/").await.status, 200);
    assert_eq!(generation(&shop), 2);
}

#[actix_web::test]
async fn tokens_can_be_refreshed_repeatedly() {
    let shop = TestShop::new().await;
    let mut token = shop.customer("ana").await.refresh;

    for _ in 0..5 {
        let pair =
            shop.anonymous().post("/api/token/refresh/", serde_json::json!({"refresh": token})).await.expect(200);
        token = text(&pair, "refresh");
        shop.advance(TimeDelta::hours(1));
    }

    assert_eq!(generation(&shop), 6);
    assert_eq!(shop.number("select count(*) from sessions"), 1);
}

#[actix_web::test]
async fn refresh_token_reuse_within_five_seconds_returns_the_same_successor() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let first = refresh(&shop, &ana.refresh).await.expect(200);

    shop.advance(TimeDelta::seconds(2));
    let second = refresh(&shop, &ana.refresh).await.expect(200);

    assert_eq!(claims(&text(&first, "refresh")), claims(&text(&second, "refresh")));
    // Both tokens are issued for the time at which their generation began, not for the time of signing.
    let times = |pair: &Value| ["iat", "exp"].map(|name| claims(&text(pair, "access"))[name].clone());
    assert_eq!(times(&first), times(&second));
    assert_eq!(generation(&shop), 2);
    assert_eq!(refresh(&shop, &text(&first, "refresh")).await.status, 200);
}

#[actix_web::test]
async fn grace_period_covers_only_the_previous_refresh_token() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let second = refresh(&shop, &ana.refresh).await.expect(200);
    refresh(&shop, &text(&second, "refresh")).await.expect(200);

    assert_not_valid(&refresh(&shop, &ana.refresh).await);

    assert_session_revoked(&shop, &ana).await;
}

#[actix_web::test]
async fn refresh_token_reuse_by_the_owner_revokes_the_session_of_a_thief() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let stolen = refresh(&shop, &ana.refresh).await.expect(200);
    let thief = client_with_token(&shop, &text(&stolen, "access"));
    assert_eq!(thief.get("/api/auth/user/").await.status, 200);

    shop.advance(TimeDelta::seconds(6));
    assert_not_valid(&refresh(&shop, &ana.refresh).await);

    assert_eq!(thief.get("/api/auth/user/").await.status, 401);
    assert_not_valid(&refresh(&shop, &text(&stolen, "refresh")).await);
    assert_session_revoked(&shop, &ana).await;
}

#[actix_web::test]
async fn refresh_token_reuse_by_a_thief_revokes_the_session() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let current = refresh(&shop, &ana.refresh).await.expect(200);
    assert_eq!(status_with(&shop, &text(&current, "access")).await, 200);

    shop.advance(TimeDelta::seconds(6));
    assert_not_valid(&refresh(&shop, &ana.refresh).await);

    assert_eq!(status_with(&shop, &text(&current, "access")).await, 401);
    assert_not_valid(&refresh(&shop, &text(&current, "refresh")).await);
    assert_session_revoked(&shop, &ana).await;
}

#[actix_web::test]
async fn refresh_token_reuse_keeps_other_sessions() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let body = serde_json::json!({"email": ana.email, "password": crate::support::shop::PASSWORD});
    let phone = shop.anonymous().post("/api/auth/token/", body).await.expect(200);
    refresh(&shop, &ana.refresh).await.expect(200);

    shop.advance(TimeDelta::seconds(6));
    assert_not_valid(&refresh(&shop, &ana.refresh).await);

    assert_eq!(status_with(&shop, &text(&phone, "access")).await, 200);
    refresh(&shop, &text(&phone, "refresh")).await.expect(200);
}

#[actix_web::test]
async fn twenty_concurrent_refreshes_return_one_successor() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let responses = join_all((0..20).map(|_| refresh(&shop, &ana.refresh))).await;

    let ids: Vec<_> =
        responses.iter().map(|response| claims(&text(&response.expect(200), "refresh"))["jti"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(shop.number("select count(*) from sessions"), 1);
    assert_eq!(generation(&shop), 2);
    assert_eq!(shop.number("select count(*) from sessions where revoked_at is null"), 1);
}

#[actix_web::test]
async fn session_expires_at_a_fixed_time_despite_refreshes() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let end = claims(&ana.refresh)["exp"].clone();

    shop.advance(TimeDelta::days(30) - TimeDelta::seconds(60));
    let pair = refresh(&shop, &ana.refresh).await.expect(200);

    // No token expires after the session.
    assert_eq!(claims(&text(&pair, "refresh"))["exp"], end);
    assert_eq!(claims(&text(&pair, "access"))["exp"], end);
    shop.advance(TimeDelta::seconds(61));
    assert_not_valid(&refresh(&shop, &text(&pair, "refresh")).await);
    assert_eq!(status_with(&shop, &text(&pair, "access")).await, 401);
}

#[actix_web::test]
async fn refresh_token_of_a_deleted_user_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("delete from users");

    assert_not_valid(&refresh(&shop, &ana.refresh).await);
    assert_eq!(ana.get("/api/auth/user/").await.status, 401);
}

#[actix_web::test]
async fn malformed_refresh_token_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    for token in ["", "x", "a.b.c", "....", ana.token.as_deref().unwrap(), &ana.refresh.to_uppercase()] {
        assert_not_valid(&refresh(&shop, token).await);
    }
    let missing = shop.anonymous().post("/api/auth/token/refresh/", serde_json::json!({})).await;
    assert_eq!(missing.expect(400), serde_json::json!({"refresh": ["This field is required."]}));
    assert_eq!(generation(&shop), 1);
}

#[actix_web::test]
async fn concurrent_refresh_and_logout_leave_no_live_session() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let body = serde_json::json!({"refresh": ana.refresh});
    let anonymous = shop.anonymous();
    let (refreshed, signed_out) = join!(refresh(&shop, &ana.refresh), anonymous.post("/api/auth/logout/", body));

    signed_out.expect(200);
    assert_eq!(shop.number("select count(*) from sessions where revoked_at is null"), 0);
    if refreshed.status == 200 {
        assert_eq!(status_with(&shop, &text(&refreshed.json(), "access")).await, 401);
    }
}
