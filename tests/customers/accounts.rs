//! Endpoints for the account of the signed-in user.

use actix_web::test::TestRequest;
use chrono::TimeDelta;
use serde_json::json;

use crate::support::TestShop;

#[actix_web::test]
async fn customer_changes_names_and_removes_the_phone_number() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    ana.patch("/api/customers/me/", json!({"phone": "+254 700 000 001", "first_name": " Ana "})).await.expect(200);
    let profile = ana.patch("/api/customers/me/", json!({"phone": null})).await.expect(200);

    assert_eq!(profile["phone"], json!(null));
    assert_eq!(profile["first_name"], "Ana");
}

#[actix_web::test]
async fn user_has_the_fields_of_dj_rest_auth() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let user = ana.get("/api/auth/user/").await.expect(200);

    assert_eq!(user, json!({"pk": ana.user, "email": "ana@example.com", "first_name": "ana", "last_name": ""}));
}

#[actix_web::test]
async fn account_endpoints_require_authentication() {
    let shop = TestShop::new().await;
    let anonymous = shop.anonymous();
    let names = json!({"first_name": "Ana", "last_name": "W"});
    let url = "/api/auth/user/";

    let responses = [
        anonymous.get(url).await,
        anonymous.put(url, names.clone()).await,
        anonymous.patch(url, names.clone()).await,
        anonymous.get("/api/customers/me/").await,
        anonymous.patch("/api/customers/me/", names).await,
    ];

    for response in responses {
        assert_eq!(response.header("www-authenticate"), Some("Bearer realm=\"api\""));
        assert_eq!(
            response.expect(401),
            json!({"detail": "Authentication credentials were not provided.", "code": "not_authenticated"})
        );
    }
}

#[actix_web::test]
async fn put_replaces_both_names_and_requires_both() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let url = "/api/auth/user/";

    let rejected = ana.put(url, json!({"first_name": null})).await;
    assert_eq!(
        rejected.expect(400),
        json!({"first_name": ["This field may not be null."], "last_name": ["This field is required."]})
    );
    assert_eq!(ana.get(url).await.json()["first_name"], "ana");

    let replaced = ana.put(url, json!({"first_name": " Ana ", "last_name": "Wanjiru"})).await;
    assert_eq!(
        replaced.expect(200),
        json!({"pk": ana.user, "email": "ana@example.com", "first_name": "Ana", "last_name": "Wanjiru"})
    );
    assert_eq!(ana.get(url).await.json(), replaced.json());
}

#[actix_web::test]
async fn patch_changes_only_the_submitted_fields() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let user = ana.patch("/api/auth/user/", json!({"last_name": "Wanjiru"})).await.expect(200);

    assert_eq!(user["first_name"], "ana");
    assert_eq!(user["last_name"], "Wanjiru");
    let unchanged = ana.patch("/api/auth/user/", json!({})).await.expect(200);
    assert_eq!(unchanged, user);
}

#[actix_web::test]
async fn unknown_and_read_only_fields_of_an_account_are_ignored() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let body = json!({
        "pk": "01900000-0000-7000-8000-000000000009", "email": "boss@example.com", "is_staff": true,
        "is_superuser": true, "is_active": false, "password": "x", "favourite_colour": {"deep": [1]},
    });

    let user = ana.patch("/api/auth/user/", body.clone()).await.expect(200);
    let profile = ana.patch("/api/customers/me/", body).await.expect(200);

    assert_eq!(user["pk"], json!(ana.user));
    assert_eq!(user["email"], "ana@example.com");
    assert_eq!(profile["id"], json!(ana.customer));
    assert_eq!(profile["email"], "ana@example.com");
    assert_eq!(shop.number("select count(*) from users where is_staff or not is_active"), 0);
}

#[actix_web::test]
async fn profile_response_is_accepted_as_a_request_body() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mut record = ana.patch("/api/customers/me/", json!({"phone": "+254700000001"})).await.expect(200);

    record["last_name"] = json!("Wanjiru");
    let response = ana.patch("/api/customers/me/", record.clone()).await.expect(200);

    record["updated_at"] = response["updated_at"].clone();
    assert_eq!(response, record);
}

#[actix_web::test]
async fn profile_has_its_documented_fields_and_a_time_of_change() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let before = ana.get("/api/customers/me/").await.expect(200);
    let keys: Vec<_> = before.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["id", "email", "first_name", "last_name", "phone", "language", "metadata", "created_at", "updated_at"];
    assert_eq!(keys, expected);

    shop.advance(TimeDelta::seconds(60));
    let after = ana.patch("/api/customers/me/", json!({"language": "sw"})).await.expect(200);

    assert_eq!(after["language"], "sw");
    assert_eq!(after["created_at"], before["created_at"]);
    assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
    assert!(after["updated_at"].as_str().unwrap().ends_with('Z'));
}

#[actix_web::test]
async fn all_invalid_profile_fields_are_reported_together() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let before = ana.get("/api/customers/me/").await.json();

    let body = json!({"phone": "12", "first_name": ["Ana"], "last_name": "x".repeat(151), "language": "  "});
    let response = ana.patch("/api/customers/me/", body).await;

    assert_eq!(
        response.expect(400),
        json!({
            "first_name": ["Not a valid string."],
            "language": ["This field may not be blank."],
            "last_name": ["Ensure this field has no more than 150 characters."],
            "phone": ["Enter a valid phone number, with + and the country code."],
        })
    );
    assert_eq!(ana.get("/api/customers/me/").await.json(), before);
}

#[actix_web::test]
async fn name_can_have_150_characters_of_any_script() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let longest = "é".repeat(150);

    let user = ana.patch("/api/auth/user/", json!({"first_name": longest})).await;

    assert_eq!(user.expect(200)["first_name"], json!(longest));
}

#[actix_web::test]
async fn nul_character_is_a_validation_error() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let nul = json!(["Null characters are not allowed."]);

    let user = ana.patch("/api/auth/user/", json!({"first_name": "A\0na"})).await;
    let profile = ana.patch("/api/customers/me/", json!({"phone": "+254\0", "language": "\0"})).await;

    assert_eq!(user.expect(400), json!({"first_name": nul}));
    assert_eq!(profile.expect(400), json!({"language": nul, "phone": nul}));
}

#[actix_web::test]
async fn lone_surrogate_is_a_parse_error() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let request = TestRequest::patch()
        .uri("/api/auth/user/")
        .insert_header(("content-type", "application/json"))
        .set_payload(r#"{"first_name": "\ud800"}"#);
    let response = ana.call(request).await;

    assert_eq!(response.expect(400)["code"], "parse_error");
    assert_eq!(ana.get("/api/auth/user/").await.json()["first_name"], "ana");
}

#[actix_web::test]
async fn number_is_accepted_for_a_text_field() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let user = ana.patch("/api/auth/user/", json!({"first_name": 7})).await.expect(200);

    assert_eq!(user["first_name"], "7");
}

#[actix_web::test]
async fn staff_member_has_an_account_and_a_profile() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let user = staff.patch("/api/auth/user/", json!({"last_name": "Boss"})).await.expect(200);
    let profile = staff.get("/api/customers/me/").await.expect(200);

    assert_eq!(user["last_name"], "Boss");
    assert_eq!(profile["id"], json!(staff.customer));
    assert_eq!(profile["last_name"], "Boss");
}

#[actix_web::test]
async fn account_change_is_recorded_in_the_audit_log() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    ana.patch("/api/auth/user/", json!({"last_name": "Wanjiru"})).await.expect(200);

    let url = format!("/api/audit-log/?action=user.changed&object_id={0}&actor={0}", ana.user);
    let log = shop.superuser().await.get(&url).await.expect(200);
    assert_eq!(log["count"], 1);
    assert_eq!(log["results"][0]["changes"], json!({"last_name": {"before": "", "after": "Wanjiru"}}));
}

#[actix_web::test]
async fn concurrent_account_changes_are_both_applied() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let version = "select version from users";
    let before = shop.number(version);

    let (first, last) = futures_util::join!(
        ana.patch("/api/auth/user/", json!({"first_name": "Ana"})),
        ana.patch("/api/auth/user/", json!({"last_name": "Wanjiru"})),
    );
    first.expect(200);
    last.expect(200);

    let user = ana.get("/api/auth/user/").await.json();
    assert_eq!((user["first_name"].as_str(), user["last_name"].as_str()), (Some("Ana"), Some("Wanjiru")));
    assert_eq!(shop.number(version), before + 2);
}
