//! Groups of customers.

use futures_util::join;
use serde_json::{Value, json};

use crate::support::TestShop;

const GROUPS: &str = "/api/customer-groups/";
const NOBODY: &str = "0190aaaa-0000-7000-8000-00000000dead";

fn url(group: &Value, behind: &str) -> String {
    format!("{GROUPS}{}/{behind}", group["id"].as_str().unwrap())
}

#[actix_web::test]
async fn a_group_is_made_read_changed_and_deleted() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let body = json!({"name": " Wholesale ", "metadata": {"discount": "5"}});

    let group = staff.post(GROUPS, body).await.expect(201);
    assert_eq!(
        group,
        json!({
            "id": group["id"], "name": "Wholesale", "description": "", "member_count": 0,
            "metadata": {"discount": "5"}, "created_at": group["created_at"], "updated_at": group["updated_at"],
        })
    );
    let changed = staff.patch(&url(&group, ""), json!({"description": "Large orders"})).await.expect(200);
    assert_eq!((&changed["description"], &changed["name"]), (&json!("Large orders"), &json!("Wholesale")));
    let replaced = staff.put(&url(&group, ""), json!({"name": "Trade"})).await.expect(200);
    assert_eq!((&replaced["description"], &replaced["metadata"]), (&json!(""), &json!({})));
    assert_eq!(staff.get(&url(&group, "")).await.expect(200), replaced);
    assert_eq!(staff.get(GROUPS).await.expect(200)["results"], json!([replaced]));

    staff.post(&url(&group, "members/"), json!({"customers": [ana.customer]})).await.expect(200);
    assert_eq!(staff.delete(&url(&group, "")).await.status, 204);
    assert_eq!(staff.get(&url(&group, "")).await.expect(404)["code"], "not_found");
    assert_eq!(shop.number("select count(*) from customer_group_members"), 0);
    assert_eq!(shop.number("select count(*) from customers"), 2, "the customers stay");
}

#[actix_web::test]
async fn of_two_groups_of_one_name_made_at_once_one_is() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let (one, other) =
        join!(staff.post(GROUPS, json!({"name": "Wholesale"})), staff.post(GROUPS, json!({"name": "Wholesale"})));

    let refused = if one.status == 201 { other } else { one };
    assert_eq!(refused.expect(400), json!({"name": ["customer group with this name already exists."]}));
    assert_eq!(shop.number("select count(*) from customer_groups"), 1);
}

#[actix_web::test]
async fn members_are_added_once_and_removed() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let group = staff.post(GROUPS, json!({"name": "Friends"})).await.expect(201);
    let members = url(&group, "members/");

    let both = json!({"customers": [ana.customer, ben.customer, ana.customer]});
    assert_eq!(staff.post(&members, both.clone()).await.expect(200)["member_count"], 2);
    assert_eq!(staff.post(&members, both).await.expect(200)["member_count"], 2);
    let list = staff.get(&format!("{members}?expand=customer&customer={}", ana.customer)).await.expect(200);
    assert_eq!((&list["count"], &list["results"][0]["customer"]["email"]), (&json!(1), &json!("ana@example.com")));

    let remove = url(&group, "members/remove/");
    let left = staff.post(&remove, json!({"customers": [ana.customer, staff.customer]})).await.expect(200);
    assert_eq!(left["member_count"], 1);
    let told = "select count(*) from audit_entries where action like 'customer_group.members_%'";
    assert_eq!(shop.number(told), 2, "what changes nothing is not written down");
}

#[actix_web::test]
async fn all_members_are_added_or_none() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let group = staff.post(GROUPS, json!({"name": "Friends"})).await.expect(201);
    let members = url(&group, "members/");

    let told = staff.post(&members, json!({"customers": [ana.customer, NOBODY]})).await.expect(400);
    let unknown = format!("Invalid pk \"{NOBODY}\" - object does not exist.");
    assert_eq!(told, json!({"customers": {"1": [unknown]}}));
    for customers in [json!([]), json!(["x"]), json!(vec![NOBODY; 501]), json!(null), json!("x")] {
        assert_eq!(staff.post(&members, json!({"customers": customers})).await.status, 400, "{customers}");
    }
    let nowhere = format!("{GROUPS}{NOBODY}/members/");
    assert_eq!(staff.post(&nowhere, json!({"customers": [ana.customer]})).await.status, 404);
    assert_eq!(staff.get(&nowhere).await.status, 404);

    assert_eq!(shop.number("select count(*) from customer_group_members"), 0);
}

#[actix_web::test]
async fn customers_know_of_no_groups() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let group = staff.post(GROUPS, json!({"name": "Friends"})).await.expect(201);

    let members = json!({"customers": [ana.customer]});
    let answers = [
        ana.get(GROUPS).await,
        ana.get(&url(&group, "")).await,
        ana.get(&url(&group, "members/")).await,
        ana.post(&url(&group, "members/"), members).await,
        ana.delete(&url(&group, "")).await,
    ];

    for answer in answers {
        assert_eq!(answer.expect(403)["code"], "permission_denied");
    }
    assert_eq!(shop.number("select count(*) from customer_group_members"), 0);
}

#[actix_web::test]
async fn a_group_that_was_changed_since_it_was_seen_is_not_overwritten() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let group = staff.post(GROUPS, json!({"name": "Friends"})).await.expect(201);
    let seen = staff.get(&url(&group, "")).await.header("etag").unwrap().to_owned();
    staff.patch(&url(&group, ""), json!({"name": "Family"})).await.expect(200);

    let late = staff.with_header("if-match", &seen);
    assert_eq!(late.patch(&url(&group, ""), json!({"name": "Others"})).await.status, 412);
    assert_eq!(late.delete(&url(&group, "")).await.status, 412);

    assert_eq!(staff.get(&url(&group, "")).await.expect(200)["name"], "Family");
}

#[actix_web::test]
async fn a_customer_who_is_forgotten_leaves_all_groups() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let group = staff.post(GROUPS, json!({"name": "Friends"})).await.expect(201);
    let members = json!({"customers": [ana.customer, ben.customer]});
    staff.post(&url(&group, "members/"), members).await.expect(200);

    shop.sql(|conn| mercer::customers::customer_groups::forget(conn, ana.customer));

    let list = staff.get(&url(&group, "members/")).await.expect(200);
    assert_eq!((&list["count"], &list["results"][0]["customer"]), (&json!(1), &json!(ben.customer)));
}
