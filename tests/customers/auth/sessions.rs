//! Where somebody is signed in: seen and ended by themselves, and by staff.

use chrono::TimeDelta;
use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::shop::{PASSWORD, Person};

const OWN: &str = "/api/auth/sessions/";

/// Signs in once more, from a program that calls itself this, at this address; the new session's client.
async fn sign_in_elsewhere(shop: &TestShop, person: &Person, program: &str, address: &str) -> crate::support::Client {
    let device = shop.anonymous().at(address).with_header("user-agent", program);
    let body = json!({"email": person.email, "password": PASSWORD});
    let tokens = device.post("/api/auth/token/", body).await.expect(200);
    let mut client = device;
    client.token = Some(tokens["access"].as_str().unwrap().to_owned());
    client
}

async fn sessions(client: &crate::support::Client) -> Vec<Value> {
    client.get(OWN).await.expect(200).as_array().unwrap().clone()
}

#[actix_web::test]
async fn somebody_sees_where_they_are_signed_in() {
    let shop = TestShop::new().await;
    let (ana, _) = (shop.customer("ana").await, shop.customer("ben").await);
    shop.advance(TimeDelta::seconds(5));
    let phone = sign_in_elsewhere(&shop, &ana, "Phone/1.0", "203.0.113.9").await;

    let seen = sessions(&phone).await;

    assert_eq!(seen.len(), 2);
    let device = |session: &Value| ["is_current", "user_agent", "address"].map(|name| session[name].clone());
    assert_eq!(device(&seen[0]), [json!(true), json!("Phone/1.0"), json!("203.0.113.9")]);
    assert_eq!(device(&seen[1]), [json!(false), json!(""), json!("127.0.0.1")]);
    let from_the_other = sessions(&ana).await;
    assert_eq!(device(&from_the_other[0]), [json!(false), json!("Phone/1.0"), json!("203.0.113.9")]);
    assert_eq!(from_the_other[1]["is_current"], true);
}

#[actix_web::test]
async fn the_last_use_is_known_to_the_minute() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let opened = sessions(&ana).await[0]["last_used_at"].clone();

    shop.advance(TimeDelta::seconds(50));
    assert_eq!(sessions(&ana).await[0]["last_used_at"], opened);
    shop.advance(TimeDelta::seconds(20));
    let used = sessions(&ana).await[0].clone();

    assert_ne!(used["last_used_at"], opened);
    assert_eq!(used["created_at"], opened);
}

#[actix_web::test]
async fn somebody_ends_one_session_or_all_others_or_all() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mut others = Vec::new();
    for program in ["Phone", "Tablet", "Library"] {
        shop.advance(TimeDelta::seconds(1));
        others.push(sign_in_elsewhere(&shop, &ana, program, "127.0.0.1").await);
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
async fn the_current_session_can_be_ended_by_its_id() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let id = sessions(&ana).await[0]["id"].as_str().unwrap().to_owned();

    ana.delete(&format!("{OWN}{id}/")).await.expect(204);

    assert_eq!(ana.get(OWN).await.status, 401);
    let refresh = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": ana.refresh})).await;
    assert_eq!(refresh.status, 401);
}

#[actix_web::test]
async fn somebody_elses_session_is_not_there() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let hers = sessions(&ana).await[0]["id"].as_str().unwrap().to_owned();

    let answer = ben.delete(&format!("{OWN}{hers}/")).await;

    assert_eq!(answer.expect(404), json!({"detail": "Not found.", "code": "not_found"}));
    ben.post(&format!("{OWN}end/"), json!({"keep_current": false})).await.expect(204);
    assert_eq!(ana.get(OWN).await.status, 200);
}

#[actix_web::test]
async fn staff_see_and_end_sessions_if_they_may() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let viewer = shop.staff_with("viewer", &[Permission::SessionsView]).await;
    let ender = shop.staff_with("ender", &[Permission::SessionsEnd]).await;
    let of_ana = format!("/api/sessions/?user={}", ana.user);

    let seen = viewer.get(&of_ana).await.expect(200);
    assert_eq!((&seen["count"], &seen["results"][0]["user"]), (&json!(1), &json!(ana.user)));
    let url = format!("/api/sessions/{}/", seen["results"][0]["id"].as_str().unwrap());
    ender.get(&of_ana).await.expect(403);
    viewer.delete(&url).await.expect(403);
    ana.get("/api/sessions/").await.expect(403);
    ana.delete(&url).await.expect(403);
    assert_eq!(ana.get(OWN).await.status, 200);

    ender.delete(&url).await.expect(204);

    assert_eq!(ana.get(OWN).await.status, 401);
    ender.delete(&url).await.expect(404);
    assert_eq!(viewer.get(&of_ana).await.expect(200)["count"], 0);
    let told = format!(
        "select count(*) from audit_entries where action = 'session.ended' and actor->>'id' = '{}' \
         and changes->'reason'->>'after' = 'ended by staff'",
        ender.user
    );
    assert_eq!(shop.number(&told), 1);
}

#[actix_web::test]
async fn what_ended_or_expired_is_not_listed() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let viewer = shop.staff_with("viewer", &[Permission::SessionsView]).await;
    shop.execute(&format!("update sessions set expires_at = now() where user_id = '{}'", ana.user));

    let seen = viewer.get("/api/sessions/").await.expect(200);

    assert_eq!((&seen["count"], &seen["results"][0]["user"]), (&json!(1), &json!(viewer.user)));
}
