//! How often somebody may ask, who counts as somebody, and where it is counted.

mod crowding;
mod sharing;
mod shedding;

use actix_web::http::Method;
use serde_json::json;

use crate::support::{Client, TestResponse, TestShop};

const LOGIN: &str = "/api/auth/token/";

/// A shop that counts, with these rates.
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

/// Refused for so long, and said in DRF's words.
#[track_caller]
fn assert_throttled(answer: &TestResponse, at_least: u64, at_most: u64) {
    let body = answer.expect(429);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((at_least..=at_most).contains(&wait), "{wait}");
    let detail = format!("Request was throttled. Expected available in {wait} seconds.");
    assert_eq!(body, json!({"detail": detail, "code": "throttled"}));
}

#[actix_web::test]
async fn a_burst_passes_and_the_next_hears_when_to_come_again() {
    let shop = shop(&[("THROTTLE_LOGIN", "3/h")]).await;
    let anybody = shop.anonymous();

    for left in [2, 1, 0] {
        let answer = try_password(&anybody).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("ratelimit-policy"), Some("\"login\";q=3;w=3600"));
        assert_eq!(answer.header("ratelimit"), Some(format!("\"login\";r={left};t=1200").as_str()));
        assert_eq!(answer.header("retry-after"), None);
    }
    let refused = try_password(&anybody).await;

    assert_throttled(&refused, 1190, 1200);
    let wait = refused.header("retry-after").unwrap();
    assert_eq!(refused.header("ratelimit"), Some(format!("\"login\";r=0;t={wait}").as_str()));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"login\";q=3;w=3600"));
    // Waiting is not made longer by asking.
    assert_throttled(&try_password(&anybody).await, 1190, 1200);
}

#[actix_web::test]
async fn a_good_password_is_refused_like_a_bad_one() {
    let shop = shop(&[("THROTTLE_LOGIN", "2/h")]).await;
    let ana = shop.customer("ana").await;
    try_password(&shop.anonymous()).await.expect(401);
    let sessions = shop.number("select count(*) from sessions");

    let body = json!({"email": ana.email, "password": crate::support::shop::PASSWORD});
    let refused = shop.anonymous().post(LOGIN, body.clone()).await;

    assert_throttled(&refused, 1790, 1800);
    // A token changes nothing: whoever tries passwords is an address.
    assert_throttled(&ana.post(LOGIN, body).await, 1790, 1800);
    assert_eq!(shop.number("select count(*) from sessions"), sessions);
}

#[actix_web::test]
async fn every_way_to_sign_in_is_of_one_class_however_it_is_spelled() {
    let shop = shop(&[("THROTTLE_LOGIN", "4/h")]).await;
    let anybody = shop.anonymous();
    let ways = ["/api/auth/login/", "/api/auth/token", "/api/token/", "/api/auth/registration"];
    let odd_ways = ["/api/auth/%6Cogin/", "/api/auth/tok%65n", "/%61pi/token/"];

    for way in ways {
        assert_ne!(anybody.post(way, json!({})).await.status, 429, "{way}");
    }
    let by_mail = [
        "/api/auth/registration/verify-email/",
        "/api/auth/registration/resend-email/",
        "/api/auth/password/reset/",
        "/api/auth/password/reset/confirm/",
        "/api/auth/email/change/confirm/",
    ];
    for way in ways.into_iter().chain(odd_ways).chain(by_mail) {
        assert_throttled(&anybody.post(way, json!({})).await, 890, 900);
    }
    // Only trying is counted: what these URLs can do may be asked.
    assert_eq!(anybody.send(Method::OPTIONS, LOGIN, None).await.status, 200);
}

#[actix_web::test]
async fn classes_are_counted_apart() {
    let rates =
        [("THROTTLE_ANON", "1/h"), ("THROTTLE_USER", "1/h"), ("THROTTLE_WRITE", "1/h"), ("THROTTLE_LOGIN", "2/h")];
    let shop = shop(&rates).await;
    let ana = shop.customer("ana").await;
    let anybody = shop.anonymous();
    let policy = |answer: &TestResponse| answer.header("ratelimit-policy").unwrap().to_owned();
    let rename = async || ana.patch("/api/customers/me/", json!({"first_name": "Ana"})).await;

    let first = [read(&anybody).await, read(&ana).await, rename().await, try_password(&anybody).await];
    let second = [read(&anybody).await, read(&ana).await, rename().await, try_password(&anybody).await];

    assert_eq!(first.each_ref().map(|answer| answer.status.as_u16()), [200, 200, 200, 401]);
    let policies = first.each_ref().map(policy);
    assert_eq!(
        policies,
        ["\"anon\";q=1;w=3600", "\"user\";q=1;w=3600", "\"write\";q=1;w=3600", "\"login\";q=2;w=3600"]
    );
    for (refused, policy_before) in second.iter().zip(policies) {
        assert_eq!((refused.status.as_u16(), policy(refused)), (429, policy_before));
    }
}

#[actix_web::test]
async fn what_is_refused_changes_nothing() {
    let shop = shop(&[("THROTTLE_WRITE", "1/h")]).await;
    let staff = shop.staff().await;
    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);
    let before = crate::house::endpoints::digest::Digest::of(&shop);

    let refused = staff.post("/api/categories/", json!({"name": "Pots"})).await;

    assert_throttled(&refused, 3590, 3600);
    let after = crate::house::endpoints::digest::Digest::of(&shop);
    assert_eq!(before.changes_until(&after), Vec::<&str>::new());
}

#[actix_web::test]
async fn users_are_counted_by_who_they_are_and_not_by_where() {
    let shop = shop(&[("THROTTLE_USER", "2/h")]).await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);

    assert_eq!(read(&ana).await.status, 200);
    assert_eq!(read(&ana.at("192.0.2.9")).await.status, 200);
    assert_throttled(&read(&ana).await, 1790, 1800);
    assert_throttled(&read(&ana.at("198.51.100.1")).await, 1790, 1800);
    // Another one behind the same address.
    assert_eq!(read(&ben).await.status, 200);
    // And a new token makes nobody new.
    let body = json!({"email": ana.email, "password": crate::support::shop::PASSWORD});
    let tokens = shop.anonymous().post(LOGIN, body).await.expect(200);
    let bearer = format!("Bearer {}", tokens["access"].as_str().unwrap());
    assert_throttled(&read(&shop.anonymous().with_header("authorization", &bearer)).await, 1790, 1800);
}

#[actix_web::test]
async fn a_bad_token_buys_no_requests() {
    let shop = shop(&[("THROTTLE_ANON", "1/h")]).await;
    read(&shop.anonymous()).await.expect(200);

    let forged = shop.anonymous().with_header("authorization", "Bearer x");

    assert_eq!(read(&forged).await.status, 401);
    assert_throttled(&read(&shop.anonymous()).await, 3590, 3600);
}

#[actix_web::test]
async fn what_a_stranger_says_of_their_address_changes_nothing() {
    let shop = shop(&[("THROTTLE_ANON", "2/h")]).await;
    let saying = |header: &str, value: &str| shop.anonymous().with_header(header, value);

    read(&saying("x-forwarded-for", "192.0.2.1")).await.expect(200);
    read(&saying("x-forwarded-for", "192.0.2.2, 192.0.2.3")).await.expect(200);
    for (header, value) in [
        ("x-forwarded-for", "192.0.2.4"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=192.0.2.5"),
        ("x-real-ip", "192.0.2.6"),
        ("true-client-ip", "192.0.2.7"),
        ("cf-connecting-ip", "192.0.2.8"),
    ] {
        assert_throttled(&read(&saying(header, value)).await, 1790, 1800);
    }
    assert_eq!(read(&shop.anonymous().at("192.0.2.1")).await.status, 200);
}

#[actix_web::test]
async fn behind_a_trusted_proxy_the_client_counts() {
    let shop = shop(&[("THROTTLE_ANON", "1/h"), ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]).await;
    let through = |hops: &str| shop.anonymous().with_header("x-forwarded-for", hops);

    read(&through("192.0.2.1")).await.expect(200);
    assert_throttled(&read(&through("192.0.2.1")).await, 3590, 3600);
    read(&through("192.0.2.2")).await.expect(200);
    // The last hop that is no proxy of ours: what stands before it is the client's own word.
    for hops in ["203.0.113.1, 192.0.2.1", "10.0.0.1, 192.0.2.1, 10.9.9.9", "x, 192.0.2.1", "192.0.2.1,10.0.0.1"] {
        assert_throttled(&read(&through(hops)).await, 3590, 3600);
    }
    // What is no address ends the chain; then it is the proxy itself.
    read(&through("nonsense")).await.expect(200);
    assert_throttled(&read(&through("unknown")).await, 3590, 3600);
    assert_throttled(&read(&shop.anonymous()).await, 3590, 3600);
}

#[actix_web::test]
async fn a_network_of_ipv6_counts_once() {
    let shop = shop(&[("THROTTLE_ANON", "2/h")]).await;
    let at = |address: &str| shop.anonymous().at(address);

    read(&at("2001:db8:1:2::1")).await.expect(200);
    read(&at("2001:db8:1:2:ffff:ffff:ffff:ffff")).await.expect(200);
    assert_throttled(&read(&at("2001:db8:1:2:dead:beef::7")).await, 1790, 1800);
    assert_eq!(read(&at("2001:db8:1:3::1")).await.status, 200);
    // An address of IPv4 is itself, mapped or not, and its neighbour is somebody else.
    read(&at("192.0.2.1")).await.expect(200);
    read(&at("::ffff:192.0.2.1")).await.expect(200);
    assert_throttled(&read(&at("192.0.2.1")).await, 1790, 1800);
    assert_throttled(&read(&at("::ffff:c000:201")).await, 1790, 1800);
    assert_eq!(read(&at("::ffff:192.0.2.2")).await.status, 200);
}

#[actix_web::test]
async fn operators_and_readers_of_the_page_are_not_counted() {
    let shop = shop(&[("THROTTLE_ANON", "1/h")]).await;
    let anybody = shop.anonymous();
    read(&anybody).await.expect(200);

    for url in ["/health/live", "/health/ready", "/api/docs/", "/.well-known/jwks.json"] {
        for _ in 0..3 {
            let answer = anybody.get(url).await;
            assert_eq!(answer.status, 200, "{url}");
            assert_eq!(answer.header("ratelimit"), None, "{url}");
        }
    }
    assert_throttled(&read(&anybody).await, 3590, 3600);
}

#[actix_web::test]
async fn nobody_is_counted_where_throttling_is_off() {
    let shop = TestShop::with_settings(&[("THROTTLING", "off"), ("THROTTLE_ANON", "1/h")]).await;
    for _ in 0..5 {
        let answer = read(&shop.anonymous()).await;
        assert_eq!((answer.status.as_u16(), answer.header("ratelimit")), (200, None));
    }
}
