//! URLs: trailing slashes, percent-encoding, methods, and URLs that do not exist.

use actix_web::http::Method;
use reqwest::Method as ClientMethod;
use serde_json::json;

use super::send_json;
use crate::support::TestShop;

#[actix_web::test]
async fn url_works_with_and_without_trailing_slash() {
    let shop = TestShop::new().await;
    shop.product("Mug").create();
    shop.product("Pot").create();
    let guest = shop.anonymous();

    for url in ["/api/products", "/api/products/mug", "/api/categories/tree", "/api/schema"] {
        let with = guest.get(&format!("{url}/")).await;
        let without = guest.get(url).await;
        assert_eq!(with.expect(200), without.expect(200), "{url}");
    }
    let page = guest.get("/api/products?page_size=1&page=2").await.expect(200);
    assert_eq!(page["results"].as_array().unwrap().len(), 1);
    assert!(page["previous"].as_str().unwrap().ends_with("/api/products/?page_size=1"));
}

#[actix_web::test]
async fn post_without_trailing_slash_keeps_its_body() {
    let shop = TestShop::new().await;

    let body = json!({"email": "ana@example.com", "password1": "correct horse", "password2": "correct horse"});
    let response = shop.anonymous().post("/api/auth/registration", body).await;

    assert_eq!(response.expect(201)["user"]["email"], "ana@example.com");
}

#[actix_web::test]
async fn percent_encoded_letters_are_decoded_for_every_check() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for url in ["/api/categories/tr%65e/", "/%61pi/categories/tree", "/api/c%61tegories/%74ree/"] {
        let served = staff.get(url).await;
        assert_eq!((served.status.as_u16(), served.header("allow")), (200, Some("GET, HEAD, OPTIONS")), "{url}");
        assert!(served.header("vary").is_some(), "{url}");
        assert_eq!(staff.with_header("accept", "text/html").get(url).await.status, 406, "{url}");
        assert_eq!(staff.delete(url).await.expect(405)["code"], "method_not_allowed", "{url}");
    }
    assert_eq!(shop.anonymous().delete("/api/st%6Fcks/").await.expect(401)["code"], "not_authenticated");
    // An encoded slash is not decoded.
    assert_eq!(staff.get("/api/categories%2Ftree/").await.status, 404);
}

#[actix_web::test]
async fn url_outside_the_api_needs_its_exact_spelling() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();

    assert_eq!(guest.get("/health/live").await.status, 200);
    assert_eq!(guest.get("/health/live/").await.status, 404);
    assert_eq!(guest.get("/.well-known/jwks.json").await.status, 200);
    assert_eq!(guest.get("/.well-known/jwks.json/").await.status, 404);
}

#[actix_web::test]
async fn double_slash_in_a_path_returns_404() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();

    for url in ["/api//products/", "/api/products//", "//api/products/"] {
        assert_eq!(guest.get(url).await.status, 404, "{url}");
    }
}

#[actix_web::test]
async fn not_found_response_is_json() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let not_found = json!({"detail": "Not found.", "code": "not_found"});

    for url in [
        "/",
        "/api/",
        "/api/nothing/",
        "/nothing",
        "/api/orders/not-an-id/",
        "/api/orders/%00/",
        "/api/orders/%ff/",
        "/api/orders/01900000-0000-7000-8000-000000000000/",
        "/api/products/no-such-slug/",
        "/api/products/..%2f..%2fetc%2fpasswd/",
    ] {
        let response = staff.get(url).await;
        assert_eq!(response.expect(404), not_found, "{url}");
        assert_eq!(response.header("content-type"), Some("application/json"), "{url}");
    }
}

#[actix_web::test]
async fn options_describes_the_url() {
    let shop = TestShop::new().await;

    let response = shop.anonymous().send(Method::OPTIONS, "/api/products/", None).await;

    assert_eq!(response.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
    // A guest can only read, so OPTIONS describes no fields.
    assert_eq!(
        response.expect(200),
        json!({
            "name": "List products",
            "description": "Principals without `products.view_hidden` receive active products only.",
            "renders": ["application/json"],
            "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
        })
    );
    let staff = shop.staff().await.send(Method::OPTIONS, "/api/products/", None).await.expect(200);
    assert_eq!(
        staff["actions"]["POST"]["name"],
        json!({
            "type": "string", "required": true, "read_only": false, "label": "Name", "min_length": 1, "max_length": 250,
        })
    );
    assert_eq!(staff["actions"]["POST"]["id"]["read_only"], true);
    assert_eq!(staff["actions"].as_object().unwrap().len(), 1);
    let nowhere = shop.anonymous().send(Method::OPTIONS, "/api/nothing/", None).await;
    assert_eq!(nowhere.expect(404)["code"], "not_found");
}

#[actix_web::test]
async fn unsupported_method_returns_405_with_allow() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let cases = [
        (Method::DELETE, "/api/products/", "GET, POST, HEAD, OPTIONS"),
        (Method::POST, "/api/categories/tree/", "GET, HEAD, OPTIONS"),
        (Method::GET, "/api/auth/login/", "POST, OPTIONS"),
        (Method::POST, "/api/products/mug/", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        (Method::PUT, "/health/live", "GET, HEAD, OPTIONS"),
        (Method::from_bytes(b"BREW").unwrap(), "/api/products", "GET, POST, HEAD, OPTIONS"),
    ];

    for (method, url, allow) in cases {
        let response = staff.send(method.clone(), url, None).await;
        assert_eq!(
            response.expect(405),
            json!({"detail": format!("Method \"{method}\" not allowed."), "code": "method_not_allowed"})
        );
        assert_eq!(response.header("allow"), Some(allow), "{url}");
    }
}

#[actix_web::test]
async fn head_returns_the_headers_of_get_without_a_body() {
    let shop = TestShop::new().await;
    shop.product("Mug").create();
    let server = shop.serve();

    for (path, status) in [("/api/products/", 200), ("/api/products", 200), ("/api/nothing/", 404)] {
        let get = server.request(ClientMethod::GET, path).send().await.unwrap();
        let head = server.request(ClientMethod::HEAD, path).send().await.unwrap();
        assert_eq!((head.status().as_u16(), get.status().as_u16()), (status, status));
        assert_eq!(head.headers().get("content-type"), get.headers().get("content-type"));
        assert_eq!(head.headers().get("content-length"), get.headers().get("content-length"));
        assert!(!get.bytes().await.unwrap().is_empty());
        assert!(head.bytes().await.unwrap().is_empty());
    }
}

#[actix_web::test]
async fn every_response_has_content_type_json() {
    let shop = TestShop::new().await;
    shop.product("Mug").create();
    let ana = shop.customer("ana").await;
    let url = "/api/auth/login/";

    let responses = [
        (200, ana.get("/api/products/").await),
        (200, ana.get("/api/categories/tree/").await),
        (200, ana.get("/api/schema/").await),
        (200, ana.get("/health/").await),
        (200, ana.get("/.well-known/jwks.json").await),
        (400, ana.get("/api/products/?price__gte=x").await),
        (400, ana.post(url, json!({})).await),
        (400, send_json(&ana, url, "{").await),
        (403, ana.get("/api/stocks/").await),
        (401, shop.anonymous().get("/api/orders/").await),
        (404, ana.get("/api/nothing/").await),
        (405, ana.delete("/api/products/").await),
    ];

    for (status, response) in responses {
        response.expect(status);
        assert_eq!(response.header("content-type"), Some("application/json"), "{status}");
    }
}
