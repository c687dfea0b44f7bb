//! The tree endpoint: order, size and cache.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text};
use mercer::products::ids::CategoryId;
use serde_json::{Value, json};

use super::assert_tree_is_consistent;
use crate::support::{Client, TestShop};

async fn tree(client: &Client) -> Value {
    client.get("/api/categories/tree/").await.expect(200)
}

/// Formats a tree such as `Kitchen(Mugs()Pots())Garden()`.
fn format_tree(forest: &Value) -> String {
    let nodes = forest.as_array().unwrap().iter();
    nodes.map(|node| format!("{}({})", node["name"].as_str().unwrap(), format_tree(&node["children"]))).collect()
}

#[actix_web::test]
async fn category_tree_is_sorted() {
    let shop = TestShop::new().await;
    let kitchen = shop.category("Kitchen", None);
    let garden = shop.category("Garden", None);
    let pots = shop.category("Pots", Some(kitchen));
    shop.category("Mugs", Some(kitchen));
    shop.category("Cast iron", Some(pots));
    shop.execute("update categories set sort_order = 0 where slug in ('kitchen', 'garden')");

    let forest = tree(&shop.anonymous()).await;

    assert_eq!(format_tree(&forest), "Garden()Kitchen(Pots(Cast iron())Mugs())", "by sort order, then name");
    assert_eq!(forest[0], json!({"id": garden, "name": "Garden", "slug": "garden", "level": 0, "children": []}));
}

#[actix_web::test]
async fn tree_without_categories_is_empty() {
    let shop = TestShop::new().await;
    assert_eq!(tree(&shop.anonymous()).await, json!([]));
}

#[actix_web::test]
async fn category_changes_appear_in_the_tree_immediately() {
    let shop = TestShop::new().await;
    let (guest, staff) = (shop.anonymous(), shop.staff().await);
    let kitchen = shop.category("Kitchen", None);
    assert_eq!(format_tree(&tree(&guest).await), "Kitchen()");

    staff.post("/api/categories/", json!({"name": "Mugs", "parent": kitchen})).await.expect(201);
    assert_eq!(format_tree(&tree(&guest).await), "Kitchen(Mugs())");
    staff.patch("/api/categories/mugs/", json!({"name": "Cups"})).await.expect(200);
    assert_eq!(format_tree(&tree(&guest).await), "Kitchen(Cups())");
    staff.patch("/api/categories/mugs/", json!({"slug": "cups"})).await.expect(200);
    assert_eq!(tree(&guest).await[0]["children"][0]["slug"], "cups");
    staff.put("/api/categories/cups/", json!({"name": "Bowls", "parent": kitchen})).await.expect(200);
    assert_eq!(format_tree(&tree(&guest).await), "Kitchen(Bowls())");
    staff.post("/api/categories/cups/move/", json!({"parent": null, "sort_order": -1})).await.expect(200);
    assert_eq!(format_tree(&tree(&guest).await), "Bowls()Kitchen()");
    staff.delete("/api/categories/kitchen/").await.expect(204);
    assert_eq!(format_tree(&tree(&guest).await), "Bowls()");
    staff.delete("/api/categories/cups/").await.expect(204);
    assert_eq!(tree(&guest).await, json!([]));
}

#[actix_web::test]
async fn replacing_a_category_changes_the_tree() {
    let shop = TestShop::new().await;
    let (guest, staff) = (shop.anonymous(), shop.staff().await);
    shop.category("Mugs", None);
    assert_eq!(format_tree(&tree(&guest).await), "Mugs()");

    staff.delete("/api/categories/mugs/").await.expect(204);
    shop.category("Pots", None);

    assert_eq!(format_tree(&tree(&guest).await), "Pots()", "the number of categories and versions is the same");
}

/// Inserts the Google taxonomy with SQL. Returns its number of rows, or `None` if the file does not exist.
fn insert_taxonomy(shop: &TestShop) -> Option<usize> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/google_taxonomy.csv");
    if !file.is_file() {
        return None;
    }
    let mut names = Vec::new();
    let mut ids = Vec::new();
    let mut parents = Vec::new();
    for row in csv::Reader::from_path(file).unwrap().deserialize() {
        let (id, parent, name, _): (String, Option<String>, String, String) = row.unwrap();
        ids.push(id);
        parents.push(parent);
        names.push(name);
    }
    shop.sql(|conn| {
        diesel::sql_query(
            "with recursive rows as ( \
                 select * from unnest($1::text[], $2::text[], $3::text[]) as r (id, parent, name)), \
             down as ( \
                 select id, parent, name, 0 as level from rows where parent is null \
                 union all \
                 select r.id, r.parent, r.name, d.level + 1 from rows r join down d on r.parent = d.id) \
             insert into categories (id, parent_id, level, name, slug, created_at, updated_at) \
             select md5(id)::uuid, md5(parent)::uuid, level, name, 'category-' || id, now(), now() from down order by level",
        )
        .bind::<Array<Text>, _>(&ids)
        .bind::<Array<Nullable<Text>>, _>(&parents)
        .bind::<Array<Text>, _>(&names)
        .execute(conn)
    });
    Some(ids.len())
}

fn size(forest: &Value) -> usize {
    let nodes = forest.as_array().unwrap().iter();
    nodes.map(|node| 1 + size(&node["children"])).sum()
}

#[actix_web::test]
async fn large_tree_is_returned_completely() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let Some(rows) = insert_taxonomy(&shop) else {
        eprintln!("SKIPPED: ../shared/data/google_taxonomy.csv does not exist");
        return;
    };
    assert_eq!(rows, 5595);
    assert_tree_is_consistent(&shop);

    let forest = tree(&guest).await;
    assert_eq!(size(&forest), rows);
    assert_eq!(tree(&guest).await, forest, "also from the cache");
    let roots = forest.as_array().unwrap().len();
    let list = guest.get("/api/categories/?level=0&page_size=1000").await.expect(200);
    assert_eq!(list["count"], json!(roots));
}

#[actix_web::test]
async fn large_subtree_is_moved_completely() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    if insert_taxonomy(&shop).is_none() {
        eprintln!("SKIPPED: ../shared/data/google_taxonomy.csv does not exist");
        return;
    }
    let everything: CategoryId = shop.category("Everything", None);
    let roots = staff.get("/api/categories/?level=0&page_size=1000").await.expect(200);
    for root in roots["results"].as_array().unwrap().iter().take(5) {
        if root["id"] != json!(everything) {
            let url = format!("/api/categories/{}/move/", root["id"].as_str().unwrap());
            staff.post(&url, json!({"parent": everything})).await.expect(200);
        }
    }
    assert_tree_is_consistent(&shop);
}
