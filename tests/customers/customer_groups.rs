//! Customer groups.

use futures_util::join;
use mercer::customers::customer_groups::GroupData;
use mercer::platform::personal_data::PersonalData;
use serde_json::{Value, json};

use crate::support::TestShop;

const GROUPS: &str = "/api/customer-groups/";
const UNKNOWN_ID: &str = "0190aaaa-0000-7000-8000-00000000dead";

fn url(group: &Value, suffix: &str) -> String {
    format!("{GROUPS}{}/{suffix}", group["id"].as_str().unwrap())
}

#[actix_web::test]
async fn group_is_created_read_updated_and_deleted() {
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
    let updated = staff.patch(&url(&group, ""), json!({"description": "Large orders"})).await.expect(200);
    assert_eq!((&updated["description"], &updated["name"]), (&json!("Large orders"), &json!("Wholesale")));
    assert_eq!(staff.get(&url(&group, "")).await.expect(200), updated);
    assert_eq!(staff.get(GROUPS).await.expect(200)["results"], json!([updated]));

    staff.post(&url(&group, "members/"), json!({"customers": [ana.customer]})).await.expect(200);
    assert_eq!(staff.delete(&url(&group, "")).await.status, 204);
    assert_eq!(staff.get(&url(&group, "")).await.expect(404)["code"], "not_found");
    assert_eq!(shop.number("select count(*) from customer_group_members"), 0);
    assert_eq!(shop.number("select count(*) from customers"), 2, "the customers stay");
}

#[actix_web::test]
async fn put_requires_the_name_and_keeps_omitted_optional_fields() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({"name": "Wholesale", "description": "Large orders", "metadata": {"discount": "5"}});
    let group = staff.post(GROUPS, body).await.expect(201);

    let replaced = staff.put(&url(&group, ""), json!({"name": "Trade"})).await.expect(200);
    let rejected = staff.put(&url(&group, ""), json!({"description": ""})).await.expect(400);

    assert_eq!(replaced["name"], "Trade");
    assert_eq!(replaced["description"], "Large orders");
    assert_eq!(replaced["metadata"], json!({"discount": "5"}));
    assert_eq!(rejected, json!({"name": ["This field is required."]}));
}

#[actix_web::test]
async fn writes_are_audited_with_the_changed_fields() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let group = staff.post(GROUPS, json!({"name": "Wholesale"})).await.expect(201);
    staff.patch(&url(&group, ""), json!({"name": "Trade"})).await.expect(200);
    staff.delete(&url(&group, "")).await.expect(204);

    let list = staff.get("/api/audit-log/?object_type=customer_group&ordering=created_at").await.expect(200);

    let entries = list["results"].as_array().unwrap().iter();
    let changes: Vec<_> = entries.map(|entry| (entry["action"].as_str().unwrap(), entry["changes"].clone())).collect();
    assert_eq!(changes[1], ("customer_group.changed", json!({"name": {"before": "Wholesale", "after": "Trade"}})));
    assert_eq!((changes[0].0, changes[2].0), ("customer_group.created", "customer_group.deleted"));
    assert_eq!(changes[2].1["name"], json!({"before": "Trade"}));
}

#[actix_web::test]
async fn concurrent_requests_create_one_group_of_a_name() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let (one, other) =
        join!(staff.post(GROUPS, json!({"name": "Wholesale"})), staff.post(GROUPS, json!({"name": "Wholesale"})));

    let rejected = if one.status == 201 { other } else { one };
    assert_eq!(rejected.expect(400), json!({"name": ["customer group with this name already exists."]}));
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
    let entries = "select count(*) from audit_entries where action like 'customer_group.members_%'";
    assert_eq!(shop.number(entries), 2, "a request that changes nothing is not audited");
}

#[actix_web::test]
async fn no_member_is_added_if_one_customer_does_not_exist() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let group = staff.post(GROUPS, json!({"name": "Friends"})).await.expect(201);
    let members = url(&group, "members/");

    let errors = staff.post(&members, json!({"customers": [ana.customer, UNKNOWN_ID]})).await.expect(400);
    let message = format!("Invalid pk \"{UNKNOWN_ID}\" - object does not exist.");
    assert_eq!(errors, json!({"customers": {"1": [message]}}));
    for customers in [json!([]), json!(["x"]), json!(vec![UNKNOWN_ID; 501]), json!(null), json!("x")] {
        assert_eq!(staff.post(&members, json!({"customers": customers})).await.status, 400, "{customers}");
    }
    let unknown_group = format!("{GROUPS}{UNKNOWN_ID}/members/");
    assert_eq!(staff.post(&unknown_group, json!({"customers": [ana.customer]})).await.status, 404);
    assert_eq!(staff.get(&unknown_group).await.status, 404);

    assert_eq!(shop.number("select count(*) from customer_group_members"), 0);
}

#[actix_web::test]
async fn customers_have_no_access_to_groups() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let group = staff.post(GROUPS, json!({"name": "Friends"})).await.expect(201);

    let members = json!({"customers": [ana.customer]});
    let responses = [
        ana.get(GROUPS).await,
        ana.get(&url(&group, "")).await,
        ana.get(&url(&group, "members/")).await,
        ana.post(&url(&group, "members/"), members).await,
        ana.delete(&url(&group, "")).await,
    ];

    for response in responses {
        assert_eq!(response.expect(403)["code"], "permission_denied");
    }
    assert_eq!(shop.number("select count(*) from customer_group_members"), 0);
}

#[actix_web::test]
async fn stale_write_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let group = staff.post(GROUPS, json!({"name": "Friends"})).await.expect(201);
    let etag = staff.get(&url(&group, "")).await.header("etag").unwrap().to_owned();
    staff.patch(&url(&group, ""), json!({"name": "Family"})).await.expect(200);

    let late = staff.with_header("if-match", &etag);
    assert_eq!(late.patch(&url(&group, ""), json!({"name": "Others"})).await.status, 412);
    assert_eq!(late.delete(&url(&group, "")).await.status, 412);

    assert_eq!(staff.get(&url(&group, "")).await.expect(200)["name"], "Family");
}

#[actix_web::test]
async fn erased_customer_leaves_all_groups() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let group = staff.post(GROUPS, json!({"name": "Friends"})).await.expect(201);
    let members = json!({"customers": [ana.customer, ben.customer]});
    staff.post(&url(&group, "members/"), members).await.expect(200);

    let context = shop.app.system_context();
    shop.sql(|conn| GroupData.erase(conn, ana.customer, &context));

    let list = staff.get(&url(&group, "members/")).await.expect(200);
    assert_eq!((&list["count"], &list["results"][0]["customer"]), (&json!(1), &json!(ben.customer)));
}
