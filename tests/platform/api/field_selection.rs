//! `fields` and `omit`: selection of the members of a response.

use serde_json::json;

use super::{order_url, place_order};
use crate::support::TestShop;
use crate::support::builders::order_body;

#[actix_web::test]
async fn field_selection_applies_to_a_single_resource() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let mug = shop.product("Mug").variant("MUG-L", "12.00", 3).create();
    let url = format!("/api/products/{}/", mug.id);
    let whole = guest.get(&url).await.expect(200);
    let without = |names: &[&str]| {
        let mut product = whole.clone();
        names.iter().for_each(|name| drop(product.as_object_mut().unwrap().remove(*name)));
        product
    };

    let cases = [
        ("fields=name,price", json!({"name": "Mug", "price": "10.00"})),
        ("fields=price&fields=name", json!({"name": "Mug", "price": "10.00"})),
        ("fields[]=price&fields[]=name,colour", json!({"name": "Mug", "price": "10.00"})),
        ("fields= name , ,", json!({"name": "Mug"})),
        ("fields=variants.sku", json!({"variants": [{"sku": "MUG"}, {"sku": "MUG-L"}]})),
        (
            "fields=slug,variants.sku,variants.available,variants.colour",
            json!({"slug": "mug", "variants": [{"sku": "MUG", "available": 10}, {"sku": "MUG-L", "available": 3}]}),
        ),
        (
            "fields=variants.options,name&omit=variants.options.size",
            json!({"name": "Mug", "variants": [{"options": {}}, {"options": {}}]}),
        ),
        ("fields=name.first", json!({"name": "Mug"})),
        ("fields=colour", json!({})),
        ("fields=version,archived_at", json!({})),
        ("fields=", whole.clone()),
        ("fields=*", whole.clone()),
        ("fields=~all,name", whole.clone()),
        ("fields=*&omit=variants", without(&["variants"])),
        ("omit=variants,colour,metadata", without(&["variants", "metadata"])),
        ("fields=name,sku&omit=sku", json!({"name": "Mug"})),
        ("omit=", whole.clone()),
    ];

    for (query, expected) in cases {
        assert_eq!(guest.get(&format!("{url}?{}", query.replace(' ', "%20"))).await.expect(200), expected, "{query}");
    }
}

#[actix_web::test]
async fn members_keep_their_order() {
    let shop = TestShop::new().await;
    shop.product("Mug").create();

    let response = shop.anonymous().get("/api/products/mug/?fields=price,slug,name").await;

    assert_eq!(response.body, r#"{"name":"Mug","slug":"mug","price":"10.00"}"#);
}

#[actix_web::test]
async fn field_selection_applies_to_list_results_and_keeps_the_envelope() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    shop.product("Cup").create();
    shop.product("Mug").create();

    let list = guest.get("/api/products/?fields=name,count&page_size=1").await.expect(200);
    assert_eq!(
        list,
        json!({
            "count": 2,
            "next": "http://localhost:8080/api/products/?fields=name%2Ccount&page_size=1&page=2",
            "previous": null,
            "results": [{"name": "Cup"}],
        })
    );
    let list = guest.get("/api/products/?fields=variants.sku&limit=5").await.expect(200);
    assert_eq!(list["results"], json!([{"variants": [{"sku": "CUP"}]}, {"variants": [{"sku": "MUG"}]}]));
    let list = guest.get("/api/products/?fields=none&cursor=").await.expect(200);
    assert_eq!(list, json!({"next": null, "previous": null, "results": [{}, {}]}));
    let bare = shop.staff().await.get("/api/warehouses/?fields=code").await.expect(200);
    assert_eq!(bare, json!([{"code": "main"}]), "lists without pages");
}

#[actix_web::test]
async fn field_selection_applies_to_write_responses() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();

    let body = json!({"name": "Pot", "sku": "POT", "price": "3"});
    let created = staff.post("/api/products/?fields=name,variants.sku", body).await;
    assert_eq!(created.expect(201), json!({"name": "Pot", "variants": [{"sku": "POT"}]}));
    let place = created.header("location").unwrap();
    let changed = staff.patch(&format!("{place}?fields=price"), json!({"price": "4.5"})).await;
    assert_eq!(changed.expect(200), json!({"price": "4.50"}));

    let order = ana.post("/api/orders/?fields=status,lines.sku", order_body(&[(&mug, 2)])).await;
    assert_eq!(order.expect(201), json!({"status": "confirmed", "lines": [{"sku": "MUG"}]}));
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let cancelled = ana.post(&order_url(&order, "cancel/?fields=status"), json!({})).await;
    assert_eq!(cancelled.expect(200), json!({"status": "cancelled"}));
}

#[actix_web::test]
async fn write_with_an_invalid_expansion_changes_nothing() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let before = shop.record_counts();

    let rejected = ana.post("/api/orders/?expand=a.b.c.d", order_body(&[(&mug, 1)])).await;

    assert_eq!(rejected.expect(400), json!({"expand": ["Expand at most 3 levels."]}));
    assert_eq!(shop.record_counts(), before);
}
