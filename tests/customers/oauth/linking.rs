//! Linking and unlinking of accounts at providers.

use serde_json::json;

use super::{non_field_error, shop_and_provider, sign_in, traces, with_code};
use crate::support::fakes::{Device, FakeProvider};
use crate::support::second_factors::register_passkey;

const CONNECT: &str = "/api/auth/google/connect/";
const ACCOUNTS: &str = "/api/auth/socialaccounts/";

#[actix_web::test]
async fn linked_google_account_can_sign_in() {
    let (shop, provider) = shop_and_provider().await;
    let ana = shop.customer("ana").await;

    let claims = provider.claims("g-1", "ana@elsewhere.example", "one");
    let linked = ana.post(CONNECT, with_code(&provider, &claims)).await.expect(200);

    assert_eq!((&linked["provider"], &linked["uid"]), (&json!("google"), &json!("g-1")));
    assert_eq!(ana.get(ACCOUNTS).await.expect(200), json!([linked]));
    let login = sign_in(&shop, provider.id_token_body("g-1", "ana@elsewhere.example", "two")).await.expect(200);
    assert_eq!(login["user"]["email"], "ana@example.com");
    let entries = format!(
        "select count(*) from audit_entries where action = 'user.identity_linked' and object_id = '{0}' \
         and actor ->> 'id' = '{0}'",
        ana.user
    );
    assert_eq!(shop.number(&entries), 1);
    assert_eq!(
        shop.number("select count(*) from users where email_verified_at is not null"),
        0,
        "the identity has another e-mail address"
    );
}

#[actix_web::test]
async fn identity_is_linked_once_and_to_one_account() {
    let (shop, provider) = shop_and_provider().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    ana.post(CONNECT, provider.id_token_body("g-1", "x@example.com", "one")).await.expect(200);
    ana.post("/api/auth/oidc/acme/connect/", provider.id_token_body("g-1", "x@example.com", "two")).await.expect(200);
    let before = traces(&shop);

    let rejected = ben.post(CONNECT, provider.id_token_body("g-1", "ben@example.com", "three")).await;

    let message = "The social account is already connected to a different account.";
    assert_eq!(rejected.expect(400), non_field_error(message));
    assert_eq!(traces(&shop), before);
    assert_eq!(ben.get(ACCOUNTS).await.expect(200), json!([]));
    shop.anonymous().post(CONNECT, provider.id_token_body("g-2", "x@example.com", "four")).await.expect(401);
}

#[actix_web::test]
async fn unlinked_identity_cannot_sign_in() {
    let (shop, provider) = shop_and_provider().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let linked = ana.post(CONNECT, provider.id_token_body("g-1", "ana@example.com", "one")).await.expect(200);
    let url = format!("{ACCOUNTS}{}/disconnect/", linked["id"].as_str().unwrap());

    assert_eq!(ben.post(&url, json!({})).await.expect(404)["code"], "not_found");
    assert_eq!(ana.post(&url, json!({})).await.expect(200)["uid"], "g-1");
    assert_eq!(ana.post(&url, json!({})).await.expect(404)["code"], "not_found");

    assert_eq!(ana.get(ACCOUNTS).await.expect(200), json!([]));
    let taken = sign_in(&shop, provider.id_token_body("g-1", "ana@example.com", "two")).await;
    assert_eq!(taken.expect(400), non_field_error("User is already registered with this e-mail address."));
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'user.identity_unlinked'"), 1);
}

#[actix_web::test]
async fn linking_and_unlinking_require_a_recent_sign_in() {
    let provider = FakeProvider::start().await;
    let shop = provider.shop(&[("ACCESS_TOKEN_SECONDS", "3600")]).await;
    let ana = shop.customer("ana").await;
    let linked = ana.post(CONNECT, provider.id_token_body("g-1", "ana@example.com", "one")).await.expect(200);
    shop.run_jobs().await;
    let letter = shop.mails_to(&ana.email).remove(0);
    assert_eq!(letter.header("Subject"), "New sign-in method for your account at Mercer");
    shop.advance(chrono::TimeDelta::seconds(601));

    let url = format!("{ACCOUNTS}{}/disconnect/", linked["id"].as_str().unwrap());
    for (url, body) in [(CONNECT, provider.id_token_body("g-2", "thief@example.com", "two")), (url.as_str(), json!({}))]
    {
        assert_eq!(ana.post(url, body).await.expect(403)["code"], "reauthentication_required", "{url}");
    }

    assert_eq!(shop.number("select count(*) from identities where subject = 'g-1'"), 1);
    assert_eq!(shop.number("select count(*) from identities"), 1);
}

#[actix_web::test]
async fn last_identity_can_be_unlinked_if_a_passkey_exists() {
    let provider = FakeProvider::start().await;
    let shop = provider.shop(&[("MERCER_PUBLIC_URL", "https://shop.example")]).await;
    let ana = shop.customer("ana").await;
    let linked = ana.post(CONNECT, provider.id_token_body("g-1", "ana@example.com", "one")).await.expect(200);
    register_passkey(&mut Device::new().at("https://shop.example"), &ana).await;
    shop.execute("update users set password_hash = null");

    let url = format!("{ACCOUNTS}{}/disconnect/", linked["id"].as_str().unwrap());
    ana.post(&url, json!({})).await.expect(200);

    assert_eq!(shop.number("select count(*) from identities"), 0);
}

#[actix_web::test]
async fn last_sign_in_method_survives_concurrent_unlinking() {
    let (shop, provider) = shop_and_provider().await;
    let login = sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "one")).await.expect(200);
    let bearer = format!("Bearer {}", login["access"].as_str().unwrap());
    let nia = shop.anonymous().with_header("authorization", &bearer);
    let only = nia.get(ACCOUNTS).await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    let url = |id: &str| format!("{ACCOUNTS}{id}/disconnect/");
    let expected = non_field_error("Your account has no password set up.");
    assert_eq!(nia.post(&url(&only), json!({})).await.expect(400), expected);

    let second = nia.post(CONNECT, provider.id_token_body("g-2", "nia@example.com", "two")).await.expect(200);
    let urls = [url(&only), url(second["id"].as_str().unwrap())];
    let responses = futures_util::future::join_all(urls.iter().map(|url| nia.post(url, json!({})))).await;

    let mut statuses: Vec<_> = responses.iter().map(|response| response.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(shop.number("select count(*) from identities"), 1);
}
