//! Objects of others: not found, not counted, not reached by any side door. The doors themselves are the matrix of
//! `tests/house/endpoints`.

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::builders::{Made, order_of};
use crate::support::shop::Person;

/// Two customers with an order each, of one mug.
struct Market {
    shop: TestShop,
    ana: Person,
    ben: Person,
    mug: Made,
    hers: Value,
    his: Value,
}

impl Market {
    async fn open() -> Self {
        let shop = TestShop::new().await;
        let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
        let mug = shop.product("Mug").create();
        let hers = ana.post("/api/orders/", order_of(&[(&mug, 1)])).await.expect(201);
        let his = ben.post("/api/orders/", order_of(&[(&mug, 2)])).await.expect(201);
        Self { shop, ana, ben, mug, hers, his }
    }

    fn his(&self, member: &str) -> &str {
        self.his[member].as_str().unwrap()
    }
}

#[actix_web::test]
async fn filters_find_nothing_of_others_and_do_not_say_that_it_exists() {
    let market = Market::open().await;
    let nobody = "0190aaaa-0000-7000-8000-00000000dead";
    let list = async |query: String| {
        let own = market.ana.get(&format!("/api/customers/me/orders/?{query}")).await.expect(200);
        let all = market.ana.get(&format!("/api/orders/?{query}")).await.expect(200);
        assert_eq!(own, all, "{query}");
        all
    };
    let none = json!({"count": 0, "next": null, "previous": null, "results": []});

    for (name, his, unknown) in [
        ("customer", market.his("customer"), nobody),
        ("customer__in", market.his("customer"), nobody),
        ("email", market.his("email"), "x@example.com"),
        ("email__icontains", "ben@", "x@"),
        ("number", market.his("number"), "M-XXXXXX"),
        ("search", "ben@example.com", "x@example.com"),
        ("total_gross", market.his("total_gross"), "1.00"),
    ] {
        assert_eq!(list(format!("{name}={his}")).await, none, "{name}");
        assert_eq!(list(format!("{name}={unknown}")).await, none, "{name}");
    }
    // There are no such filters; nothing comes in through their names.
    for query in ["user=ben", "customer__email=ben@example.com", "customer__user__is_staff=true", "id=x", "limit=1000"]
    {
        let page = list(query.to_owned()).await;
        assert_eq!((&page["count"], &page["results"][0]["id"]), (&json!(1), &market.hers["id"]), "{query}");
    }
}

#[actix_web::test]
async fn no_order_of_a_list_tells_of_hidden_columns() {
    let market = Market::open().await;
    let mug = order_of(&[(&market.mug, 3)]);
    market.ana.post("/api/orders/", mug).await.expect(201);
    let staff = market.shop.staff().await;
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
async fn expansions_show_no_more_than_the_thing_itself_would() {
    let market = Market::open().await;
    let url = format!("/api/orders/{}/", market.hers["id"].as_str().unwrap());
    let deactivate = format!("update products set is_active = false where id = '{}'", market.mug.id);
    market.shop.execute(&deactivate);
    let query = "?expand=customer,channel,lines.product,lines.variant";

    let shown = market.ana.get(&format!("{url}{query}")).await.expect(200);

    // What she could not see by itself stays an id.
    assert_eq!(shown["lines"][0]["product"], json!(market.mug.id));
    assert!(shown["lines"][0]["variant"].is_string());
    assert_eq!(shown["customer"]["id"], json!(market.ana.customer));
    let staff = market.shop.staff().await;
    let seen = staff.get(&format!("{url}{query}")).await.expect(200);
    assert_eq!(seen["lines"][0]["product"]["id"], json!(market.mug.id));
    // A relation that is none leads nowhere.
    for expand in ["user", "customer.user", "customer.orders", "events", "lines.order.customer", "password_hash"] {
        let plain = market.ana.get(&format!("{url}?expand={expand}")).await.expect(200);
        let customer = &plain["customer"];
        assert!(customer.is_string() || customer == &shown["customer"], "{expand}: {plain}");
        assert_eq!(plain.as_object().unwrap().len(), market.hers.as_object().unwrap().len(), "{expand}");
    }
}

#[actix_web::test]
async fn no_choice_of_fields_brings_up_what_is_hidden() {
    let market = Market::open().await;
    let url = format!("/api/orders/{}/", market.hers["id"].as_str().unwrap());

    for fields in ["access_token_hash", "version", "customer.user", "__class__", "metadata,version"] {
        let shown = market.ana.get(&format!("{url}?fields={fields}")).await.expect(200);
        assert!(shown == json!({}) || shown == json!({"customer": market.ana.customer}), "{fields}: {shown}");
    }
    let me = market.ana.get("/api/auth/user/?fields=password,password_hash,is_staff,is_superuser,token_version").await;
    assert_eq!(me.expect(200), json!({}));
}

#[actix_web::test]
async fn the_place_in_one_list_is_no_way_into_another() {
    let market = Market::open().await;
    market.ana.post("/api/orders/", order_of(&[(&market.mug, 3)])).await.expect(201);
    let first = market.ana.get("/api/orders/?cursor=&page_size=1").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let query = next.split_once('?').unwrap().1;

    // Ben continues where Ana stood: he sees his own, or nothing.
    let page = market.ben.get(&format!("/api/orders/?{query}")).await;
    let page = page.expect(200);
    for order in page["results"].as_array().unwrap() {
        assert_eq!(order["customer"], json!(market.ben.customer));
    }
    // In another list, or changed by a letter, it is no place at all.
    let elsewhere = market.ana.get(&format!("/api/products/?{query}")).await;
    assert_eq!(elsewhere.expect(404)["detail"], "Invalid cursor");
    let bent = query.replace("cursor=", "cursor=A");
    assert_eq!(market.ana.get(&format!("/api/orders/?{bent}")).await.expect(404)["detail"], "Invalid cursor");
}

#[actix_web::test]
async fn products_that_are_not_on_sale_are_not_there_for_customers() {
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
