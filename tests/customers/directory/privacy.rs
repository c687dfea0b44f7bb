//! Permissions for the parts of a customer record.

use mercer::customers::permissions::{
    ChangeCustomers, ExportCustomers, ManageAddresses, ViewCustomerGroups, ViewCustomerHistory, ViewCustomerNotes,
    ViewCustomers, ViewPrivateCustomers, WriteCustomerNotes,
};
use mercer::orders::permissions::ViewOrders;
use mercer::platform::auth::Permission;
use serde_json::json;

use super::url;
use crate::support::TestShop;

/// Removes a permission from all groups.
fn remove_permission(shop: &TestShop, permission: Permission) {
    shop.execute(&format!("update groups set permissions = array_remove(permissions, '{}')", permission.name()));
}

#[actix_web::test]
async fn private_metadata_requires_its_permission() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    staff.patch(&url(&ana, ""), json!({"private_metadata": {"risk": "high"}})).await.expect(200);
    let group = staff.post("/api/customer-groups/", json!({"name": "Friends"})).await.expect(201);
    let members = format!("/api/customer-groups/{}/members/", group["id"].as_str().unwrap());
    staff.post(&members, json!({"customers": [ana.customer]})).await.expect(200);

    remove_permission(&shop, ViewPrivateCustomers::PERMISSION);

    for query in ["", "?fields=private_metadata,id", "?fields=*", "?expand=*", "?expand=private_metadata"] {
        let shown = staff.get(&url(&ana, query)).await.expect(200);
        assert_eq!((&shown["id"], shown.get("private_metadata")), (&json!(ana.customer), None), "{query}");
    }
    for list in ["/api/customers/?search=ana", "/api/customers/?search=ana&cursor=&fields=id,private_metadata"] {
        let list = staff.get(list).await.expect(200);
        assert!(list["results"][0]["id"].is_string() && list["results"][0].get("private_metadata").is_none());
    }
    let expanded = staff.get(&format!("{members}?expand=customer")).await.expect(200);
    let customer = &expanded["results"][0]["customer"];
    assert!(customer["id"].is_string() && customer.get("private_metadata").is_none(), "{customer}");
    let changed = staff.patch(&url(&ana, ""), json!({"language": "sw"})).await.expect(200);
    assert_eq!(changed.get("private_metadata"), None);
    // A rejected update changes neither the language nor the private metadata.
    let rejected = staff.patch(&url(&ana, ""), json!({"language": "en", "private_metadata": {}})).await;
    assert_eq!(rejected.expect(403)["code"], "permission_denied");
    let unchanged =
        "select count(*) from customers where private_metadata = '{\"risk\": \"high\"}' and language = 'sw'";
    assert_eq!(shop.number(unchanged), 1);
}

#[actix_web::test]
async fn group_membership_is_not_revealed_without_permission() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let group = staff.post("/api/customer-groups/", json!({"name": "Friends"})).await.expect(201);
    let id = group["id"].as_str().unwrap();

    remove_permission(&shop, ViewCustomerGroups::PERMISSION);

    assert_eq!(staff.get(&url(&ana, "")).await.expect(200).get("groups"), None);
    for query in [format!("group={id}"), format!("group__in={id}"), "group__isnull=true".to_owned()] {
        for list in ["", "export/"] {
            let response = staff.get(&format!("/api/customers/{list}?{query}")).await;
            assert_eq!(response.expect(403)["code"], "permission_denied", "{list} {query}");
        }
    }
    assert_eq!(staff.get("/api/customers/?search=ana").await.expect(200)["count"], 1);
}

#[actix_web::test]
async fn each_part_of_a_customer_requires_its_permission() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let note = staff.post(&url(&ana, "notes/"), json!({"text": "x"})).await.expect(201);
    let note = format!("notes/{}/", note["id"].as_str().unwrap());

    for permission in [
        ViewCustomerNotes::PERMISSION,
        WriteCustomerNotes::PERMISSION,
        ViewCustomerHistory::PERMISSION,
        ExportCustomers::PERMISSION,
        ChangeCustomers::PERMISSION,
        ManageAddresses::PERMISSION,
        ViewOrders::PERMISSION,
    ] {
        remove_permission(&shop, permission);
    }
    let responses = [
        staff.get(&url(&ana, "notes/")).await,
        staff.post(&url(&ana, "notes/"), json!({"text": "y"})).await,
        staff.delete(&url(&ana, &note)).await,
        staff.get(&url(&ana, "history/")).await,
        staff.get("/api/customers/export/").await,
        staff.patch(&url(&ana, ""), json!({"language": "sw"})).await,
        staff.post(&url(&ana, "addresses/"), json!({})).await,
        staff.get(&url(&ana, "orders/")).await,
    ];

    for response in responses {
        assert_eq!(response.expect(403)["code"], "permission_denied");
    }
    staff.get(&url(&ana, "addresses/")).await.expect(200);
    remove_permission(&shop, ViewCustomers::PERMISSION);
    for suffix in ["", "addresses/"] {
        assert_eq!(staff.get(&url(&ana, suffix)).await.status, 403, "{suffix}");
    }
    assert_eq!(shop.number("select count(*) from customer_notes where text = 'x'"), 1);
}

#[actix_web::test]
async fn customer_cannot_see_staff_data() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    staff.patch(&url(&ana, ""), json!({"metadata": {"a": 1}, "private_metadata": {"b": 2}})).await.expect(200);
    staff.post(&url(&ana, "notes/"), json!({"text": "secret note"})).await.expect(201);

    let me = ana.get("/api/customers/me/?fields=*&expand=*").await.expect(200);
    ana.patch("/api/customers/me/", json!({"metadata": {}, "private_metadata": {}})).await.expect(200);

    assert_eq!(me["metadata"], json!({"a": 1}));
    let names: Vec<&str> = me.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["id", "email", "first_name", "last_name", "phone", "language", "metadata", "created_at", "updated_at"]
    );
    let unchanged = "select count(*) from customers where metadata = '{\"a\": 1}' and private_metadata = '{\"b\": 2}'";
    assert_eq!(shop.number(unchanged), 1);
    for suffix in ["", "notes/", "history/", "orders/", "addresses/"] {
        assert_eq!(ana.get(&url(&ana, suffix)).await.expect(403)["code"], "permission_denied", "{suffix}");
    }
}
