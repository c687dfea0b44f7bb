//! HTTP protocol: order of checks, headers, OPTIONS, content negotiation, problem details.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{send_json, send_raw};
use crate::house::endpoints::digest::Digest;
use crate::support::builders::order_body;
use crate::support::connections::occupy_connection;
use crate::support::{Client, TestResponse, TestShop};

const CATEGORIES: &str = "/api/categories/";
const PRODUCTS: &str = "/api/products/";
const TREE: &str = "/api/categories/tree/";

fn reading(client: &Client, accept: &str) -> Client {
    client.with_header("accept", accept)
}

/// Returns status and error code.
fn status_and_code(response: &TestResponse) -> (u16, String) {
    let code = response.json()["code"].as_str().unwrap_or_default().to_owned();
    (response.status.as_u16(), code)
}

fn expected(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[actix_web::test]
async fn content_negotiation_precedes_authentication() {
    let shop = TestShop::new().await;
    let bad_token = shop.anonymous().with_header("authorization", "Bearer x");

    for guest in [shop.anonymous(), bad_token] {
        let both = reading(&guest, "text/html").get("/api/orders/").await;
        assert_eq!(status_and_code(&both), expected(406, "not_acceptable"));
        assert_eq!(guest.get("/api/orders/").await.status, 401);
    }
    let wrong_format = shop.anonymous().get("/api/orders/?format=api").await;
    assert_eq!(status_and_code(&wrong_format), expected(404, "not_found"));
}

#[actix_web::test]
async fn authentication_precedes_permissions() {
    let shop = TestShop::new().await;
    let body = json!({"name": "Mugs"});

    let guest = shop.anonymous().post(CATEGORIES, body.clone()).await;
    assert_eq!(status_and_code(&guest), expected(401, "not_authenticated"));
    let ana = shop.customer("ana").await;
    assert_eq!(status_and_code(&ana.post(CATEGORIES, body.clone()).await), expected(403, "permission_denied"));
    shop.execute("update users set is_active = false");
    assert_eq!(status_and_code(&ana.post(CATEGORIES, body).await), expected(401, "token_not_valid"));
    assert_eq!(shop.number("select count(*) from categories"), 0);
}

#[actix_web::test]
async fn permissions_precede_rate_limits_which_precede_the_method_check() {
    let shop = TestShop::with_settings(&[("THROTTLING", "on"), ("THROTTLE_WRITE", "1/h")]).await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    assert_eq!(status_and_code(&staff.delete(PRODUCTS).await), expected(405, "method_not_allowed"));
    ana.patch("/api/customers/me/", json!({"first_name": "Ana"})).await.expect(200);

    // Both have used their only write for an hour.
    assert_eq!(status_and_code(&ana.post(CATEGORIES, json!({})).await), expected(403, "permission_denied"));
    assert_eq!(status_and_code(&ana.patch("/api/customers/me/", json!({})).await), expected(429, "throttled"));
    assert_eq!(status_and_code(&staff.delete(PRODUCTS).await), expected(429, "throttled"));
    assert_eq!(status_and_code(&send_json(&staff, CATEGORIES, "{").await), expected(429, "throttled"));
    let guest = shop.anonymous();
    assert_eq!(status_and_code(&guest.post(CATEGORIES, json!({})).await), expected(401, "not_authenticated"));
    assert_eq!(
        status_and_code(&reading(&ana, "text/html").post(CATEGORIES, json!({})).await),
        expected(406, "not_acceptable")
    );
}

#[actix_web::test]
async fn method_check_precedes_reading_the_body() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for (kind, body) in [
        ("application/json", b"{".to_vec()),
        ("text/plain", b"x".to_vec()),
        ("multipart/form-data", b"x".to_vec()),
        ("application/json", vec![b' '; (1 << 20) + 1]),
    ] {
        let response = send_raw(&staff, TREE, Some(kind), body.clone()).await;
        assert_eq!(status_and_code(&response), expected(405, "method_not_allowed"), "{kind}");
        let there = send_raw(&staff, CATEGORIES, Some(kind), body).await;
        assert!([400, 413, 415].contains(&there.status.as_u16()), "{kind}: {}", there.status);
    }
}

#[actix_web::test]
async fn every_response_of_an_existing_url_has_allow() {
    let settings = [("THROTTLING", "on"), ("THROTTLE_WRITE", "2/h")];
    let shop = TestShop::with_settings(&settings).await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let allow = "GET, POST, HEAD, OPTIONS";

    for (status, response) in [
        (200, ana.get(CATEGORIES).await),
        (400, staff.get("/api/categories/?level=x").await),
        (401, shop.anonymous().post(CATEGORIES, json!({})).await),
        (401, ana.with_header("authorization", "Bearer x").get(CATEGORIES).await),
        (403, ana.post(CATEGORIES, json!({})).await),
        (404, ana.get("/api/categories/?page=9").await),
        (404, ana.get("/api/categories/?format=xml").await),
        (406, reading(&ana, "image/png").get(CATEGORIES).await),
        (200, ana.send(Method::OPTIONS, CATEGORIES, None).await),
        (201, staff.post(CATEGORIES, json!({"name": "Mugs"})).await),
        (405, staff.delete(CATEGORIES).await),
        (429, staff.post(CATEGORIES, json!({"name": "Pots"})).await),
    ] {
        assert_eq!(response.status, status, "{response:?}");
        assert_eq!(response.header("allow"), Some(allow), "{status}");
    }
    let missing = staff.get("/api/categories/no-such-slug/").await;
    assert_eq!(
        (missing.status.as_u16(), missing.header("allow")),
        (404, Some("GET, PUT, PATCH, DELETE, HEAD, OPTIONS"))
    );
    assert_eq!(ana.get("/api/nothing/").await.header("allow"), None);
}

#[actix_web::test]
async fn vary_names_the_headers_that_a_response_depends_on() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    for response in [
        ana.get(PRODUCTS).await,
        ana.get("/api/stocks/").await,
        ana.get("/api/nothing/").await,
        reading(&ana, "text/html").get(PRODUCTS).await,
        shop.anonymous().get("/api/orders/").await,
    ] {
        let vary = response.joined_header("vary").to_lowercase();
        for name in ["accept", "authorization", "x-order-token"] {
            assert!(vary.split(',').any(|known| known.trim() == name), "{name} of {}: {vary}", response.status);
        }
    }
}

#[actix_web::test]
async fn only_401_responses_have_www_authenticate() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let bad = ana.with_header("authorization", "Token x");

    let challenge = Some("Bearer realm=\"api\"");
    for response in [
        shop.anonymous().get("/api/orders/").await,
        bad.get(PRODUCTS).await,
        reading(&bad, "application/problem+json").get(PRODUCTS).await,
        shop.anonymous().post("/api/auth/token/", json!({"email": "a@b.example", "password": "wrong"})).await,
    ] {
        assert_eq!((response.status.as_u16(), response.header("www-authenticate")), (401, challenge));
    }
    for response in [ana.get("/api/stocks/").await, ana.get(PRODUCTS).await, ana.get("/api/nothing/").await] {
        assert_eq!(response.header("www-authenticate"), None, "{}", response.status);
    }
}

#[actix_web::test]
async fn error_messages_for_head_requests_name_head() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let rejected = ana.send(Method::HEAD, "/api/auth/login/", None).await;
    assert_eq!(rejected.expect(405), json!({"detail": "Method \"HEAD\" not allowed.", "code": "method_not_allowed"}));
    assert_eq!(rejected.header("allow"), Some("POST, OPTIONS"));
    assert_eq!(ana.send(Method::HEAD, "/api/stocks/", None).await.status, 403);
    assert_eq!(shop.anonymous().send(Method::HEAD, "/api/orders/", None).await.status, 401);
    assert_eq!(reading(&ana, "text/html").send(Method::HEAD, PRODUCTS, None).await.status, 406);
    assert_eq!(ana.send(Method::HEAD, PRODUCTS, None).await.status, 200);
}

#[actix_web::test]
async fn options_describe_choices_limits_and_nested_fields() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let options = ana.send(Method::OPTIONS, "/api/orders/", None).await.expect(200);
    let fields = &options["actions"]["POST"];

    let choices = fields["payment_status"]["choices"].as_array().unwrap();
    assert_eq!(choices[2], json!({"value": "partially_paid", "display_name": "Partially paid"}));
    assert_eq!(
        (&fields["payment_status"]["type"], &fields["payment_status"]["read_only"]),
        (&json!("choice"), &json!(true))
    );
    assert_eq!((&fields["lines"]["type"], &fields["lines"]["required"]), (&json!("list"), &json!(true)));
    let quantity = &fields["lines"]["child"]["children"]["quantity"];
    assert_eq!(
        (&quantity["type"], &quantity["min_value"], &quantity["max_value"]),
        (&json!("integer"), &json!(1), &json!(1_000_000))
    );
    let address = &fields["shipping_address"];
    assert_eq!((&address["type"], &address["required"]), (&json!("nested object"), &json!(true)));
    assert_eq!(
        (&address["children"]["city"]["max_length"], &address["children"]["line2"]["required"]),
        (&json!(100), &json!(false))
    );
    assert_eq!((&fields["email"]["type"], &fields["total_gross"]["type"]), (&json!("email"), &json!("decimal")));
    assert_eq!(
        (&fields["placed_at"]["type"], &fields["placed_at"]["label"]),
        (&json!("datetime"), &json!("Placed at"))
    );
}

#[actix_web::test]
async fn options_omit_actions_without_permission() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mugs = shop.category("Mugs", None);
    let one = format!("{CATEGORIES}{mugs}/");
    let actions = async |client: &Client, url: &str| -> Vec<String> {
        let options = client.send(Method::OPTIONS, url, None).await.expect(200);
        options["actions"].as_object().into_iter().flatten().map(|(method, _)| method.clone()).collect()
    };

    for client in [shop.anonymous(), ana.client.clone()] {
        assert_eq!(actions(&client, CATEGORIES).await, [""; 0]);
        assert_eq!(actions(&client, &one).await, [""; 0]);
    }
    assert_eq!(actions(&staff, CATEGORIES).await, ["POST"]);
    assert_eq!(actions(&staff, &one).await, ["PUT"]);
    assert_eq!(actions(&shop.anonymous(), "/api/auth/login/").await, ["POST"]);
    // A customer without any permission for the URL gets no description.
    assert_eq!(ana.send(Method::OPTIONS, "/api/stocks/adjust/", None).await.status, 403);
}

#[actix_web::test]
async fn format_parameter_overrides_accept() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();

    for accept in ["*/*", "text/html", "application/json;q=0"] {
        let response = reading(&guest, accept).get("/api/products/?format=json").await;
        assert_eq!(
            (response.status.as_u16(), response.header("content-type")),
            (200, Some("application/json")),
            "{accept}"
        );
    }
    for format in ["api", "yaml", "xml", "JSON", "json%00", "csv"] {
        let response = guest.get(&format!("/api/products/?format={format}")).await;
        assert_eq!(response.expect(404), json!({"detail": "Not found.", "code": "not_found"}), "{format}");
    }
    let page = guest.get("/api/products/?format=json&page_size=1").await.expect(200);
    assert_eq!(page["count"], 0);
}

#[actix_web::test]
async fn openapi_document_is_served_as_json_and_yaml() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let kind = |response: &TestResponse| response.header("content-type").unwrap_or_default().to_owned();

    let yaml = guest.get("/api/schema/?format=yaml").await;
    assert_eq!((yaml.status.as_u16(), kind(&yaml).as_str()), (200, "application/vnd.oai.openapi"));
    assert!(yaml.body.starts_with(b"openapi: "), "{:?}", &yaml.body[..20]);
    for client in [reading(&guest, "application/vnd.oai.openapi"), reading(&guest, "application/yaml")] {
        assert_eq!(client.get("/api/schema").await.body, yaml.body);
        let json = client.get("/api/schema/?format=json").await;
        assert_eq!((json.status.as_u16(), kind(&json).as_str()), (200, "application/json"));
    }
    assert_eq!(status_and_code(&guest.get("/api/schema/?format=xml").await), expected(404, "not_found"));
}

#[actix_web::test]
async fn json_is_indented_if_accept_requests_it() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    shop.product("Mug").create();
    let plain = guest.get("/api/products/mug/").await;

    for (accept, beginning) in [
        ("application/json; indent=4", "{\n    \"id\": \""),
        ("application/json;indent=2", "{\n  \"id\": \""),
        ("*/*;q=0.1, application/json; indent=99", "{\n        \"id\": \""),
    ] {
        let response = reading(&guest, accept).get("/api/products/mug/").await;
        assert_eq!(response.json(), plain.json());
        let text = String::from_utf8(response.body.to_vec()).unwrap();
        assert!(text.starts_with(beginning), "{accept}: {text}");
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.header("etag"), plain.header("etag"));
    }
    for accept in ["application/json; indent=x", "application/json; indent=-1", "application/json;"] {
        assert_eq!(reading(&guest, accept).get("/api/products/mug/").await.body, plain.body, "{accept}");
    }
    let rejected = reading(&guest, "application/json; indent=1").get("/api/nothing/").await;
    assert_eq!(rejected.body, "{\n \"detail\": \"Not found.\",\n \"code\": \"not_found\"\n}");
}

#[actix_web::test]
async fn problem_details_point_to_every_invalid_field() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let before = Digest::of(&shop);
    let body = json!({
        "email": "nobody", "shipping_address": {"name": "", "line1": "x", "city": "y", "country": "KE"},
        "lines": [{"sku": "A", "quantity": 1}, {"quantity": 0}],
    });

    let response = reading(&ana, "application/problem+json").post("/api/orders/", body).await;

    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    assert_eq!(
        response.expect(400),
        json!({
            "type": "about:blank", "title": "Bad Request", "status": 400, "detail": "Validation failed.",
            "code": "invalid",
            "errors": [
                {"pointer": "/email", "code": "invalid", "detail": "Enter a valid email address."},
                {"pointer": "/lines/1", "code": "required", "detail": "Specify a product, a variant or a sku."},
                {
                    "pointer": "/lines/1/quantity", "code": "min_value",
                    "detail": "Ensure this value is greater than or equal to 1.",
                },
                {"pointer": "/shipping_address/name", "code": "blank", "detail": "This field may not be blank."},
            ],
        })
    );
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn problem_details_keep_the_code_and_further_members() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(1).create();
    let ana = reading(&ana, "application/problem+json, application/json;q=0.9");
    let problem = |status: u16, title: &str| json!({"type": "about:blank", "title": title, "status": status});
    let with = |mut problem: Value, members: Value| {
        problem.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        problem
    };

    let missing = ana.get("/api/products/pot/").await.expect(404);
    assert_eq!(missing, with(problem(404, "Not Found"), json!({"detail": "Not found.", "code": "not_found"})));

    let short = ana.post("/api/orders/", order_body(&[(&mug, 2)])).await;
    assert_eq!(short.header("content-type"), Some("application/problem+json"));
    let lines = json!({"0": {"sku": "MUG", "requested": 2, "available": 1}});
    let members = json!({"detail": "Not enough stock.", "code": "out_of_stock", "lines": lines});
    assert_eq!(short.expect(409), with(problem(409, "Conflict"), members));
    assert_eq!(shop.stock_of(&mug), (1, 0));

    let holders = [occupy_connection(&shop.app.db).await, occupy_connection(&shop.app.db).await];
    let busy = reading(&shop.anonymous(), "application/problem+json").get(PRODUCTS).await;
    drop(holders);
    assert_eq!(busy.header("retry-after"), Some("1"));
    let body = busy.expect(503);
    let members = json!({
        "detail": "Service temporarily unavailable, try again later.", "code": "service_unavailable",
        "request_id": body["request_id"],
    });
    assert_eq!(body, with(problem(503, "Service Unavailable"), members));
    // Successful responses are still JSON.
    assert_eq!(ana.get(PRODUCTS).await.header("content-type"), Some("application/json"));
}

#[actix_web::test]
async fn links_use_the_host_and_scheme_of_a_trusted_proxy() {
    let shop = TestShop::with_settings(&[("TRUSTED_PROXIES", "10.0.0.0/8")]).await;
    shop.product("Mug").create();
    shop.product("Pot").create();
    let forwarded = shop
        .anonymous()
        .with_header("host", "inside.example:8000")
        .with_header("x-forwarded-host", "shop.example")
        .with_header("x-forwarded-proto", "https")
        .with_header("x-forwarded-for", "192.0.2.1");
    let url = "/api/products?page_size=1";
    let next = async |client: Client| client.get(url).await.expect(200)["next"].as_str().unwrap().to_owned();

    // A dual-stack socket reports IPv4 addresses in their IPv6-mapped form.
    for proxy in ["10.1.2.3", "::ffff:10.1.2.3"] {
        let link = next(forwarded.at(proxy)).await;
        assert_eq!(link, "https://shop.example/api/products/?page_size=1&page=2", "{proxy}");
        let response = forwarded.at(proxy).get(url).await;
        assert!(response.header("strict-transport-security").is_some());
    }
    for client in ["192.0.2.7", "11.0.0.1", "::1", "::ffff:11.0.0.1"] {
        let link = next(forwarded.at(client)).await;
        assert_eq!(link, "http://inside.example:8000/api/products/?page_size=1&page=2", "{client}");
        let response = forwarded.at(client).get(url).await;
        assert_eq!(response.header("strict-transport-security"), None);
    }
    let rfc = shop.anonymous().with_header("forwarded", "host=evil.example;proto=https");
    assert!(!next(rfc.at("192.0.2.7")).await.contains("evil"));
}
