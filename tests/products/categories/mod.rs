//! Categories: create, update and delete.

mod moving;
mod reading;
mod tree;

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::TestShop;

/// Asserts that each level is one more than the parent's, and that every category has a root as ancestor.
fn assert_tree_is_consistent(shop: &TestShop) {
    let wrong_levels = "select count(*) from categories c left join categories p on p.id = c.parent_id \
                        where c.level <> coalesce(p.level + 1, 0)";
    assert_eq!(shop.number(wrong_levels), 0, "each level is one more than the level of the parent");
    let reached = "with recursive down as ( \
                       select id from categories where parent_id is null \
                       union select c.id from categories c join down on c.parent_id = down.id) \
                   select count(*) from down";
    let all = shop.number("select count(*) from categories");
    assert_eq!(shop.number(reached), all, "every category has a root as ancestor");
}

fn names(list: &Value) -> Vec<&str> {
    let rows = list["results"].as_array().or_else(|| list.as_array()).unwrap();
    rows.iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn category_is_created_with_defaults() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let response = staff.post("/api/categories/", json!({"name": " Mugs & Cups "})).await;

    let created = response.expect(201);
    let id = created["id"].as_str().unwrap();
    assert_eq!(response.header("location"), Some(format!("/api/categories/{id}/").as_str()));
    assert_eq!(
        created,
        json!({
            "id": id, "name": "Mugs & Cups", "slug": "mugs-cups", "description": "", "parent": null, "level": 0,
            "sort_order": 0, "product_count": 0, "created_at": created["created_at"], "updated_at": created["created_at"],
        })
    );
}

#[actix_web::test]
async fn new_category_is_placed_after_its_siblings() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    shop.category("Pots", Some(kitchen));

    let body = json!({"name": "Mugs", "slug": "our-mugs", "description": "To drink from", "parent": kitchen});
    let created = staff.post("/api/categories/", body).await.expect(201);

    assert_eq!(created["slug"], "our-mugs");
    assert_eq!(created["description"], "To drink from");
    assert_eq!(created["parent"], json!(kitchen));
    assert_eq!((&created["level"], &created["sort_order"]), (&json!(1), &json!(1)));
}

#[actix_web::test]
async fn category_is_found_by_id_and_by_slug() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let mugs = shop.category("Mugs", None);
    shop.product("Mug").in_category(mugs).create();
    shop.product("Old mug").in_category(mugs).inactive().create();

    let by_id = guest.get(&format!("/api/categories/{mugs}/")).await.expect(200);
    let by_slug = guest.get("/api/categories/mugs/").await.expect(200);

    assert_eq!(by_id, by_slug);
    assert_eq!(by_id["product_count"], 1, "only active products count");
}

#[actix_web::test]
async fn unknown_category_is_not_found() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let not_found = json!({"detail": "Not found.", "code": "not_found"});
    for reference in ["cups", "0190aaaa-0000-7000-8000-000000000001", "No%20slug", "%00"] {
        let url = format!("/api/categories/{reference}/");
        assert_eq!(staff.get(&url).await.expect(404), not_found, "{reference}");
        assert_eq!(staff.patch(&url, json!({"name": "x"})).await.expect(404), not_found);
        assert_eq!(staff.delete(&url).await.expect(404), not_found);
        for below in ["children", "descendants", "ancestors", "products", "price-summary"] {
            assert_eq!(staff.get(&format!("{url}{below}/")).await.expect(404), not_found, "{below}");
        }
    }
}

#[actix_web::test]
async fn generated_category_slug_is_numbered_if_taken() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mut slugs = Vec::new();
    for name in ["Mugs", "Mugs", "mugs!", "Tree", "Tree", "!!!"] {
        let created = staff.post("/api/categories/", json!({"name": name})).await.expect(201);
        slugs.push(created["slug"].as_str().unwrap().to_owned());
    }
    assert_eq!(slugs, ["mugs", "mugs-2", "mugs-3", "tree-1", "tree-1-2", "item"]);
}

#[actix_web::test]
async fn invalid_category_slug_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.category("Mugs", None);
    let not_a_slug = "Enter a valid \"slug\" consisting of lower-case letters, numbers, underscores or hyphens.";
    let cases = [
        ("mugs", "category with this slug already exists."),
        ("tree", "\"tree\" is reserved."),
        ("price-summary", "\"price-summary\" is reserved."),
        ("0190aaaa-0000-7000-8000-000000000001", "\"0190aaaa-0000-7000-8000-000000000001\" is reserved."),
        ("Mugs", not_a_slug),
        ("a b", not_a_slug),
        ("", "This field may not be blank."),
    ];
    for (slug, message) in cases {
        let rejected = staff.post("/api/categories/", json!({"name": "Cups", "slug": slug})).await;
        assert_eq!(rejected.expect(400), json!({"slug": [message]}), "{slug:?}");
    }
    assert_eq!(shop.number("select count(*) from categories"), 1);
}

#[actix_web::test]
async fn all_errors_of_a_category_are_reported_together() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({"name": "", "slug": "a b", "description": 5, "parent": "x", "sort_order": "1.5"});

    let rejected = staff.post("/api/categories/", body).await.expect(400);

    assert_eq!(
        rejected,
        json!({
            "name": ["This field may not be blank."],
            "slug": ["Enter a valid \"slug\" consisting of lower-case letters, numbers, underscores or hyphens."],
            "parent": ["Must be a valid UUID."],
            "sort_order": ["A valid integer is required."],
        })
    );
    assert_eq!(shop.number("select count(*) from categories"), 0);
}

#[actix_web::test]
async fn unknown_parent_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let unknown = "0190aaaa-0000-7000-8000-000000000001";

    let rejected = staff.post("/api/categories/", json!({"name": "Mugs", "parent": unknown})).await;

    let message = format!("Invalid pk \"{unknown}\" - object does not exist.");
    assert_eq!(rejected.expect(400), json!({"parent": [message]}));
    assert_eq!(shop.number("select count(*) from categories"), 0);
}

#[actix_web::test]
async fn concurrent_categories_with_one_slug_create_one() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({"name": "Mugs", "slug": "mugs"});

    let responses = join(staff.post("/api/categories/", body.clone()), staff.post("/api/categories/", body)).await;

    let mut statuses = [responses.0.status.as_u16(), responses.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    assert_eq!(shop.number("select count(*) from categories"), 1);
}

#[actix_web::test]
async fn concurrent_categories_with_one_name_get_two_slugs() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let make = || staff.post("/api/categories/", json!({"name": "Mugs"}));

    let (first, second) = join(make(), make()).await;

    let mut slugs = [first.expect(201), second.expect(201)].map(|created| created["slug"].as_str().unwrap().to_owned());
    slugs.sort();
    assert_eq!(slugs, ["mugs", "mugs-2"]);
    assert_eq!(shop.number("select count(distinct sort_order) from categories"), 2);
}

#[actix_web::test]
async fn patch_changes_only_the_sent_fields() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    let mugs = shop.category("Mugs", Some(kitchen));
    let url = format!("/api/categories/{mugs}/");
    let before = staff.get(&url).await.expect(200);

    let after = staff.patch(&url, json!({"name": "Cups"})).await.expect(200);

    let mut expected = before;
    expected["name"] = json!("Cups");
    expected["updated_at"] = after["updated_at"].clone();
    assert_eq!(after, expected, "slug, parent and sort order are unchanged");
}

#[actix_web::test]
async fn put_keeps_absent_fields() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    let body = json!({"name": "Mugs", "description": "To drink from", "parent": kitchen, "sort_order": 7});
    let created = staff.post("/api/categories/", body).await.expect(201);

    let url = format!("/api/categories/{}/", created["id"].as_str().unwrap());
    let put = staff.put(&url, json!({"name": "Cups"})).await.expect(200);

    let mut expected = created;
    expected["name"] = json!("Cups");
    expected["updated_at"] = put["updated_at"].clone();
    assert_eq!(put, expected);
    let root = staff.put(&url, json!({"name": "Cups", "parent": null})).await.expect(200);
    assert_eq!((&root["parent"], &root["level"]), (&Value::Null, &json!(0)));
    staff.put(&url, json!({"description": ""})).await.expect(400);
}

#[actix_web::test]
async fn response_is_accepted_as_a_request_body() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    let mugs = shop.category("Mugs", Some(kitchen));
    let url = format!("/api/categories/{mugs}/");
    let mut before = staff.get(&url).await.expect(200);

    let put = staff.put(&url, before.clone()).await.expect(200);
    let mut modified = put.clone();
    modified["level"] = json!(9);
    modified["product_count"] = json!(9);
    modified["id"] = json!(kitchen);
    modified["unknown"] = json!({});
    let patched = staff.patch(&url, modified).await.expect(200);

    before["updated_at"] = patched["updated_at"].clone();
    assert_eq!(patched, before);
}

#[actix_web::test]
async fn category_with_content_is_not_deleted() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    for name in ["Mugs", "Pots"] {
        shop.category(name, Some(kitchen));
    }
    let mug = shop.product("Mug").in_category(kitchen).create();
    shop.product("Pot").in_category(kitchen).inactive().create();
    staff.delete(&format!("/api/products/{}/", mug.id)).await.expect(204);

    let rejected = staff.delete("/api/categories/kitchen/").await;

    assert_eq!(
        rejected.expect(409),
        json!({
            "detail": "The category cannot be deleted because it contains 2 subcategories and 2 products.", "code": "protected",
            "children": 2, "products": 2,
        }),
        "archived and inactive products count"
    );
    assert_eq!(shop.number("select count(*) from categories"), 3);
}

#[actix_web::test]
async fn empty_category_is_deleted() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.category("Mugs", None);

    let response = staff.delete("/api/categories/mugs/").await;

    response.expect(204);
    assert!(response.body.is_empty());
    assert_eq!(shop.number("select count(*) from categories"), 0);
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'category.deleted'"), 1);
}

#[actix_web::test]
async fn category_is_not_deleted_while_a_product_is_assigned_to_it() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    shop.product("Mug").create();
    let mut other_connection = shop.database.connect();
    execute(&mut other_connection, "begin");
    execute(&mut other_connection, &format!("update products set category_id = '{mugs}'"));

    let commit = async {
        shop.wait_for_blocked_statement().await;
        execute(&mut other_connection, "commit");
    };
    let (rejected, ()) = join(staff.delete("/api/categories/mugs/"), commit).await;

    assert_eq!(
        rejected.expect(409),
        json!({
            "detail": "The category cannot be deleted because it contains 0 subcategories and 1 products.", "code": "protected",
            "children": 0, "products": 1,
        })
    );
}

#[actix_web::test]
async fn category_writes_require_staff_permissions() {
    let shop = TestShop::new().await;
    let (guest, ana) = (shop.anonymous(), shop.customer("ana").await);
    shop.category("Mugs", None);
    for (client, status) in [(&guest, 401), (&*ana, 403)] {
        client.post("/api/categories/", json!({"name": "Cups"})).await.expect(status);
        client.put("/api/categories/mugs/", json!({"name": "Cups"})).await.expect(status);
        client.patch("/api/categories/mugs/", json!({"name": "Cups"})).await.expect(status);
        client.post("/api/categories/mugs/move/", json!({"parent": null})).await.expect(status);
        client.delete("/api/categories/mugs/").await.expect(status);
    }
    assert_eq!(shop.number("select count(*) from categories where name = 'Mugs' and version = 1"), 1);
}

fn execute(conn: &mut diesel::PgConnection, statement: &str) {
    diesel::connection::SimpleConnection::batch_execute(conn, statement).unwrap();
}
