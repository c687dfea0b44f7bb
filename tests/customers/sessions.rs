//! Sessions: listed and revoked by their user and by staff.

use chrono::TimeDelta;
use mercer::customers::permissions::{EndSessions, ViewSessions};
use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::shop::{PASSWORD, TestUser};

const OWN: &str = "/api/auth/sessions/";

/// Opens another session with this user agent and address, and returns its client.
async fn open_session(shop: &TestShop, user: &TestUser, user_agent: &str, address: &str) -> crate::support::Client {
    let device = shop.anonymous().at(address).with_header("user-agent", user_agent);
    let body = json!({"email": user.email, "password": PASSWORD});
    let tokens = device.post("/api/auth/token/", body).await.expect(200);
    let mut client = device;
    client.token = Some(tokens["access"].as_str().unwrap().to_owned());
    client
}

async fn sessions(client: &crate::support::Client) -> Vec<Value> {
    client.get(OWN).await.expect(200).as_array().unwrap().clone()
}

#[actix_web::test]
async fn user_lists_own_sessions() {
    let shop = TestShop::new().await;
    let (ana, _) = (shop.customer("ana").await, shop.customer("ben").await);
    shop.advance(TimeDelta::seconds(5));
    let phone = open_session(&shop, &ana, "Phone/1.0", "203.0.113.9").await;

    let listed = sessions(&phone).await;

    assert_eq!(listed.len(), 2);
    let device = |session: &Value| ["is_current", "user_agent", "address"].map(|name| session[name].clone());
    assert_eq!(device(&listed[0]), [json!(true), json!("Phone/1.0"), json!("203.0.113.9")]);
    assert_eq!(device(&listed[1]), [json!(false), json!(""), json!("127.0.0.1")]);
    let listed_by_ana = sessions(&ana).await;
    assert_eq!(device(&listed_by_ana[0]), [json!(false), json!("Phone/1.0"), json!("203.0.113.9")]);
    assert_eq!(listed_by_ana[1]["is_current"], true);
}

#[actix_web::test]
async fn last_use_of_a_session_is_recorded_to_the_minute() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let before = sessions(&ana).await[0]["last_used_at"].clone();

    shop.advance(TimeDelta::seconds(50));
    assert_eq!(sessions(&ana).await[0]["last_used_at"], before);
    shop.advance(TimeDelta::seconds(20));
    let used = sessions(&ana).await[0].clone();

    assert_ne!(used["last_used_at"], before);
    assert_eq!(used["created_at"], before);
}

#[actix_web::test]
async fn user_revokes_one_all_other_or_all_sessions() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mut others = Vec::new();
    for user_agent in ["Phone", "Tablet", "Library"] {
        shop.advance(TimeDelta::seconds(1));
        others.push(open_session(&shop, &ana, user_agent, "127.0.0.1").await);
    }

    let library = sessions(&ana).await[0].clone();
    assert_eq!(library["user_agent"], "Library");
    let url = format!("{OWN}{}/", library["id"].as_str().unwrap());
    ana.delete(&url).await.expect(204);
    assert_eq!(others[2].get(OWN).await.status, 401);
    ana.delete(&url).await.expect(404);
    assert_eq!(sessions(&ana).await.len(), 3);

    ana.post(&format!("{OWN}end/"), json!({})).await.expect(204);
    assert_eq!(others[0].get(OWN).await.status, 401);
    assert_eq!(others[1].get(OWN).await.status, 401);
    assert_eq!(sessions(&ana).await.len(), 1);

    ana.post(&format!("{OWN}end/"), json!({"keep_current": false})).await.expect(204);
    assert_eq!(ana.get(OWN).await.status, 401);
    assert_eq!(shop.number("select count(*) from sessions where revoked_at is null"), 0);
}

#[actix_web::test]
async fn current_session_can_be_revoked_by_id() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let id = sessions(&ana).await[0]["id"].as_str().unwrap().to_owned();

    ana.delete(&format!("{OWN}{id}/")).await.expect(204);

    assert_eq!(ana.get(OWN).await.status, 401);
    let refresh = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": ana.refresh})).await;
    assert_eq!(refresh.status, 401);
}

#[actix_web::test]
async fn session_of_another_user_is_not_found() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let session_of_ana = sessions(&ana).await[0]["id"].as_str().unwrap().to_owned();

    let response = ben.delete(&format!("{OWN}{session_of_ana}/")).await;

    assert_eq!(response.expect(404), json!({"detail": "Not found.", "code": "not_found"}));
    ben.post(&format!("{OWN}end/"), json!({"keep_current": false})).await.expect(204);
    assert_eq!(ana.get(OWN).await.status, 200);
}

#[actix_web::test]
async fn staff_with_permission_list_and_revoke_sessions() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let viewer = shop.staff_with("viewer", &[ViewSessions::PERMISSION]).await;
    let revoker = shop.staff_with("revoker", &[EndSessions::PERMISSION]).await;
    let of_ana = format!("/api/sessions/?user={}", ana.user);

    let listed = viewer.get(&of_ana).await.expect(200);
    assert_eq!((&listed["count"], &listed["results"][0]["user"]), (&json!(1), &json!(ana.user)));
    let url = format!("/api/sessions/{}/", listed["results"][0]["id"].as_str().unwrap());
    revoker.get(&of_ana).await.expect(403);
    viewer.delete(&url).await.expect(403);
    ana.get("/api/sessions/").await.expect(403);
    ana.delete(&url).await.expect(403);
    assert_eq!(ana.get(OWN).await.status, 200);

    revoker.delete(&url).await.expect(204);

    assert_eq!(ana.get(OWN).await.status, 401);
    revoker.delete(&url).await.expect(404);
    assert_eq!(viewer.get(&of_ana).await.expect(200)["count"], 0);
    let entries = format!(
        "select count(*) from audit_entries where action = 'session.ended' and actor->>'id' = '{}' \
         and changes->'reason'->>'after' = 'ended by staff'",
        revoker.user
    );
    assert_eq!(shop.number(&entries), 1);
}

#[actix_web::test]
async fn revoked_and_expired_sessions_are_not_listed() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let viewer = shop.staff_with("viewer", &[ViewSessions::PERMISSION]).await;
    shop.execute(&format!("update sessions set expires_at = now() where user_id = '{}'", ana.user));

    let listed = viewer.get("/api/sessions/").await.expect(200);

    assert_eq!((&listed["count"], &listed["results"][0]["user"]), (&json!(1), &json!(viewer.user)));
}
