//! What is written down of those who come in and of those who do not.

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::program::{Program, client};
use crate::support::shop::PASSWORD;

async fn entries(shop: &TestShop, action: &str) -> Vec<Value> {
    let root = shop.superuser().await;
    let list = root.get(&format!("/api/audit-log/?action={action}&ordering=created_at")).await.expect(200);
    list["results"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn a_failed_sign_in_is_written_down_with_its_reason_and_answered_without() {
    let shop = TestShop::new().await;
    let (ana, ben, cleo) = (shop.customer("ana").await, shop.customer("ben").await, shop.customer("cleo").await);
    shop.execute(&format!("update users set is_active = false where id = '{}'", ben.user));
    shop.execute(&format!("update users set password_hash = null where id = '{}'", cleo.user));

    let mut answers = Vec::new();
    for (email, password) in [
        ("ana@example.com", "my wrong password"),
        ("ben@example.com", PASSWORD),
        ("cleo@example.com", PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("my password in the wrong field", "x"),
    ] {
        let body = json!({"email": email, "password": password});
        answers.push(shop.anonymous().post("/api/auth/login/", body).await.expect(400));
    }

    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let failed = entries(&shop, "user.sign_in_failed").await;
    let of = |e: &Value| {
        if e["object_type"] == "email" { e["changes"]["email"]["after"].clone() } else { e["object_id"].clone() }
    };
    let told: Vec<_> = failed.iter().map(|e| (&e["object_type"], of(e), &e["changes"]["reason"]["after"])).collect();
    assert_eq!(
        json!(told),
        json!([
            ["user", ana.user, "wrong password"],
            ["user", ben.user, "inactive account"],
            ["user", cleo.user, "no password"],
            ["email", "nobody@example.com", "unknown account"],
            ["email", null, "unknown account"],
        ])
    );
    assert!(failed.iter().all(|entry| entry["address"] == "127.0.0.1" && entry["actor"]["type"] == "guest"));
    assert!(!json!(failed).to_string().contains("password in the"));
}

#[actix_web::test]
async fn who_comes_with_the_right_password_of_an_unproved_address_is_written_down_too() {
    let shop = TestShop::with_settings(&[("EMAIL_VERIFICATION", "required")]).await;
    let body = json!({"email": "ana@example.com", "password1": PASSWORD, "password2": PASSWORD});
    shop.anonymous().post("/api/auth/registration/", body).await.expect(201);

    let body = json!({"email": "ana@example.com", "password": PASSWORD});
    shop.anonymous().post("/api/auth/login/", body).await.expect(400);

    let failed = "select count(*) from audit_entries e join users u on u.id::text = e.object_id \
                  where e.action = 'user.sign_in_failed' and e.changes#>>'{reason,after}' = 'e-mail not verified'";
    assert_eq!(shop.number(failed), 1);
}

#[actix_web::test]
async fn letters_that_are_asked_for_are_written_down_for_known_and_unknown() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    for email in ["ana@example.com", "nobody@example.com"] {
        shop.anonymous().post("/api/auth/password/reset/", json!({"email": email})).await.expect(200);
    }

    let asked = entries(&shop, "user.password_reset_asked").await;

    let told: Vec<_> = asked.iter().map(|e| (&e["object_type"], &e["changes"]["email"]["after"])).collect();
    assert_eq!(json!(told), json!([["user", "ana@example.com"], ["email", "nobody@example.com"]]));
}

#[actix_web::test]
async fn every_step_of_a_session_is_written_down() {
    let shop = TestShop::new().await;
    let body = json!({"email": "nia@example.com", "password1": PASSWORD, "password2": PASSWORD});
    let signed_in = shop.anonymous().post("/api/auth/registration/", body).await.expect(201);
    let refresh = json!({"refresh": signed_in["refresh"]});
    let next = shop.anonymous().post("/api/auth/token/refresh/", refresh).await.expect(200);
    shop.anonymous().post("/api/auth/logout/", json!({"refresh": next["refresh"]})).await.expect(200);

    for action in ["user.created", "user.signed_in", "session.refreshed", "session.ended"] {
        assert_eq!(
            shop.number(&format!("select count(*) from audit_entries where action = '{action}'")),
            1,
            "{action}"
        );
    }
}

/// Each password keeps a core busy for a quarter of a second here.
#[actix_web::test]
async fn others_are_served_while_many_sign_in_and_those_who_would_wait_too_long_hear_so() {
    let program = Program::start(&[("BCRYPT_COST", "12"), ("THROTTLING", "off")]).await;
    let login = json!({"email": "nobody@example.com", "password": "wrong"});
    let sign_in = || async { program.post("/api/auth/token/", &login).await };
    let read = async || {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            let answer = client().get(format!("{}/api/products/", program.url)).send().await.unwrap();
            statuses.push(answer.status().as_u16());
        }
        statuses
    };

    let (signed_in, read) = tokio::join!(futures_util::future::join_all((0..60).map(|_| sign_in())), read());

    assert_eq!(read, [200; 20]);
    let count = |wanted: u16| signed_in.iter().filter(|(status, _)| *status == wanted).count();
    assert!(count(401) >= 1 && count(503) >= 1 && count(401) + count(503) == 60, "{signed_in:?}");
    assert_eq!(program.post("/api/auth/token/", &login).await.0, 401, "when the crowd has gone, there is room");
}
