//! HTTP handlers of customer groups and their members.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::QueryDsl;

use super::models::{
    CustomerGroup, GroupBody, GroupFilter, GroupList, Member, MemberFilter, MemberList, MembersBody, PatchedGroupBody,
};
use super::services;
use super::views::{GroupView, MemberView};
use crate::customers::ids::CustomerGroupId;
use crate::customers::permissions::{ManageCustomerGroups, ViewCustomerGroups};
use crate::platform::api::{ApiResult, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::http::Body;
use crate::schema::customer_groups;

/// List customer groups
#[endpoint(tag = "customer-groups", returns(200 = Paged<GroupView>))]
#[get("/")]
pub async fn list_groups(app: Data<App>, _staff: Allowed<ViewCustomerGroups>, list: GroupList) -> ApiResult {
    let page = |conn: &mut _, list: &_| GroupFilter::page(conn, list, || customer_groups::table.into_boxed());
    list.list::<GroupView, _>(&app, page).await
}

/// Create a customer group
///
/// Returns 400 if another group has the same name.
#[endpoint(tag = "customer-groups", returns(201 = GroupView))]
#[post("/")]
pub async fn create_group(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    body: Body<GroupBody>,
) -> ApiResult {
    let location = |group: &GroupView| format!("/api/customer-groups/{}/", group.id);
    request.create(&app, location, move |conn, context| CustomerGroup::create(conn, context, &body.0)).await
}

/// Retrieve a customer group
#[endpoint(tag = "customer-groups", returns(200 = GroupView))]
#[get("/{id}/")]
pub async fn get_group(
    app: Data<App>,
    _staff: Allowed<ViewCustomerGroups>,
    request: ReadRequest,
    id: Path<CustomerGroupId>,
) -> ApiResult {
    request.retrieve::<GroupView, _>(&app, move |conn| CustomerGroup::get(conn, *id)).await
}

/// Replace a customer group
///
/// Does not change the members of the group. Returns 400 if another group has the same name.
#[endpoint(tag = "customer-groups", returns(200 = GroupView))]
#[put("/{id}/")]
pub async fn replace_group(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
    body: Body<GroupBody>,
) -> ApiResult {
    let changes = PatchedGroupBody::from(body.0);
    request
        .update::<GroupView, _>(&app, move |conn, context| {
            CustomerGroup::lock(conn, context, *id)?.update(conn, context, &changes)
        })
        .await
}

/// Update a customer group
///
/// Returns 400 if another group has the same name.
#[endpoint(tag = "customer-groups", returns(200 = GroupView))]
#[patch("/{id}/")]
pub async fn update_group(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
    body: Body<PatchedGroupBody>,
) -> ApiResult {
    request
        .update::<GroupView, _>(&app, move |conn, context| {
            CustomerGroup::lock(conn, context, *id)?.update(conn, context, &body.0)
        })
        .await
}

/// Delete a customer group
///
/// Deletes the group, but not its customers.
#[endpoint(tag = "customer-groups", returns(204))]
#[delete("/{id}/")]
pub async fn delete_group(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
) -> ApiResult {
    request.delete(&app, move |conn, context| CustomerGroup::lock(conn, context, *id)?.delete(conn, context)).await
}

/// List the members of a customer group
#[endpoint(tag = "customer-groups", returns(200 = Paged<MemberView>))]
#[get("/{id}/members/")]
pub async fn list_members(
    app: Data<App>,
    _staff: Allowed<ViewCustomerGroups>,
    list: MemberList,
    id: Path<CustomerGroupId>,
) -> ApiResult {
    let page = move |conn: &mut _, list: &_| {
        let group = CustomerGroup::get(conn, *id)?;
        MemberFilter::page(conn, list, || Member::of_group(group.id))
    };
    list.list::<MemberView, _>(&app, page).await
}

/// Add customers to a group
///
/// Has no effect on customers who are already members. Returns 400 and adds no customer if one of them does not exist.
#[endpoint(tag = "customer-groups", returns(200 = GroupView))]
#[post("/{id}/members/")]
pub async fn add_members(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
    body: Body<MembersBody>,
) -> ApiResult {
    let add = move |conn: &mut _, context: &_| services::add_members(conn, context, *id, &body.0.customers);
    request.update::<GroupView, _>(&app, add).await
}

/// Remove customers from a group
///
/// The server ignores customers who are not members.
#[endpoint(tag = "customer-groups", returns(200 = GroupView))]
#[post("/{id}/members/remove/")]
pub async fn remove_members(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
    body: Body<MembersBody>,
) -> ApiResult {
    let remove = move |conn: &mut _, context: &_| services::remove_members(conn, context, *id, &body.0.customers);
    request.update::<GroupView, _>(&app, remove).await
}
