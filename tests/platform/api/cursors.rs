//! Pages by cursor: a walk through a list that changes meanwhile shows nothing twice and leaves nothing out.

use serde_json::{Value, json};

use super::{column, placed};
use crate::support::{Client, TestShop};

/// Follows the links called `link` from `first` to the end; `meanwhile` happens between two pages and is told what was
/// just shown. The pages, and where the last one is.
async fn follow(
    client: &Client,
    first: &str,
    link: &str,
    mut meanwhile: impl FnMut(usize, &[String]),
) -> (Vec<Vec<String>>, String) {
    let (mut url, mut pages) = (first.to_owned(), Vec::new());
    loop {
        let page = client.get(&url).await.expect(200);
        assert_eq!(page.get("count"), None, "nobody counts for a cursor");
        let ids = column(&page, "id");
        meanwhile(pages.len(), &ids);
        pages.push(ids);
        match page[link].as_str() {
            Some(next) => url = next.trim_start_matches("http://localhost:8080").to_owned(),
            None => return (pages, url),
        }
        assert!(pages.len() < 100, "the list has no end");
    }
}

/// Nothing twice, and of the rows that were there throughout none is missing or in another place.
#[track_caller]
fn assert_complete(seen: &[String], throughout: &[String], story: &str) {
    let mut sorted = seen.to_vec();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), seen.len(), "{story}: something was shown twice");
    let kept: Vec<&String> = seen.iter().filter(|id| throughout.contains(id)).collect();
    assert_eq!(kept, throughout.iter().collect::<Vec<_>>(), "{story}");
}

/// A list with rows that stay and rows that come and go.
struct Flux<'a> {
    shop: &'a TestShop,
    table: &'static str,
    /// One row that stays, to copy.
    model: String,
    /// What a copy has of its own, by its number.
    own: fn(usize) -> Value,
    made: usize,
}

impl Flux<'_> {
    fn add(&mut self, copies: usize) {
        for _ in 0..copies {
            self.made += 1;
            self.shop.copy_row(self.table, &self.model, &(self.own)(self.made));
        }
    }

    /// Takes away whatever of these is a copy: the row that the cursor stands on among them.
    fn remove(&self, ids: &[String], last: usize, throughout: &[String]) {
        for id in ids.iter().rev().take(last).filter(|id| !throughout.contains(id)) {
            self.shop.execute(&format!("delete from {} where id = '{id}'", self.table));
        }
    }
}

/// Walks there and back while rows come and go.
async fn walk(client: &Client, list: &str, flux: &mut Flux<'_>, throughout: &[String]) {
    for ordering in
        ["", "&ordering=-total_gross,number", "&ordering=price", "&ordering=-price", "&ordering=-updated_at"]
    {
        let first = format!("{list}?cursor=&page_size=3{ordering}");
        flux.add(6);
        let (all, _) = follow(client, &format!("{list}?cursor=&page_size=1000{ordering}"), "next", |_, _| {}).await;
        let throughout: Vec<String> = all.concat().into_iter().filter(|id| throughout.contains(id)).collect();

        let (there, end) = follow(client, &first, "next", |page, ids| {
            flux.remove(ids, if page % 2 == 0 { 1 } else { 3 }, &throughout);
            if page < 5 {
                flux.add(2);
            }
        })
        .await;
        assert_complete(&there.concat(), &throughout, &format!("there{ordering}"));

        let (mut back, _) = follow(client, &end, "previous", |page, ids| {
            flux.remove(&ids[..ids.len().min(1)], 1, &throughout);
            if page < 5 {
                flux.add(2);
            }
        })
        .await;
        back.reverse();
        assert_complete(&back.concat(), &throughout, &format!("back{ordering}"));
    }
}

#[actix_web::test]
async fn orders_are_walked_there_and_back_while_others_come_and_go() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(1000).create();
    let mut throughout = Vec::new();
    for number in 0..10 {
        let order = placed(&ana, &[(&mug, 1 + number % 3)]).await;
        throughout.push(order["id"].as_str().unwrap().to_owned());
    }
    // Many of one moment, so that the id has the last word.
    shop.execute("update orders set placed_at = '2026-01-01' where total_gross > 12");
    let model = format!("id = '{}'", throughout[1]);
    let own = |made| json!({"number": format!("C-{made}")});
    let mut flux = Flux { shop: &shop, table: "orders", model, own, made: 0 };

    walk(&staff, "/api/orders/", &mut flux, &throughout).await;
}

#[actix_web::test]
async fn products_with_and_without_a_price_are_walked_while_others_come_and_go() {
    let shop = TestShop::new().await;
    let mut throughout = Vec::new();
    for number in 0..12 {
        let product = shop.product(&format!("Mug {number}")).price(if number % 2 == 0 { "5.00" } else { "7.50" });
        throughout.push(product.create().id.to_string());
    }
    for unpriced in [&throughout[3], &throughout[4], &throughout[9]] {
        shop.execute(&format!(
            "delete from variant_prices where variant_id = (select id from variants where product_id = '{unpriced}')"
        ));
    }
    let model = format!("id = '{}'", throughout[6]);
    // A copy has no variants, and so no price.
    let own = |made| json!({"slug": format!("copy-{made}"), "name": format!("Mug {}", made % 14)});
    let mut flux = Flux { shop: &shop, table: "products", model, own, made: 0 };

    walk(&shop.anonymous(), "/api/products/", &mut flux, &throughout).await;
}

#[actix_web::test]
async fn a_quiet_list_has_the_same_pages_there_and_back() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for number in 0..7 {
        shop.product(&format!("Mug {number}")).price(["5.00", "6.00"][number % 2]).create();
    }
    shop.execute("delete from variant_prices where variant_id in (select id from variants where sku like 'MUG-5')");

    for ordering in ["name", "-name", "price", "-price,name", "price,-name", "-created_at"] {
        let first = format!("/api/products/?cursor=&page_size=2&ordering={ordering}");
        let whole = guest.get(&format!("/api/products/?ordering={ordering}")).await.expect(200);

        let (there, end) = follow(&guest, &first, "next", |_, _| {}).await;
        let (mut back, beginning) = follow(&guest, &end, "previous", |_, _| {}).await;
        let (again, _) = follow(&guest, &beginning, "next", |_, _| {}).await;

        assert_eq!(there.concat(), column(&whole, "id"), "{ordering}");
        assert_eq!(there.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 1], "{ordering}");
        back.reverse();
        assert_eq!(back.concat(), there.concat(), "{ordering}, back");
        assert_eq!(again.concat(), there.concat(), "{ordering}, and there again");
    }
}

#[actix_web::test]
async fn a_page_by_cursor_says_where_others_are_and_nothing_of_their_number() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let nothing = guest.get("/api/products/?cursor=").await.expect(200);
    assert_eq!(nothing, json!({"next": null, "previous": null, "results": []}));
    let (mug, pot) = (shop.product("Mug").create(), shop.product("Pot").create());

    let whole = guest.get("/api/products/?cursor=&fields=id").await.expect(200);
    assert_eq!(whole, json!({"next": null, "previous": null, "results": [{"id": mug.id}, {"id": pot.id}]}));

    let first = guest.get("/api/products/?cursor=&page_size=1&fields=id&search=o,t&colour=red").await.expect(200);
    assert_eq!((&first["next"], &first["results"]), (&Value::Null, &json!([{"id": pot.id}])), "filters hold");
    let first = guest.get("/api/products/?fields=id&cursor=&limit=1&search=&page=7").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let kept = "http://localhost:8080/api/products/?fields=id&limit=1&search=&page=7&cursor=";
    assert!(next.starts_with(kept), "{next}");
    let second = guest.get(next.trim_start_matches("http://localhost:8080")).await.expect(200);
    assert_eq!((&second["next"], &second["results"]), (&Value::Null, &json!([{"id": pot.id}])));
    assert!(second["previous"].as_str().unwrap().starts_with(kept));
}

#[actix_web::test]
async fn from_a_page_whose_rows_have_all_gone_a_way_leads_back() {
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

/// The cursor behind the first of two orders, and of two products.
async fn cursors(shop: &TestShop, ana: &Client) -> (String, String) {
    let mug = shop.product("Mug").create();
    shop.product("Pot").create();
    for _ in 0..2 {
        placed(ana, &[(&mug, 1)]).await;
    }
    let cursor_of = |page: Value| page["next"].as_str().unwrap().rsplit_once("cursor=").unwrap().1.to_owned();
    let orders = cursor_of(ana.get("/api/orders/?cursor=&page_size=1").await.expect(200));
    (orders, cursor_of(ana.get("/api/products/?cursor=&page_size=1").await.expect(200)))
}

#[actix_web::test]
async fn a_cursor_that_was_changed_or_is_of_another_list_is_404() {
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
        let answer = ana.get(&url).await;
        assert_eq!(answer.expect(404), json!({"detail": "Invalid cursor", "code": "not_found"}), "{url}");
    }
}

#[actix_web::test]
async fn a_cursor_is_good_for_the_same_order_whatever_it_is_called_and_wherever_it_is_read() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let (orders, products) = cursors(&shop, &ana).await;
    let last = column(&ana.get("/api/orders/?page=2&page_size=1").await.expect(200), "id");

    for ordering in ["", "-placed_at", "colour,-placed_at", "colour"] {
        let page = ana.get(&format!("/api/orders/?cursor={orders}&ordering={ordering}")).await.expect(200);
        assert_eq!(column(&page, "id"), last, "{ordering}");
    }
    for url in ["/api/products", "/api/products/"] {
        let page = shop.another_program().await.get(&format!("{url}?cursor={products}&page_size=5")).await.expect(200);
        assert_eq!(column(&page, "name"), ["Pot"], "{url}");
    }
}
