//! Customer records for staff.

mod export;
mod listing;
mod notes;
mod privacy;

use serde_json::json;

use crate::support::TestShop;
use crate::support::builders::address;
use crate::support::shop::TestUser;

fn url(customer: &TestUser, suffix: &str) -> String {
    format!("/api/customers/{}/{suffix}", customer.customer)
}

/// Inserts a customer without an account and returns the id.
fn imported(shop: &TestShop, name: &str) -> String {
    let id = format!("0190cccc-0000-7000-8000-{:012x}", name.len());
    shop.execute(&format!(
        "insert into customers (id, external_id, name, created_at, updated_at) \
         values ('{id}', 'X-{name}', '{name}', now(), now())"
    ));
    id
}

#[actix_web::test]
async fn customer_record_is_returned_with_all_fields() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let home = ana.post("/api/customers/me/addresses/", address()).await.expect(201);

    let shown = staff.get(&url(&ana, "?expand=default_billing_address")).await.expect(200);

    assert_eq!(
        shown,
        json!({
            "id": ana.customer, "external_id": null, "email": "ana@example.com", "first_name": "ana", "last_name": "",
            "phone": null, "language": "en", "has_account": true, "is_active": true, "is_verified": false,
            "last_login_at": shown["last_login_at"], "default_billing_address": home,
            "default_shipping_address": home["id"], "groups": [], "metadata": {}, "private_metadata": {},
            "created_at": shown["created_at"], "updated_at": shown["updated_at"],
        })
    );
    assert!(shown["last_login_at"].is_string());
}

#[actix_web::test]
async fn staff_can_update_a_customer_with_an_account() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let changes = json!({
        "first_name": "Ana", "last_name": "Wanjiru", "phone": "+254 700 000 001", "language": "sw",
        "metadata": {"loyalty": {"points": 7}}, "private_metadata": {"risk": "low"}, "email": "mallory@example.com",
        "is_active": false,
    });

    let changed = staff.patch(&url(&ana, ""), changes).await.expect(200);

    for (name, value) in [
        ("first_name", json!("Ana")),
        ("last_name", json!("Wanjiru")),
        ("phone", json!("+254700000001")),
        ("language", json!("sw")),
        ("metadata", json!({"loyalty": {"points": 7}})),
        ("private_metadata", json!({"risk": "low"})),
        ("email", json!("ana@example.com")),
        ("is_active", json!(true)),
    ] {
        assert_eq!(changed[name], value, "{name}");
    }
    assert_eq!(staff.get(&url(&ana, "")).await.expect(200), changed);
    let me = ana.get("/api/customers/me/").await.expect(200);
    assert_eq!((&me["last_name"], &me["metadata"]), (&json!("Wanjiru"), &changed["metadata"]));
}

#[actix_web::test]
async fn customer_without_an_account_has_a_single_name() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let url = format!("/api/customers/{}/", imported(&shop, "Mugs Ltd"));

    let rejected = staff.patch(&url, json!({"first_name": "Mugs", "last_name": "Limited"})).await.expect(400);
    assert_eq!(
        rejected,
        json!({"last_name": ["A customer without an account has no last name: enter the full name as the first name."]})
    );
    let same = staff.get(&url).await.expect(200);
    assert_eq!(
        (&same["first_name"], &same["has_account"], &same["is_active"]),
        (&json!("Mugs Ltd"), &json!(false), &json!(null))
    );

    let changed = staff.patch(&url, json!({"first_name": "Mugs Limited", "last_name": ""})).await.expect(200);
    assert_eq!((&changed["first_name"], &changed["last_name"]), (&json!("Mugs Limited"), &json!("")));
}

#[actix_web::test]
async fn phone_number_is_parsed_in_the_country_of_the_default_address() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let number = json!({"phone": "0700 000 001"});
    let rejected = staff.patch(&url(&ana, ""), number.clone()).await.expect(400);
    assert_eq!(rejected, json!({"phone": ["Enter a valid phone number, with + and the country code."]}));

    ana.post("/api/customers/me/addresses/", address()).await.expect(201);
    let changed = staff.patch(&url(&ana, ""), number).await.expect(200);

    assert_eq!(changed["phone"], "+254700000001");
    assert_eq!(staff.patch(&url(&ana, ""), json!({"phone": null})).await.expect(200)["phone"], json!(null));
}

#[actix_web::test]
async fn metadata_limits_are_enforced() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let change = async |metadata| staff.patch(&url(&ana, ""), json!({"metadata": metadata})).await;

    let deep = json!({"a": {"b": {"c": {"d": {"e": {}}}}}});
    assert_eq!(change(deep).await.expect(400), json!({"metadata": ["Ensure this object is at most 5 levels deep."]}));
    assert_eq!(change(json!({"a": "x".repeat(40_000)})).await.status, 400);
    assert_eq!(change(json!([1])).await.status, 400);
    assert_eq!(change(json!("x")).await.status, 400);

    assert_eq!(staff.get(&url(&ana, "")).await.expect(200)["metadata"], json!({}));
}

#[actix_web::test]
async fn stale_update_of_a_customer_is_rejected() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let etag = staff.get(&url(&ana, "")).await.header("etag").unwrap().to_owned();
    // An update by the customer also changes the version.
    ana.patch("/api/customers/me/", json!({"first_name": "Ana"})).await.expect(200);

    let rejected = staff.with_header("if-match", &etag).patch(&url(&ana, ""), json!({"first_name": "A."})).await;

    assert_eq!(rejected.expect(412)["code"], "precondition_failed");
    assert_eq!(staff.get(&url(&ana, "")).await.expect(200)["first_name"], "Ana");
}

#[actix_web::test]
async fn customer_history_is_listed() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.customer("ben").await;
    ana.post("/api/customers/me/addresses/", address()).await.expect(201);
    staff.patch(&url(&ana, ""), json!({"private_metadata": {"risk": "high"}})).await.expect(200);

    let history = staff.get(&url(&ana, "history/")).await.expect(200);

    let rows = history["results"].as_array().unwrap();
    let actions: Vec<&str> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["customer.changed", "customer_address.created", "user.signed_in", "user.created"]);
    assert_eq!(rows[0]["actor"], json!({"type": "user", "id": staff.user}));
    assert_eq!(rows[0]["changes"], json!({"private_metadata": {"after": "changed"}}));
    assert_eq!(rows[1]["actor"], json!({"type": "user", "id": ana.user}));
    let page = staff.get(&url(&ana, "history/?cursor=&page_size=2")).await.expect(200);
    assert_eq!(page["results"].as_array().unwrap()[..], rows[..2]);
}

#[actix_web::test]
async fn staff_can_list_the_orders_of_a_customer() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let body = json!({"shipping_address": address(), "lines": [{"sku": mug.sku, "quantity": 1}]});
    let order_of_ana = ana.post("/api/orders/", body.clone()).await.expect(201);
    ben.post("/api/orders/", body).await.expect(201);

    let list = staff.get(&url(&ana, "orders/")).await.expect(200);

    assert_eq!((&list["count"], &list["results"][0]["id"]), (&json!(1), &order_of_ana["id"]));
    assert_eq!(ben.get(&url(&ana, "orders/")).await.status, 403);
    let unknown = "/api/customers/0190aaaa-0000-7000-8000-00000000dead/orders/";
    assert_eq!(staff.get(unknown).await.expect(404)["code"], "not_found");
}
