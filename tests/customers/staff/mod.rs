//! Staff members, groups, and rules for granting and revoking permissions.

mod last_holder;
mod members;
mod permissions;

use mercer::customers::permissions::{
    DeactivateStaff, InviteStaff, ManageAppTokens, ManageApps, ManageGroups, ManageStaff, RestrictGroups, ViewApps,
    ViewGroups, ViewStaff,
};
use mercer::orders::permissions::ViewOrders;
use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::client::Client;
use crate::support::shop::TestUser;

/// Creates a group with these permissions and returns its id.
async fn group(by: &Client, name: &str, permissions: &[&str]) -> String {
    let group = by.post("/api/groups/", json!({"name": name, "permissions": permissions})).await.expect(201);
    group["id"].as_str().unwrap().to_owned()
}

fn member(user: &TestUser) -> String {
    format!("/api/staff/{}/", user.user)
}

/// The ids of a staff member's groups.
async fn groups_of(by: &Client, user: &TestUser) -> Vec<Value> {
    let staff = by.get(&member(user)).await.expect(200);
    staff["groups"].as_array().unwrap().iter().map(|group| group["group"].clone()).collect()
}

async fn own_permissions(user: &TestUser) -> Value {
    user.get("/api/auth/permissions/").await.expect(200)["permissions"].clone()
}

/// A staff member with all permissions of staff, groups and apps, and `orders.view`.
async fn manager(shop: &TestShop) -> TestUser {
    let permissions = [
        ViewStaff::PERMISSION,
        InviteStaff::PERMISSION,
        ManageStaff::PERMISSION,
        DeactivateStaff::PERMISSION,
        ViewGroups::PERMISSION,
        ManageGroups::PERMISSION,
        RestrictGroups::PERMISSION,
        ViewApps::PERMISSION,
        ManageApps::PERMISSION,
        ManageAppTokens::PERMISSION,
        ViewOrders::PERMISSION,
    ];
    shop.staff_with("manager", &permissions).await
}
