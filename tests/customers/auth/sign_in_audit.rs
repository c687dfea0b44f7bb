//! Audit entries of sign-ins, and the limit of concurrent password hashes.

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::mercer_process::{MercerProcess, client};
use crate::support::shop::PASSWORD;

async fn entries(shop: &TestShop, action: &str) -> Vec<Value> {
    let root = shop.superuser().await;
    let list = root.get(&format!("/api/audit-log/?action={action}&ordering=created_at")).await.expect(200);
    list["results"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn failed_sign_in_is_recorded_with_its_reason_and_the_response_omits_it() {
    let shop = TestShop::new().await;
    let (ana, ben, cleo) = (shop.customer("ana").await, shop.customer("ben").await, shop.customer("cleo").await);
    shop.execute(&format!("update users set is_active = false where id = '{}'", ben.user));
    shop.execute(&format!("update users set password_hash = null where id = '{}'", cleo.user));

    let mut responses = Vec::new();
    for (email, password) in [
        ("ana@example.com", "my wrong password"),
        ("ben@example.com", PASSWORD),
        ("cleo@example.com", PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("my password in the wrong field", "x"),
    ] {
        let body = json!({"email": email, "password": password});
        responses.push(shop.anonymous().post("/api/auth/login/", body).await.expect(400));
    }

    assert!(responses.iter().all(|response| *response == responses[0]), "{responses:?}");
    let failed = entries(&shop, "user.sign_in_failed").await;
    let object = |e: &Value| {
        if e["object_type"] == "email" { e["changes"]["email"]["after"].clone() } else { e["object_id"].clone() }
    };
    let recorded: Vec<_> =
        failed.iter().map(|e| (&e["object_type"], object(e), &e["changes"]["reason"]["after"])).collect();
    assert_eq!(
        json!(recorded),
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
async fn sign_in_with_an_unverified_email_is_recorded() {
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
async fn requested_emails_are_recorded_for_known_and_unknown_addresses() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    for email in ["ana@example.com", "nobody@example.com"] {
        shop.anonymous().post("/api/auth/password/reset/", json!({"email": email})).await.expect(200);
    }

    let requests = entries(&shop, "user.password_reset_asked").await;

    let recorded: Vec<_> = requests.iter().map(|e| (&e["object_type"], &e["changes"]["email"]["after"])).collect();
    assert_eq!(json!(recorded), json!([["user", "ana@example.com"], ["email", "nobody@example.com"]]));
}

#[actix_web::test]
async fn each_step_of_a_session_is_recorded_in_the_audit_log() {
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

/// With this cost, each hash occupies a core for a quarter of a second.
#[actix_web::test]
async fn concurrent_sign_ins_get_503_beyond_the_hashing_limit_and_other_requests_are_served() {
    let program = MercerProcess::start(&[("BCRYPT_COST", "12"), ("THROTTLING", "off")]).await;
    let login = json!({"email": "nobody@example.com", "password": "wrong"});
    let sign_in = || async { program.post("/api/auth/token/", &login).await };
    let read = async || {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            let response = client().get(format!("{}/api/products/", program.url)).send().await.unwrap();
            statuses.push(response.status().as_u16());
        }
        statuses
    };

    let (signed_in, read) = tokio::join!(futures_util::future::join_all((0..60).map(|_| sign_in())), read());

    assert_eq!(read, [200; 20]);
    let count = |wanted: u16| signed_in.iter().filter(|(status, _)| *status == wanted).count();
    assert!(count(401) >= 1 && count(503) >= 1 && count(401) + count(503) == 60, "{signed_in:?}");
    assert_eq!(program.post("/api/auth/token/", &login).await.0, 401, "the limit applies only to concurrent hashes");
}
