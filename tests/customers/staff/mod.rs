//! Who works here, in which groups, and what nobody may give or take.

mod granting;
mod holders;
mod inviting;

use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::client::Client;
use crate::support::shop::Person;

/// A group with these permissions, made by somebody who may.
async fn group(by: &Client, name: &str, permissions: &[&str]) -> String {
    let made = by.post("/api/groups/", json!({"name": name, "permissions": permissions})).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn member(person: &Person) -> String {
    format!("/api/staff/{}/", person.user)
}

/// The groups of somebody, as they are sent.
async fn groups_of(by: &Client, person: &Person) -> Vec<Value> {
    let shown = by.get(&member(person)).await.expect(200);
    shown["groups"].as_array().unwrap().iter().map(|group| group["group"].clone()).collect()
}

async fn own_permissions(person: &Person) -> Value {
    person.get("/api/auth/permissions/").await.expect(200)["permissions"].clone()
}

/// Somebody who manages people, groups and programs, and of the rest may only see orders.
async fn manager(shop: &TestShop) -> Person {
    let permissions = [
        Permission::StaffView,
        Permission::StaffInvite,
        Permission::StaffManage,
        Permission::StaffDeactivate,
        Permission::GroupsView,
        Permission::GroupsManage,
        Permission::GroupsRestrict,
        Permission::AppsView,
        Permission::AppsManage,
        Permission::AppsManageTokens,
        Permission::OrdersView,
    ];
    shop.staff_with("manager", &permissions).await
}
