//! Objects of other customers: lists do not return or count them, and no parameter reveals them.
//! `tests/house/endpoints` tests direct access for every endpoint and role.

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::builders::{TestProduct, order_body};
use crate::support::shop::TestUser;

/// Shop with two customers who have one order each.
struct TwoCustomers {
    shop: TestShop,
    ana: TestUser,
    ben: TestUser,
    mug: TestProduct,
    order_of_ana: Value,
    order_of_ben: Value,
}

impl TwoCustomers {
    async fn open() -> Self {
        let shop = TestShop::new().await;
        let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
        let mug = shop.product("Mug").create();
        let order_of_ana = ana.post("/api/orders/", order_body(&[(&mug, 1)])).await.expect(201);
        let order_of_ben = ben.post("/api/orders/", order_body(&[(&mug, 2)])).await.expect(201);
        Self { shop, ana, ben, mug, order_of_ana, order_of_ben }
    }

    fn member_of_ben(&self, member: &str) -> &str {
        self.order_of_ben[member].as_str().unwrap()
    }
}

#[actix_web::test]
async fn filters_neither_return_nor_reveal_orders_of_others() {
    let scene = TwoCustomers::open().await;
    let unknown_id = "0190aaaa-0000-7000-8000-00000000dead";
    let list = async |query: String| {
        let own = scene.ana.get(&format!("/api/customers/me/orders/?{query}")).await.expect(200);
        let all = scene.ana.get(&format!("/api/orders/?{query}")).await.expect(200);
        assert_eq!(own, all, "{query}");
        all
    };
    let none = json!({"count": 0, "next": null, "previous": null, "results": []});

    for (name, value, unknown) in [
        ("customer", scene.member_of_ben("customer"), unknown_id),
        ("customer__in", scene.member_of_ben("customer"), unknown_id),
        ("email", scene.member_of_ben("email"), "x@example.com"),
        ("email__icontains", "ben@", "x@"),
        ("number", scene.member_of_ben("number"), "M-XXXXXX"),
        ("search", "ben@example.com", "x@example.com"),
        ("total_gross", scene.member_of_ben("total_gross"), "1.00"),
    ] {
        assert_eq!(list(format!("{name}={value}")).await, none, "{name}");
        assert_eq!(list(format!("{name}={unknown}")).await, none, "{name}");
    }
    // Unknown filters are ignored.
    for query in ["user=ben", "customer__email=ben@example.com", "customer__user__is_staff=true", "id=x", "limit=1000"]
    {
        let page = list(query.to_owned()).await;
        assert_eq!((&page["count"], &page["results"][0]["id"]), (&json!(1), &scene.order_of_ana["id"]), "{query}");
    }
}

#[actix_web::test]
async fn ordering_by_hidden_columns_is_ignored() {
    let scene = TwoCustomers::open().await;
    let mug = order_body(&[(&scene.mug, 3)]);
    scene.ana.post("/api/orders/", mug).await.expect(201);
    let staff = scene.shop.staff().await;
    let ids = async |ordering: &str| -> Vec<Value> {
        let page = staff.get(&format!("/api/orders/?ordering={ordering}")).await.expect(200);
        page["results"].as_array().unwrap().iter().map(|order| order["id"].clone()).collect()
    };
    let usual = ids("").await;

    for hidden in
        ["access_token_hash", "-access_token_hash", "version", "customer__user__password_hash", "-email", "note"]
    {
        assert_eq!(ids(hidden).await, usual, "{hidden}");
    }
    assert_ne!(ids("total_gross").await, usual);
}

#[actix_web::test]
async fn expanded_objects_have_the_visibility_of_their_endpoint() {
    let scene = TwoCustomers::open().await;
    let url = format!("/api/orders/{}/", scene.order_of_ana["id"].as_str().unwrap());
    let deactivate = format!("update products set is_active = false where id = '{}'", scene.mug.id);
    scene.shop.execute(&deactivate);
    let query = "?expand=customer,channel,lines.product,lines.variant";

    let visible = scene.ana.get(&format!("{url}{query}")).await.expect(200);

    // A product that the customer cannot retrieve stays an id.
    assert_eq!(visible["lines"][0]["product"], json!(scene.mug.id));
    assert!(visible["lines"][0]["variant"].is_string());
    assert_eq!(visible["customer"]["id"], json!(scene.ana.customer));
    let staff = scene.shop.staff().await;
    let seen_by_staff = staff.get(&format!("{url}{query}")).await.expect(200);
    assert_eq!(seen_by_staff["lines"][0]["product"]["id"], json!(scene.mug.id));
    // Unknown relations are ignored.
    for expand in ["user", "customer.user", "customer.orders", "events", "lines.order.customer", "password_hash"] {
        let plain = scene.ana.get(&format!("{url}?expand={expand}")).await.expect(200);
        let customer = &plain["customer"];
        assert!(customer.is_string() || customer == &visible["customer"], "{expand}: {plain}");
        assert_eq!(plain.as_object().unwrap().len(), scene.order_of_ana.as_object().unwrap().len(), "{expand}");
    }
}

#[actix_web::test]
async fn field_selection_cannot_reveal_hidden_columns() {
    let scene = TwoCustomers::open().await;
    let url = format!("/api/orders/{}/", scene.order_of_ana["id"].as_str().unwrap());

    for fields in ["access_token_hash", "version", "customer.user", "__class__", "metadata,version"] {
        let visible = scene.ana.get(&format!("{url}?fields={fields}")).await.expect(200);
        assert!(visible == json!({}) || visible == json!({"customer": scene.ana.customer}), "{fields}: {visible}");
    }
    let me = scene.ana.get("/api/auth/user/?fields=password,password_hash,is_staff,is_superuser,token_version").await;
    assert_eq!(me.expect(200), json!({}));
}

#[actix_web::test]
async fn cursor_is_invalid_in_other_lists() {
    let scene = TwoCustomers::open().await;
    scene.ana.post("/api/orders/", order_body(&[(&scene.mug, 3)])).await.expect(201);
    let first = scene.ana.get("/api/orders/?cursor=&page_size=1").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let query = next.split_once('?').unwrap().1;

    // Ben uses Ana's cursor and sees only his own orders.
    let page = scene.ben.get(&format!("/api/orders/?{query}")).await;
    let page = page.expect(200);
    for order in page["results"].as_array().unwrap() {
        assert_eq!(order["customer"], json!(scene.ben.customer));
    }
    // In another list, or after a modification, the cursor is invalid.
    let elsewhere = scene.ana.get(&format!("/api/products/?{query}")).await;
    assert_eq!(elsewhere.expect(404)["detail"], "Invalid cursor");
    let tampered = query.replace("cursor=", "cursor=A");
    assert_eq!(scene.ana.get(&format!("/api/orders/?{tampered}")).await.expect(404)["detail"], "Invalid cursor");
}

#[actix_web::test]
async fn customers_cannot_find_inactive_products() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let kitchen = shop.category("Kitchen", None);
    let secret = shop.product("Secret mug").in_category(kitchen).inactive().create();
    let none = json!({"count": 0, "next": null, "previous": null, "results": []});

    for client in [&ana.client, &shop.anonymous()] {
        for query in [
            "is_active=false",
            "is_active=0",
            "is_active=",
            "search=secret",
            "slug=secret-mug",
            "name__icontains=secret",
            "category=kitchen",
            "price__gte=0",
            "ordering=-is_active",
        ] {
            assert_eq!(client.get(&format!("/api/products/?{query}")).await.expect(200), none, "{query}");
        }
        assert_eq!(client.get("/api/categories/kitchen/products/?is_active=false").await.expect(200), none);
        assert_eq!(client.get("/api/categories/kitchen/").await.expect(200)["product_count"], 0);
        let summary = client.get("/api/categories/kitchen/price-summary/").await.expect(200);
        assert_eq!((&summary["product_count"], &summary["highest_price"]), (&json!(0), &Value::Null));
        for name in [secret.id.to_string(), "secret-mug".to_owned()] {
            assert_eq!(client.get(&format!("/api/products/{name}/")).await.expect(404)["code"], "not_found");
        }
    }
}
