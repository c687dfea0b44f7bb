//! Rate limits, the identification of clients, and the storage of the counters.

mod concurrency;
mod overload;
mod shared_limits;

use actix_web::http::Method;
use serde_json::json;

use crate::support::{Client, TestResponse, TestShop};

const LOGIN: &str = "/api/auth/token/";

/// Creates a shop with throttling and these rates.
async fn shop(rates: &[(&str, &str)]) -> TestShop {
    let settings: Vec<_> = [("THROTTLING", "on")].iter().chain(rates).copied().collect();
    TestShop::with_settings(&settings).await
}

async fn try_password(client: &Client) -> TestResponse {
    client.post(LOGIN, json!({"email": "nobody@example.com", "password": "wrong"})).await
}

async fn read(client: &Client) -> TestResponse {
    client.get("/api/products/").await
}

/// Asserts a 429 response in DRF's wording with a waiting time in this range.
#[track_caller]
fn assert_throttled(response: &TestResponse, at_least: u64, at_most: u64) {
    let body = response.expect(429);
    let wait: u64 = response.header("retry-after").unwrap().parse().unwrap();
    assert!((at_least..=at_most).contains(&wait), "{wait}");
    let detail = format!("Request was throttled. Expected available in {wait} seconds.");
    assert_eq!(body, json!({"detail": detail, "code": "throttled"}));
}

#[actix_web::test]
async fn burst_is_allowed_and_the_next_request_gets_retry_after() {
    let shop = shop(&[("THROTTLE_LOGIN", "3/h")]).await;
    let guest = shop.anonymous();

    for left in [2, 1, 0] {
        let response = try_password(&guest).await;
        assert_eq!(response.status, 401);
        assert_eq!(response.header("ratelimit-policy"), Some("\"login\";q=3;w=3600"));
        assert_eq!(response.header("ratelimit"), Some(format!("\"login\";r={left};t=1200").as_str()));
        assert_eq!(response.header("retry-after"), None);
    }
    let rejected = try_password(&guest).await;

    assert_throttled(&rejected, 1190, 1200);
    let wait = rejected.header("retry-after").unwrap();
    assert_eq!(rejected.header("ratelimit"), Some(format!("\"login\";r=0;t={wait}").as_str()));
    assert_eq!(rejected.header("ratelimit-policy"), Some("\"login\";q=3;w=3600"));
    // A rejected request does not extend the waiting time.
    assert_throttled(&try_password(&guest).await, 1190, 1200);
}

#[actix_web::test]
async fn correct_password_is_throttled_like_a_wrong_one() {
    let shop = shop(&[("THROTTLE_LOGIN", "2/h")]).await;
    let ana = shop.customer("ana").await;
    try_password(&shop.anonymous()).await.expect(401);
    let sessions = shop.number("select count(*) from sessions");

    let body = json!({"email": ana.email, "password": crate::support::shop::PASSWORD});
    let rejected = shop.anonymous().post(LOGIN, body.clone()).await;

    assert_throttled(&rejected, 1790, 1800);
    // A sign-in attempt with a token is also counted for its address.
    assert_throttled(&ana.post(LOGIN, body).await, 1790, 1800);
    assert_eq!(shop.number("select count(*) from sessions"), sessions);
}

#[actix_web::test]
async fn sign_in_endpoints_share_one_limit_for_every_spelling_of_the_url() {
    let shop = shop(&[("THROTTLE_LOGIN", "4/h")]).await;
    let guest = shop.anonymous();
    let urls = ["/api/auth/login/", "/api/auth/token", "/api/token/", "/api/auth/registration"];
    let encoded_urls = ["/api/auth/%6Cogin/", "/api/auth/tok%65n", "/%61pi/token/"];

    for url in urls {
        assert_ne!(guest.post(url, json!({})).await.status, 429, "{url}");
    }
    let mail_urls = [
        "/api/auth/registration/verify-email/",
        "/api/auth/registration/resend-email/",
        "/api/auth/password/reset/",
        "/api/auth/password/reset/confirm/",
        "/api/auth/email/change/confirm/",
    ];
    for url in urls.into_iter().chain(encoded_urls).chain(mail_urls) {
        assert_throttled(&guest.post(url, json!({})).await, 890, 900);
    }
    // OPTIONS is not counted as a sign-in attempt.
    assert_eq!(guest.send(Method::OPTIONS, LOGIN, None).await.status, 200);
}

#[actix_web::test]
async fn rate_limit_classes_are_counted_separately() {
    let rates =
        [("THROTTLE_ANON", "1/h"), ("THROTTLE_USER", "1/h"), ("THROTTLE_WRITE", "1/h"), ("THROTTLE_LOGIN", "2/h")];
    let shop = shop(&rates).await;
    let ana = shop.customer("ana").await;
    let guest = shop.anonymous();
    let policy = |response: &TestResponse| response.header("ratelimit-policy").unwrap().to_owned();
    let rename = async || ana.patch("/api/customers/me/", json!({"first_name": "Ana"})).await;

    let first = [read(&guest).await, read(&ana).await, rename().await, try_password(&guest).await];
    let second = [read(&guest).await, read(&ana).await, rename().await, try_password(&guest).await];

    assert_eq!(first.each_ref().map(|response| response.status.as_u16()), [200, 200, 200, 401]);
    let policies = first.each_ref().map(policy);
    assert_eq!(
        policies,
        ["\"anon\";q=1;w=3600", "\"user\";q=1;w=3600", "\"write\";q=1;w=3600", "\"login\";q=2;w=3600"]
    );
    for (rejected, policy_before) in second.iter().zip(policies) {
        assert_eq!((rejected.status.as_u16(), policy(rejected)), (429, policy_before));
    }
}

#[actix_web::test]
async fn throttled_request_changes_nothing() {
    let shop = shop(&[("THROTTLE_WRITE", "1/h")]).await;
    let staff = shop.staff().await;
    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);
    let before = crate::house::endpoints::digest::Digest::of(&shop);

    let rejected = staff.post("/api/categories/", json!({"name": "Pots"})).await;

    assert_throttled(&rejected, 3590, 3600);
    let after = crate::house::endpoints::digest::Digest::of(&shop);
    assert_eq!(before.changed_tables(&after), Vec::<&str>::new());
}

#[actix_web::test]
async fn users_are_counted_by_id_and_not_by_address() {
    let shop = shop(&[("THROTTLE_USER", "2/h")]).await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);

    assert_eq!(read(&ana).await.status, 200);
    assert_eq!(read(&ana.at("192.0.2.9")).await.status, 200);
    assert_throttled(&read(&ana).await, 1790, 1800);
    assert_throttled(&read(&ana.at("198.51.100.1")).await, 1790, 1800);
    // Another user at the same address.
    assert_eq!(read(&ben).await.status, 200);
    // A new token does not reset the limit.
    let body = json!({"email": ana.email, "password": crate::support::shop::PASSWORD});
    let tokens = shop.anonymous().post(LOGIN, body).await.expect(200);
    let bearer = format!("Bearer {}", tokens["access"].as_str().unwrap());
    assert_throttled(&read(&shop.anonymous().with_header("authorization", &bearer)).await, 1790, 1800);
}

#[actix_web::test]
async fn invalid_token_does_not_raise_the_limit() {
    let shop = shop(&[("THROTTLE_ANON", "1/h")]).await;
    read(&shop.anonymous()).await.expect(200);

    let forged = shop.anonymous().with_header("authorization", "Bearer x");

    assert_eq!(read(&forged).await.status, 401);
    assert_throttled(&read(&shop.anonymous()).await, 3590, 3600);
}

#[actix_web::test]
async fn forwarded_headers_of_untrusted_clients_are_ignored() {
    let shop = shop(&[("THROTTLE_ANON", "2/h")]).await;
    let with_header = |header: &str, value: &str| shop.anonymous().with_header(header, value);

    read(&with_header("x-forwarded-for", "192.0.2.1")).await.expect(200);
    read(&with_header("x-forwarded-for", "192.0.2.2, 192.0.2.3")).await.expect(200);
    for (header, value) in [
        ("x-forwarded-for", "192.0.2.4"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=192.0.2.5"),
        ("x-real-ip", "192.0.2.6"),
        ("true-client-ip", "192.0.2.7"),
        ("cf-connecting-ip", "192.0.2.8"),
    ] {
        assert_throttled(&read(&with_header(header, value)).await, 1790, 1800);
    }
    assert_eq!(read(&shop.anonymous().at("192.0.2.1")).await.status, 200);
}

#[actix_web::test]
async fn client_behind_a_trusted_proxy_is_counted() {
    let shop = shop(&[("THROTTLE_ANON", "1/h"), ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]).await;
    let through = |hops: &str| shop.anonymous().with_header("x-forwarded-for", hops);

    read(&through("192.0.2.1")).await.expect(200);
    assert_throttled(&read(&through("192.0.2.1")).await, 3590, 3600);
    read(&through("192.0.2.2")).await.expect(200);
    // The last hop that is not a trusted proxy counts: the client can forge the hops before it.
    for hops in ["203.0.113.1, 192.0.2.1", "10.0.0.1, 192.0.2.1, 10.9.9.9", "x, 192.0.2.1", "192.0.2.1,10.0.0.1"] {
        assert_throttled(&read(&through(hops)).await, 3590, 3600);
    }
    // An invalid address ends the chain, and the proxy itself counts.
    read(&through("nonsense")).await.expect(200);
    assert_throttled(&read(&through("unknown")).await, 3590, 3600);
    assert_throttled(&read(&shop.anonymous()).await, 3590, 3600);
}

#[actix_web::test]
async fn ipv6_network_is_one_client() {
    let shop = shop(&[("THROTTLE_ANON", "2/h")]).await;
    let at = |address: &str| shop.anonymous().at(address);

    read(&at("2001:db8:1:2::1")).await.expect(200);
    read(&at("2001:db8:1:2:ffff:ffff:ffff:ffff")).await.expect(200);
    assert_throttled(&read(&at("2001:db8:1:2:dead:beef::7")).await, 1790, 1800);
    assert_eq!(read(&at("2001:db8:1:3::1")).await.status, 200);
    // An IPv4 address is the same client in its mapped form; the next address is a different client.
    read(&at("192.0.2.1")).await.expect(200);
    read(&at("::ffff:192.0.2.1")).await.expect(200);
    assert_throttled(&read(&at("192.0.2.1")).await, 1790, 1800);
    assert_throttled(&read(&at("::ffff:c000:201")).await, 1790, 1800);
    assert_eq!(read(&at("::ffff:192.0.2.2")).await.status, 200);
}

#[actix_web::test]
async fn health_and_documentation_are_not_throttled() {
    let shop = shop(&[("THROTTLE_ANON", "1/h")]).await;
    let guest = shop.anonymous();
    read(&guest).await.expect(200);

    for url in ["/health/live", "/health/ready", "/api/docs/", "/.well-known/jwks.json"] {
        for _ in 0..3 {
            let response = guest.get(url).await;
            assert_eq!(response.status, 200, "{url}");
            assert_eq!(response.header("ratelimit"), None, "{url}");
        }
    }
    assert_throttled(&read(&guest).await, 3590, 3600);
}

#[actix_web::test]
async fn disabled_throttling_counts_no_request() {
    let shop = TestShop::with_settings(&[("THROTTLING", "off"), ("THROTTLE_ANON", "1/h")]).await;
    for _ in 0..5 {
        let response = read(&shop.anonymous()).await;
        assert_eq!((response.status.as_u16(), response.header("ratelimit")), (200, None));
    }
}
