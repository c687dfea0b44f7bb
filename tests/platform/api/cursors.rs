//! Pages by cursor: reading a list that changes returns no row twice and omits no row.

use serde_json::{Value, json};

use super::{column, place_order};
use crate::support::{Client, TestShop};

/// Follows the links `link` from `first` to the end. Calls `between_pages` with the index and the ids of each page.
/// Returns the ids of all pages and the URL of the last one.
async fn follow(
    client: &Client,
    first: &str,
    link: &str,
    mut between_pages: impl FnMut(usize, &[String]),
) -> (Vec<Vec<String>>, String) {
    let (mut url, mut pages) = (first.to_owned(), Vec::new());
    loop {
        let page = client.get(&url).await.expect(200);
        assert_eq!(page.get("count"), None, "cursor pages have no count");
        let ids = column(&page, "id");
        between_pages(pages.len(), &ids);
        pages.push(ids);
        match page[link].as_str() {
            Some(next) => url = next.trim_start_matches("http://localhost:8080").to_owned(),
            None => return (pages, url),
        }
        assert!(pages.len() < 100, "the list has no end");
    }
}

/// Asserts that no row occurs twice, and that all permanent rows occur in order.
#[track_caller]
fn assert_complete(ids: &[String], permanent: &[String], context: &str) {
    let mut sorted = ids.to_vec();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "{context}: a row occurs twice");
    let found: Vec<&String> = ids.iter().filter(|id| permanent.contains(id)).collect();
    assert_eq!(found, permanent.iter().collect::<Vec<_>>(), "{context}");
}

/// A list with permanent rows, and with copies that the test inserts and deletes.
struct ChangingList<'a> {
    shop: &'a TestShop,
    table: &'static str,
    /// Condition that selects the row to copy.
    template: String,
    /// Returns the members of a copy that differ, by its number.
    overrides: fn(usize) -> Value,
    copies: usize,
}

impl ChangingList<'_> {
    fn add(&mut self, copies: usize) {
        for _ in 0..copies {
            self.copies += 1;
            self.shop.copy_row(self.table, &self.template, &(self.overrides)(self.copies));
        }
    }

    /// Deletes the copies among the `last` ids, which include the row at the cursor.
    fn remove(&self, ids: &[String], last: usize, permanent: &[String]) {
        for id in ids.iter().rev().take(last).filter(|id| !permanent.contains(id)) {
            self.shop.execute(&format!("delete from {} where id = '{id}'", self.table));
        }
    }
}

/// Follows a list forward and backward while rows are inserted and deleted.
async fn follow_in_both_directions(
    client: &Client,
    list: &str,
    list_changes: &mut ChangingList<'_>,
    permanent: &[String],
) {
    for ordering in
        ["", "&ordering=-total_gross,number", "&ordering=price", "&ordering=-price", "&ordering=-updated_at"]
    {
        let first = format!("{list}?cursor=&page_size=3{ordering}");
        list_changes.add(6);
        let (all, _) = follow(client, &format!("{list}?cursor=&page_size=1000{ordering}"), "next", |_, _| {}).await;
        let permanent: Vec<String> = all.concat().into_iter().filter(|id| permanent.contains(id)).collect();

        let (forward, end) = follow(client, &first, "next", |page, ids| {
            list_changes.remove(ids, if page % 2 == 0 { 1 } else { 3 }, &permanent);
            if page < 5 {
                list_changes.add(2);
            }
        })
        .await;
        assert_complete(&forward.concat(), &permanent, &format!("forward{ordering}"));

        let (mut backward, _) = follow(client, &end, "previous", |page, ids| {
            list_changes.remove(&ids[..ids.len().min(1)], 1, &permanent);
            if page < 5 {
                list_changes.add(2);
            }
        })
        .await;
        backward.reverse();
        assert_complete(&backward.concat(), &permanent, &format!("backward{ordering}"));
    }
}

#[actix_web::test]
async fn cursor_pages_of_orders_are_complete_during_concurrent_changes() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(1000).create();
    let mut permanent = Vec::new();
    for number in 0..10 {
        let order = place_order(&ana, &[(&mug, 1 + number % 3)]).await;
        permanent.push(order["id"].as_str().unwrap().to_owned());
    }
    // Many orders have the same time, so that the id decides their order.
    shop.execute("update orders set placed_at = '2026-01-01' where total_gross > 12");
    let template = format!("id = '{}'", permanent[1]);
    let overrides = |copies| json!({"number": format!("C-{copies}")});
    let mut list_changes = ChangingList { shop: &shop, table: "orders", template, overrides, copies: 0 };

    follow_in_both_directions(&staff, "/api/orders/", &mut list_changes, &permanent).await;
}

#[actix_web::test]
async fn cursor_pages_of_products_are_complete_during_concurrent_changes() {
    let shop = TestShop::new().await;
    let mut permanent = Vec::new();
    for number in 0..12 {
        let product = shop.product(&format!("Mug {number}")).price(if number % 2 == 0 { "5.00" } else { "7.50" });
        permanent.push(product.create().id.to_string());
    }
    for unpriced in [&permanent[3], &permanent[4], &permanent[9]] {
        shop.execute(&format!(
            "delete from variant_prices where variant_id = (select id from variants where product_id = '{unpriced}')"
        ));
    }
    let template = format!("id = '{}'", permanent[6]);
    // A copy has no variants and therefore no price.
    let overrides = |copies| json!({"slug": format!("copy-{copies}"), "name": format!("Mug {}", copies % 14)});
    let mut list_changes = ChangingList { shop: &shop, table: "products", template, overrides, copies: 0 };

    follow_in_both_directions(&shop.anonymous(), "/api/products/", &mut list_changes, &permanent).await;
}

#[actix_web::test]
async fn cursor_pages_are_equal_in_both_directions() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for number in 0..7 {
        shop.product(&format!("Mug {number}")).price(["5.00", "6.00"][number % 2]).create();
    }
    shop.execute("delete from variant_prices where variant_id in (select id from variants where sku like 'MUG-5')");

    for ordering in ["name", "-name", "price", "-price,name", "price,-name", "-created_at"] {
        let first = format!("/api/products/?cursor=&page_size=2&ordering={ordering}");
        let whole = guest.get(&format!("/api/products/?ordering={ordering}")).await.expect(200);

        let (forward, end) = follow(&guest, &first, "next", |_, _| {}).await;
        let (mut backward, beginning) = follow(&guest, &end, "previous", |_, _| {}).await;
        let (again, _) = follow(&guest, &beginning, "next", |_, _| {}).await;

        assert_eq!(forward.concat(), column(&whole, "id"), "{ordering}");
        assert_eq!(forward.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 1], "{ordering}");
        backward.reverse();
        assert_eq!(backward.concat(), forward.concat(), "{ordering}, backward");
        assert_eq!(again.concat(), forward.concat(), "{ordering}, forward again");
    }
}

#[actix_web::test]
async fn cursor_page_has_links_and_no_count() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let nothing = guest.get("/api/products/?cursor=").await.expect(200);
    assert_eq!(nothing, json!({"next": null, "previous": null, "results": []}));
    let (mug, pot) = (shop.product("Mug").create(), shop.product("Pot").create());

    let whole = guest.get("/api/products/?cursor=&fields=id").await.expect(200);
    assert_eq!(whole, json!({"next": null, "previous": null, "results": [{"id": mug.id}, {"id": pot.id}]}));

    let first = guest.get("/api/products/?cursor=&page_size=1&fields=id&search=o,t&colour=red").await.expect(200);
    assert_eq!((&first["next"], &first["results"]), (&Value::Null, &json!([{"id": pot.id}])), "filters apply");
    let first = guest.get("/api/products/?fields=id&cursor=&limit=1&search=&page=7").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let kept = "http://localhost:8080/api/products/?fields=id&limit=1&search=&page=7&cursor=";
    assert!(next.starts_with(kept), "{next}");
    let second = guest.get(next.trim_start_matches("http://localhost:8080")).await.expect(200);
    assert_eq!((&second["next"], &second["results"]), (&Value::Null, &json!([{"id": pot.id}])));
    assert!(second["previous"].as_str().unwrap().starts_with(kept));
}

#[actix_web::test]
async fn empty_cursor_page_links_back_to_the_remaining_rows() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for number in 0..6 {
        shop.product(&format!("Mug {number}")).create();
    }
    let page = async |url: &Value| {
        let url = url.as_str().unwrap().trim_start_matches("http://localhost:8080");
        guest.get(url).await.expect(200)
    };
    let archive =
        |names: &str| shop.execute(&format!("update products set archived_at = now() where name in ({names})"));
    let first = page(&json!("/api/products/?cursor=&page_size=2")).await;
    let second = page(&first["next"]).await;

    archive("'Mug 4', 'Mug 5'");
    let beyond = page(&second["next"]).await;
    assert_eq!((&beyond["results"], &beyond["next"]), (&json!([]), &Value::Null));
    let last = page(&beyond["previous"]).await;
    assert_eq!((column(&last, "name"), &last["next"]), (vec!["Mug 2".to_owned(), "Mug 3".to_owned()], &Value::Null));
    assert_eq!(column(&page(&last["previous"]).await, "name"), ["Mug 0", "Mug 1"]);

    archive("'Mug 0', 'Mug 1'");
    let before = page(&second["previous"]).await;
    assert_eq!((&before["results"], &before["previous"]), (&json!([]), &Value::Null));
    let first = page(&before["next"]).await;
    assert_eq!(
        (column(&first, "name"), &first["previous"]),
        (vec!["Mug 2".to_owned(), "Mug 3".to_owned()], &Value::Null)
    );
}

/// Returns the cursor after the first of two orders, and after the first of two products.
async fn cursors(shop: &TestShop, ana: &Client) -> (String, String) {
    let mug = shop.product("Mug").create();
    shop.product("Pot").create();
    for _ in 0..2 {
        place_order(ana, &[(&mug, 1)]).await;
    }
    let cursor_of = |page: Value| page["next"].as_str().unwrap().rsplit_once("cursor=").unwrap().1.to_owned();
    let orders = cursor_of(ana.get("/api/orders/?cursor=&page_size=1").await.expect(200));
    (orders, cursor_of(ana.get("/api/products/?cursor=&page_size=1").await.expect(200)))
}

#[actix_web::test]
async fn modified_or_foreign_cursor_is_404() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let (orders, products) = cursors(&shop, &ana).await;
    let flipped = |place: usize| {
        let mut bytes = orders.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let mut urls: Vec<String> = [0, 5, 20, 30, orders.len() - 2].map(flipped).to_vec();
    urls.extend([orders[1..].to_owned(), orders[..orders.len() - 1].to_owned(), format!("{orders}AAAA")]);
    urls.extend(["x", "null", "%00", "%FF", "cD0yMDI2LTAxLTAx", "1%20or%201=1", "."].map(str::to_owned));
    let mut urls: Vec<String> = urls.iter().map(|cursor| format!("/api/orders/?cursor={cursor}")).collect();
    urls.extend([
        format!("/api/orders/?cursor={products}"),
        format!("/api/orders/?cursor={orders}&ordering=placed_at"),
        format!("/api/orders/?cursor={orders}&ordering=-total_gross,number"),
        format!("/api/customers/me/orders/?cursor={orders}"),
        format!("/api/products/?cursor={orders}"),
        format!("/api/products/?cursor={products}&ordering=-name"),
        format!("/api/products/?cursor={products}&ordering=price"),
        format!("/api/categories/?cursor={products}"),
    ]);

    for url in urls {
        let response = ana.get(&url).await;
        assert_eq!(response.expect(404), json!({"detail": "Invalid cursor", "code": "not_found"}), "{url}");
    }
}

#[actix_web::test]
async fn cursor_is_valid_for_equivalent_orderings_and_other_processes() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let (orders, products) = cursors(&shop, &ana).await;
    let last = column(&ana.get("/api/orders/?page=2&page_size=1").await.expect(200), "id");

    for ordering in ["", "-placed_at", "colour,-placed_at", "colour"] {
        let page = ana.get(&format!("/api/orders/?cursor={orders}&ordering={ordering}")).await.expect(200);
        assert_eq!(column(&page, "id"), last, "{ordering}");
    }
    for url in ["/api/products", "/api/products/"] {
        let page = shop.second_process().await.get(&format!("{url}?cursor={products}&page_size=5")).await.expect(200);
        assert_eq!(column(&page, "name"), ["Pot"], "{url}");
    }
}
