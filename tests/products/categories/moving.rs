//! Moving categories with their descendants.

use futures_util::future::join;
use mercer::products::ids::CategoryId;
use serde_json::{Value, json};

use super::assert_tree_is_consistent;
use crate::support::{Client, TestResponse, TestShop};

async fn move_under(staff: &Client, slug: &str, parent: Option<CategoryId>) -> TestResponse {
    staff.post(&format!("/api/categories/{slug}/move/"), json!({"parent": parent})).await
}

fn level(shop: &TestShop, slug: &str) -> i64 {
    shop.number(&format!("select level from categories where slug = '{slug}'"))
}

/// Kitchen › Drinking › Mugs › Enamel, and Garden.
fn kitchen_and_garden(shop: &TestShop) -> [CategoryId; 5] {
    let kitchen = shop.category("Kitchen", None);
    let drinking = shop.category("Drinking", Some(kitchen));
    let mugs = shop.category("Mugs", Some(drinking));
    let enamel = shop.category("Enamel", Some(mugs));
    let garden = shop.category("Garden", None);
    [kitchen, drinking, mugs, enamel, garden]
}

#[actix_web::test]
async fn moving_a_category_moves_its_descendants() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let [.., garden] = kitchen_and_garden(&shop);

    let moved = move_under(&staff, "drinking", Some(garden)).await.expect(200);

    assert_eq!((&moved["parent"], &moved["level"]), (&json!(garden), &json!(1)));
    assert_eq!(["drinking", "mugs", "enamel"].map(|slug| level(&shop, slug)), [1, 2, 3]);
    let below = staff.get("/api/categories/garden/descendants/").await.expect(200);
    assert_eq!(super::names(&below), ["Drinking", "Mugs", "Enamel"]);
    assert_tree_is_consistent(&shop);
}

#[actix_web::test]
async fn null_parent_makes_a_category_a_root() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    kitchen_and_garden(&shop);

    let moved = move_under(&staff, "mugs", None).await.expect(200);

    assert_eq!((&moved["parent"], &moved["level"]), (&Value::Null, &json!(0)));
    assert_eq!(level(&shop, "enamel"), 1);
    assert_tree_is_consistent(&shop);
}

#[actix_web::test]
async fn category_cannot_be_moved_below_itself() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let [kitchen, _, mugs, enamel, _] = kitchen_and_garden(&shop);
    let before = staff.get("/api/categories/tree/").await.expect(200);
    let expected_error = json!({"parent": ["A category cannot be moved under itself or one of its descendants."]});

    for parent in [kitchen, mugs, enamel] {
        let rejected = move_under(&staff, "kitchen", Some(parent)).await;
        assert_eq!(rejected.expect(400), expected_error);
        let rejected = staff.patch("/api/categories/kitchen/", json!({"parent": parent})).await;
        assert_eq!(rejected.expect(400), expected_error);
    }
    assert_eq!(staff.get("/api/categories/tree/").await.expect(200), before);
    assert_eq!(shop.number("select count(*) from categories where version <> 1"), 0);
}

#[actix_web::test]
async fn move_requires_a_parent() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    kitchen_and_garden(&shop);
    let unknown = "0190aaaa-0000-7000-8000-000000000001";
    let not_found_message = format!("Invalid pk \"{unknown}\" - object does not exist.");
    let cases = [
        (json!({}), "This field is required."),
        (json!({"parent": "garden"}), "Must be a valid UUID."),
        (json!({"parent": unknown}), not_found_message.as_str()),
    ];
    for (body, message) in cases {
        let rejected = staff.post("/api/categories/mugs/move/", body).await;
        assert_eq!(rejected.expect(400), json!({"parent": [message]}));
    }
    assert_eq!(level(&shop, "mugs"), 2);
}

#[actix_web::test]
async fn move_changes_the_sort_order() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    for name in ["Mugs", "Pots"] {
        shop.category(name, Some(kitchen));
    }
    let children = || async { staff.get("/api/categories/kitchen/children/").await.expect(200) };
    assert_eq!(super::names(&children().await), ["Mugs", "Pots"]);

    let body = json!({"parent": kitchen, "sort_order": -1});
    let moved = staff.post("/api/categories/pots/move/", body).await.expect(200);

    assert_eq!((&moved["sort_order"], &moved["level"]), (&json!(-1), &json!(1)));
    assert_eq!(super::names(&children().await), ["Pots", "Mugs"]);
}

#[actix_web::test]
async fn concurrent_moves_cannot_create_a_cycle() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let [mugs, pots] = ["Mugs", "Pots"].map(|name| shop.category(name, None));

    let (first, second) = join(move_under(&staff, "mugs", Some(pots)), move_under(&staff, "pots", Some(mugs))).await;

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_tree_is_consistent(&shop);
}

#[actix_web::test]
async fn category_created_during_a_move_has_the_correct_level() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let [_, drinking, .., garden] = kitchen_and_garden(&shop);
    let below = shop.category("Shed", Some(garden));

    let make = |number: usize| {
        let body = json!({"name": format!("Cups {number}"), "parent": drinking});
        let staff = staff.clone();
        async move { staff.post("/api/categories/", body).await.expect(201) }
    };
    let created = futures_util::future::join_all((0..4).map(make));
    let (moved, _) = join(move_under(&staff, "drinking", Some(below)), created).await;

    moved.expect(200);
    assert_tree_is_consistent(&shop);
    assert_eq!(shop.number("select count(*) from categories where level = 3 and name like 'Cups %'"), 4);
}
