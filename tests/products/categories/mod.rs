//! Categories: making, changing and deleting them.

mod moving;
mod reading;
mod tree;

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::TestShop;

/// Nobody sits above themselves, and everybody is one level below their parent.
fn assert_sound(shop: &TestShop) {
    let wrong_levels = "select count(*) from categories c left join categories p on p.id = c.parent_id \
                        where c.level <> coalesce(p.level + 1, 0)";
    assert_eq!(shop.number(wrong_levels), 0, "levels follow the parents");
    let reached = "with recursive down as ( \
                       select id from categories where parent_id is null \
                       union select c.id from categories c join down on c.parent_id = down.id) \
                   select count(*) from down";
    let all = shop.number("select count(*) from categories");
    assert_eq!(shop.number(reached), all, "every category hangs below a root");
}

fn names(list: &Value) -> Vec<&str> {
    let rows = list["results"].as_array().or_else(|| list.as_array()).unwrap();
    rows.iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_category_is_made_with_its_defaults() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let answer = staff.post("/api/categories/", json!({"name": " Mugs & Cups "})).await;

    let made = answer.expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/api/categories/{id}/").as_str()));
    assert_eq!(
        made,
        json!({
            "id": id, "name": "Mugs & Cups", "slug": "mugs-cups", "description": "", "parent": null, "level": 0,
            "sort_order": 0, "product_count": 0, "created_at": made["created_at"], "updated_at": made["created_at"],
        })
    );
}

#[actix_web::test]
async fn a_category_below_another_goes_behind_its_siblings() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    shop.category("Pots", Some(kitchen));

    let body = json!({"name": "Mugs", "slug": "our-mugs", "description": "To drink from", "parent": kitchen});
    let made = staff.post("/api/categories/", body).await.expect(201);

    assert_eq!(made["slug"], "our-mugs");
    assert_eq!(made["description"], "To drink from");
    assert_eq!(made["parent"], json!(kitchen));
    assert_eq!((&made["level"], &made["sort_order"]), (&json!(1), &json!(1)));
}

#[actix_web::test]
async fn a_category_answers_to_its_id_and_to_its_slug() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let mugs = shop.category("Mugs", None);
    shop.product("Mug").in_category(mugs).create();
    shop.product("Old mug").in_category(mugs).inactive().create();

    let by_id = guest.get(&format!("/api/categories/{mugs}/")).await.expect(200);
    let by_slug = guest.get("/api/categories/mugs/").await.expect(200);

    assert_eq!(by_id, by_slug);
    assert_eq!(by_id["product_count"], 1, "only what is on sale");
}

#[actix_web::test]
async fn what_is_no_category_is_not_found() {
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
async fn a_slug_is_numbered_when_its_name_is_taken() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mut slugs = Vec::new();
    for name in ["Mugs", "Mugs", "mugs!", "Tree", "Tree", "!!!"] {
        let made = staff.post("/api/categories/", json!({"name": name})).await.expect(201);
        slugs.push(made["slug"].as_str().unwrap().to_owned());
    }
    assert_eq!(slugs, ["mugs", "mugs-2", "mugs-3", "tree-1", "tree-1-2", "item"]);
}

#[actix_web::test]
async fn a_slug_that_cannot_be_is_refused() {
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
        let refused = staff.post("/api/categories/", json!({"name": "Cups", "slug": slug})).await;
        assert_eq!(refused.expect(400), json!({"slug": [message]}), "{slug:?}");
    }
    assert_eq!(shop.number("select count(*) from categories"), 1);
}

#[actix_web::test]
async fn all_that_is_wrong_with_a_category_is_told_at_once() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({"name": "", "slug": "a b", "description": 5, "parent": "x", "sort_order": "1.5"});

    let refused = staff.post("/api/categories/", body).await.expect(400);

    assert_eq!(
        refused,
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
async fn a_parent_that_does_not_exist_is_refused() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let nobody = "0190aaaa-0000-7000-8000-000000000001";

    let refused = staff.post("/api/categories/", json!({"name": "Mugs", "parent": nobody})).await;

    let message = format!("Invalid pk \"{nobody}\" - object does not exist.");
    assert_eq!(refused.expect(400), json!({"parent": [message]}));
    assert_eq!(shop.number("select count(*) from categories"), 0);
}

#[actix_web::test]
async fn two_staff_who_make_the_same_slug_at_once_make_one() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({"name": "Mugs", "slug": "mugs"});

    let answers = join(staff.post("/api/categories/", body.clone()), staff.post("/api/categories/", body)).await;

    let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    assert_eq!(shop.number("select count(*) from categories"), 1);
}

#[actix_web::test]
async fn two_staff_who_use_the_same_name_at_once_get_two_slugs() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let make = || staff.post("/api/categories/", json!({"name": "Mugs"}));

    let (first, second) = join(make(), make()).await;

    let mut slugs = [first.expect(201), second.expect(201)].map(|made| made["slug"].as_str().unwrap().to_owned());
    slugs.sort();
    assert_eq!(slugs, ["mugs", "mugs-2"]);
    assert_eq!(shop.number("select count(distinct sort_order) from categories"), 2);
}

#[actix_web::test]
async fn patch_changes_only_what_is_sent() {
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
    assert_eq!(after, expected, "slug, parent and place stay");
}

#[actix_web::test]
async fn put_empties_what_is_left_out() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    let body = json!({"name": "Mugs", "description": "To drink from", "parent": kitchen, "sort_order": 7});
    let made = staff.post("/api/categories/", body).await.expect(201);

    let url = format!("/api/categories/{}/", made["id"].as_str().unwrap());
    let put = staff.put(&url, json!({"name": "Cups"})).await.expect(200);

    assert_eq!(put["description"], "");
    assert_eq!((&put["parent"], &put["level"]), (&Value::Null, &json!(0)));
    assert_eq!((&put["slug"], &put["sort_order"]), (&json!("mugs"), &json!(7)));
}

#[actix_web::test]
async fn what_was_read_can_be_sent_back() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    let mugs = shop.category("Mugs", Some(kitchen));
    let url = format!("/api/categories/{mugs}/");
    let mut before = staff.get(&url).await.expect(200);

    let put = staff.put(&url, before.clone()).await.expect(200);
    let mut lie = put.clone();
    lie["level"] = json!(9);
    lie["product_count"] = json!(9);
    lie["id"] = json!(kitchen);
    lie["unknown"] = json!({});
    let patched = staff.patch(&url, lie).await.expect(200);

    before["updated_at"] = patched["updated_at"].clone();
    assert_eq!(patched, before);
}

#[actix_web::test]
async fn a_category_with_anything_in_it_is_not_deleted() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    for name in ["Mugs", "Pots"] {
        shop.category(name, Some(kitchen));
    }
    let mug = shop.product("Mug").in_category(kitchen).create();
    shop.product("Pot").in_category(kitchen).inactive().create();
    staff.delete(&format!("/api/products/{}/", mug.id)).await.expect(204);

    let refused = staff.delete("/api/categories/kitchen/").await;

    assert_eq!(
        refused.expect(409),
        json!({
            "detail": "The category has 2 subcategories and 2 products.", "code": "protected",
            "children": 2, "products": 2,
        }),
        "archived and inactive products count"
    );
    assert_eq!(shop.number("select count(*) from categories"), 3);
}

#[actix_web::test]
async fn an_empty_category_is_deleted() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.category("Mugs", None);

    let answer = staff.delete("/api/categories/mugs/").await;

    answer.expect(204);
    assert!(answer.body.is_empty());
    assert_eq!(shop.number("select count(*) from categories"), 0);
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'category.deleted'"), 1);
}

#[actix_web::test]
async fn a_category_into_which_a_product_is_just_being_filed_is_not_deleted() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    shop.product("Mug").create();
    let mut filing = shop.database.connect();
    execute(&mut filing, "begin");
    execute(&mut filing, &format!("update products set category_id = '{mugs}'"));

    let filed = async {
        shop.until_somebody_waits().await;
        execute(&mut filing, "commit");
    };
    let (refused, ()) = join(staff.delete("/api/categories/mugs/"), filed).await;

    assert_eq!(
        refused.expect(409),
        json!({
            "detail": "The category has 0 subcategories and 1 products.", "code": "protected",
            "children": 0, "products": 1,
        })
    );
}

#[actix_web::test]
async fn only_staff_change_the_tree() {
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
