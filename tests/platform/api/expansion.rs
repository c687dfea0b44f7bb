//! `expand`: references expanded to full objects that the principal can view.

use serde_json::{Value, json};

use super::{order_url, place_order};
use crate::support::builders::{TestProduct, order_body};
use crate::support::{Client, TestShop};

async fn get(client: &Client, url: &str) -> Value {
    client.get(url).await.expect(200)
}

/// Creates a product in the category Mugs, which is a child of Kitchen. Returns the ids of both categories.
fn mug_in_kitchen(shop: &TestShop) -> (TestProduct, [String; 2]) {
    let kitchen = shop.category("Kitchen", None);
    let mugs = shop.category("Mugs", Some(kitchen));
    (shop.product("Mug").in_category(mugs).create(), [kitchen.to_string(), mugs.to_string()])
}

#[actix_web::test]
async fn expanded_references_equal_the_single_resource() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let (mug, [kitchen, mugs]) = mug_in_kitchen(&shop);
    let url = format!("/api/products/{}/", mug.id);
    let plain = get(&guest, &url).await;
    assert_eq!(plain["category"], json!(mugs));
    let category = get(&guest, &format!("/api/categories/{mugs}/")).await;
    let parent = get(&guest, &format!("/api/categories/{kitchen}/")).await;

    let mut expected = plain.clone();
    expected["category"] = category.clone();
    assert_eq!(get(&guest, &format!("{url}?expand=category")).await, expected);
    for query in
        ["expand=category.parent", "expand=category,category.parent", "expand[]=category&expand=category.parent"]
    {
        expected["category"]["parent"] = parent.clone();
        assert_eq!(get(&guest, &format!("{url}?{query}")).await, expected, "{query}");
    }
    for query in ["expand=*.*.*", "expand=~all.~all", "expand=category.*", "expand=*.parent.parent"] {
        assert_eq!(get(&guest, &format!("{url}?{query}")).await, expected, "{query}");
    }
    for query in ["expand=", "expand=colour,name,id,variants.product,.", "expand=,,"] {
        assert_eq!(get(&guest, &format!("{url}?{query}")).await, plain, "{query}");
    }
}

#[actix_web::test]
async fn fields_select_members_of_expanded_resources() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let (mug, [kitchen, _]) = mug_in_kitchen(&shop);
    let pot = shop.product("Pot").create();
    let order = place_order(&ana, &[(&mug, 1), (&pot, 2)]).await;
    let query = "?expand=customer,channel,lines.product.category\
                 &fields=status,customer.email,channel.slug,lines.quantity,lines.product.category.name,lines.product.sku";

    let expanded = get(&staff, &order_url(&order, query)).await;

    assert_eq!(
        expanded,
        json!({
            "status": "confirmed",
            "customer": {"email": "ana@example.com"},
            "channel": {"slug": "default"},
            "lines": [
                {"quantity": 1, "product": {"sku": "MUG", "category": {"name": "Mugs"}}},
                {"quantity": 2, "product": {"sku": "POT", "category": null}},
            ],
        })
    );
    let category = get(&staff, "/api/categories/mugs/?expand=parent&fields=parent.id,name&omit=name").await;
    assert_eq!(category, json!({"parent": {"id": kitchen}}));
}

#[actix_web::test]
async fn references_in_nested_objects_are_expanded() {
    let shop = TestShop::new().await;
    let (ana, guest) = (shop.customer("ana").await, shop.anonymous());
    let (mug, _) = mug_in_kitchen(&shop);
    let order = place_order(&ana, &[(&mug, 1), (&mug, 2)]).await;
    let product = get(&guest, &format!("/api/products/{}/", mug.id)).await;

    let expanded = get(&ana, &order_url(&order, "?expand=lines.product,lines.variant")).await;

    let mut expected = get(&ana, &order_url(&order, "")).await;
    for line in expected["lines"].as_array_mut().unwrap() {
        line["product"] = product.clone();
        line["variant"] = product["variants"][0].clone();
    }
    assert_eq!(expanded, expected);
    let unchanged = get(&ana, &order_url(&order, "?expand=lines")).await;
    assert_eq!(unchanged, get(&ana, &order_url(&order, "")).await, "an order always contains its lines in full");
}

#[actix_web::test]
async fn lists_and_write_responses_support_expand() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let (mug, _) = mug_in_kitchen(&shop);
    let parameters = "?expand=category.parent&fields=category.parent.name";
    let parent = json!({"category": {"parent": {"name": "Kitchen"}}});

    let list = get(&staff, &format!("/api/products/{parameters}")).await;
    assert_eq!(list["results"], json!([parent]));
    let list = get(&staff, &format!("/api/products/{parameters}&cursor=")).await;
    assert_eq!(list["results"], json!([parent]));
    let list = get(&staff, &format!("/api/categories/kitchen/products/{parameters}")).await;
    assert_eq!(list["results"], json!([parent]));
    let changed = staff.patch(&format!("/api/products/mug/{parameters}"), json!({"price": "11"})).await;
    assert_eq!(changed.expect(200), parent);

    let lines = "?expand=lines.product,customer&fields=lines.product.name,customer.email";
    let order = json!({"customer": {"email": "ana@example.com"}, "lines": [{"product": {"name": "Mug"}}]});
    let placed = ana.post(&format!("/api/orders/{lines}"), order_body(&[(&mug, 1)])).await;
    assert_eq!(placed.expect(201), order);
    assert_eq!(get(&ana, &format!("/api/customers/me/orders/{lines}")).await["results"], json!([order]));
    let id = get(&ana, "/api/orders/").await["results"][0].clone();
    let processed = staff.post(&order_url(&id, &format!("process/{lines}")), json!({})).await;
    assert_eq!(processed.expect(200), order);
}

#[actix_web::test]
async fn references_that_the_principal_cannot_view_stay_unexpanded() {
    let shop = TestShop::new().await;
    let (ana, staff, guest) = (shop.customer("ana").await, shop.staff().await, shop.anonymous());
    let (mug, cup) = (shop.product("Mug").create(), shop.product("Cup").create());
    let order = place_order(&ana, &[(&mug, 1), (&cup, 1)]).await;
    staff.patch(&format!("/api/products/{}/", mug.id), json!({"is_active": false})).await.expect(200);
    let url = order_url(&order, "?expand=lines.product,lines.variant&fields=lines.product.name,lines.variant.sku");

    let variant = order["lines"][0]["variant"].clone();
    let hidden = json!({"product": mug.id, "variant": variant});
    let cup = json!({"product": {"name": "Cup"}, "variant": {"sku": "CUP"}});
    assert_eq!(get(&ana, &url).await["lines"], json!([hidden, cup]), "a customer cannot view the unpublished product");
    let mug = json!({"product": {"name": "Mug"}, "variant": {"sku": "MUG"}});
    assert_eq!(get(&staff, &url).await["lines"], json!([mug, cup]), "staff can view it");

    let mut body = order_body(&[(&TestProduct { sku: "CUP".to_owned(), ..shop.product("Tin").create() }, 1)]);
    body["email"] = json!("guest@example.com");
    let response = guest.post("/api/orders/", body).await;
    let token = response.header("x-order-token").unwrap().to_owned();
    let order = response.expect(201);
    shop.execute(&format!("update orders set customer_id = '{}' where number = {}", ana.customer, {
        order["number"].to_string().replace('"', "'")
    }));
    let url = order_url(&order, "?expand=customer&fields=customer.email");
    let with_customer = json!({"customer": {"email": "ana@example.com"}});
    let holder = guest.with_header("x-order-token", &token);
    assert_eq!(
        get(&holder, &url).await,
        json!({"customer": ana.customer}),
        "the order token does not identify the customer"
    );
    let ben = shop.customer("ben").await.with_header("x-order-token", &token);
    assert_eq!(get(&ben, &url).await, json!({"customer": ana.customer}), "another customer with the order token");
    assert_eq!(get(&ana, &url).await, with_customer);
    assert_eq!(get(&staff, &url).await, with_customer);
}

#[actix_web::test]
async fn references_to_archived_products_stay_unexpanded() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    staff.delete(&format!("/api/products/{}/", mug.id)).await.expect(204);

    for client in [&ana.client, &staff.client] {
        let expanded = get(client, &order_url(&order, "?expand=lines.product&fields=lines.product,lines.sku")).await;
        assert_eq!(expanded, json!({"lines": [{"product": mug.id, "sku": "MUG"}]}));
    }
}

#[actix_web::test]
async fn expansions_are_limited_in_depth_and_number() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let (mug, _) = mug_in_kitchen(&shop);
    let deep = json!({"expand": ["Expand at most 3 levels."]});
    let many = json!({"expand": ["Expand at most 10 relations per request."]});
    let product = format!("/api/products/{}/", mug.id);

    for url in ["/api/products/", product.as_str(), "/api/warehouses/", "/api/orders/"] {
        for (expand, error) in [
            ("lines.product.category.parent", &deep),
            ("a.b.c.d", &deep),
            ("*.*.*.*", &deep),
            ("a,b,c,d,e,f,g,h,i,j,k", &many),
            ("a.b.c,d.e.f,g.h.i,j.k", &many),
        ] {
            assert_eq!(staff.get(&format!("{url}?expand={expand}")).await.expect(400), *error, "{url} {expand}");
        }
        get(&staff, &format!("{url}?expand=a.b.c,d.e.f,g.h.i,j")).await;
        get(&staff, &format!("{url}?expand=a,a,a,a,a,a,a,a,a,a,a,a")).await;
    }
    let rejected = staff.patch(&format!("{product}?expand=a.b.c.d"), json!({"price": "1"})).await;
    assert_eq!(rejected.expect(400), deep);
    assert_eq!(get(&staff, &product).await["price"], "10.00");
}
