//! The whole tree: its order, its size, and that it is never stale.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text};
use mercer::platform::types::CategoryId;
use serde_json::{Value, json};

use super::assert_sound;
use crate::support::{Client, TestShop};

async fn tree(client: &Client) -> Value {
    client.get("/api/categories/tree/").await.expect(200)
}

/// `Kitchen(Mugs,Pots)Garden()`.
fn sketch(forest: &Value) -> String {
    let nodes = forest.as_array().unwrap().iter();
    nodes.map(|node| format!("{}({})", node["name"].as_str().unwrap(), sketch(&node["children"]))).collect()
}

#[actix_web::test]
async fn the_tree_stands_in_order() {
    let shop = TestShop::new().await;
    let kitchen = shop.category("Kitchen", None);
    let garden = shop.category("Garden", None);
    let pots = shop.category("Pots", Some(kitchen));
    shop.category("Mugs", Some(kitchen));
    shop.category("Cast iron", Some(pots));
    shop.execute("update categories set sort_order = 0 where slug in ('kitchen', 'garden')");

    let forest = tree(&shop.anonymous()).await;

    assert_eq!(sketch(&forest), "Garden()Kitchen(Pots(Cast iron())Mugs())", "by place, then name");
    assert_eq!(forest[0], json!({"id": garden, "name": "Garden", "slug": "garden", "level": 0, "children": []}));
}

#[actix_web::test]
async fn a_shop_without_categories_has_an_empty_tree() {
    let shop = TestShop::new().await;
    assert_eq!(tree(&shop.anonymous()).await, json!([]));
}

#[actix_web::test]
async fn the_tree_is_never_stale() {
    let shop = TestShop::new().await;
    let (guest, staff) = (shop.anonymous(), shop.staff().await);
    let kitchen = shop.category("Kitchen", None);
    assert_eq!(sketch(&tree(&guest).await), "Kitchen()");

    staff.post("/api/categories/", json!({"name": "Mugs", "parent": kitchen})).await.expect(201);
    assert_eq!(sketch(&tree(&guest).await), "Kitchen(Mugs())");
    staff.patch("/api/categories/mugs/", json!({"name": "Cups"})).await.expect(200);
    assert_eq!(sketch(&tree(&guest).await), "Kitchen(Cups())");
    staff.patch("/api/categories/mugs/", json!({"slug": "cups"})).await.expect(200);
    assert_eq!(tree(&guest).await[0]["children"][0]["slug"], "cups");
    staff.put("/api/categories/cups/", json!({"name": "Bowls", "parent": kitchen})).await.expect(200);
    assert_eq!(sketch(&tree(&guest).await), "Kitchen(Bowls())");
    staff.post("/api/categories/cups/move/", json!({"parent": null, "sort_order": -1})).await.expect(200);
    assert_eq!(sketch(&tree(&guest).await), "Bowls()Kitchen()");
    staff.delete("/api/categories/kitchen/").await.expect(204);
    assert_eq!(sketch(&tree(&guest).await), "Bowls()");
    staff.delete("/api/categories/cups/").await.expect(204);
    assert_eq!(tree(&guest).await, json!([]));
}

#[actix_web::test]
async fn a_tree_that_lost_one_category_and_won_another_is_another_tree() {
    let shop = TestShop::new().await;
    let (guest, staff) = (shop.anonymous(), shop.staff().await);
    shop.category("Mugs", None);
    assert_eq!(sketch(&tree(&guest).await), "Mugs()");

    staff.delete("/api/categories/mugs/").await.expect(204);
    shop.category("Pots", None);

    assert_eq!(sketch(&tree(&guest).await), "Pots()", "as many categories, of as many versions");
}

/// Fills in the published taxonomy past the API; none where it does not lie beside the repository.
fn fill_in_taxonomy(shop: &TestShop) -> Option<usize> {
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
async fn a_large_tree_is_answered_whole() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let Some(rows) = fill_in_taxonomy(&shop) else {
        eprintln!("SKIPPED: ../shared/data/google_taxonomy.csv is not there");
        return;
    };
    assert_eq!(rows, 5595);
    assert_sound(&shop);

    let forest = tree(&guest).await;
    assert_eq!(size(&forest), rows);
    assert_eq!(tree(&guest).await, forest, "from the cache as well");
    let roots = forest.as_array().unwrap().len();
    let list = guest.get("/api/categories/?level=0&page_size=1000").await.expect(200);
    assert_eq!(list["count"], json!(roots));
}

#[actix_web::test]
async fn a_large_subtree_is_moved_whole() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    if fill_in_taxonomy(&shop).is_none() {
        eprintln!("SKIPPED: ../shared/data/google_taxonomy.csv is not there");
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
    assert_sound(&shop);
}
