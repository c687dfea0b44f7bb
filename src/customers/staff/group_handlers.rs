//! HTTP endpoints for groups of staff and for permissions.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;

use super::listing::{StaffGroupFilter, StaffGroupList};
use super::models::{Group, PatchedStaffGroupBody, StaffGroupBody};
use super::services;
use super::views::{PermissionView, StaffGroupView};
use crate::customers::ids::GroupId;
use crate::customers::permissions::{ManageGroups, ViewGroups};
use crate::platform::api::{ApiResult, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, Permission, Principal};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::schema::groups;

/// List permissions
///
/// Returns all permissions that can be granted. Requires the permission `groups.view`.
#[endpoint(tag = "permissions", returns(200 = Vec<PermissionView>))]
#[get("/")]
pub async fn list_permissions(app: Data<App>, _staff: Allowed<ViewGroups>, request: ReadRequest) -> ApiResult {
    let list = |_: &mut PgConnection| -> Result<_, Problem> {
        Ok(Permission::all().iter().copied().map(PermissionView::from).collect())
    };
    request.all(&app, list).await
}

/// List groups
///
/// Requires the permission `groups.view`.
#[endpoint(tag = "groups", returns(200 = Paged<StaffGroupView>))]
#[get("/")]
pub async fn list_groups(app: Data<App>, _staff: Allowed<ViewGroups>, list: StaffGroupList) -> ApiResult {
    let page = |conn: &mut _, list: &_| StaffGroupFilter::page(conn, list, || groups::table.into_boxed());
    list.list::<StaffGroupView, _>(&app, page).await
}

/// Retrieve a group
///
/// Requires the permission `groups.view`.
#[endpoint(tag = "groups", returns(200 = StaffGroupView))]
#[get("/{id}/")]
pub async fn get_group(
    app: Data<App>,
    _staff: Allowed<ViewGroups>,
    request: ReadRequest,
    id: Path<GroupId>,
) -> ApiResult {
    request.retrieve::<StaffGroupView, _>(&app, move |conn| Group::get(conn, *id)).await
}

/// Create a group
///
/// Returns 403 `out_of_scope` with the missing permissions if the group has permissions that the caller does not have.
/// Requires the permission `groups.manage`.
#[endpoint(tag = "groups", returns(201 = StaffGroupView))]
#[post("/")]
pub async fn create_group(
    app: Data<App>,
    staff: Allowed<ManageGroups>,
    request: WriteRequest,
    body: Body<StaffGroupBody>,
) -> ApiResult {
    let StaffGroupBody { name, permissions } = body.0;
    let name = name.into_inner();
    let location = |group: &StaffGroupView| format!("/api/groups/{}/", group.id);
    let create = move |conn: &mut _, context: &_| {
        services::create_group_as(conn, &staff.principal, &name, &permissions, context)
    };
    request.create(&app, location, create).await
}

/// Replace a group
///
/// Returns 403 `out_of_scope` if the group has, or would have, permissions that the caller does not have, and 409
/// `last_holder` if a permission would lose its last active holder. Requires the permission `groups.manage`.
#[endpoint(tag = "groups", returns(200 = StaffGroupView))]
#[put("/{id}/")]
pub async fn replace_group(
    app: Data<App>,
    staff: Allowed<ManageGroups>,
    request: WriteRequest,
    id: Path<GroupId>,
    body: Body<StaffGroupBody>,
) -> ApiResult {
    change(&app, staff.principal, request, *id, body.0.into()).await
}

/// Update a group
///
/// Returns 403 `out_of_scope` if the group has, or would have, permissions that the caller does not have, and 409
/// `last_holder` if a permission would lose its last active holder. Requires the permission `groups.manage`.
#[endpoint(tag = "groups", returns(200 = StaffGroupView))]
#[patch("/{id}/")]
pub async fn change_group(
    app: Data<App>,
    staff: Allowed<ManageGroups>,
    request: WriteRequest,
    id: Path<GroupId>,
    body: Body<PatchedStaffGroupBody>,
) -> ApiResult {
    change(&app, staff.principal, request, *id, body.0).await
}

async fn change(
    app: &App,
    principal: Principal,
    request: WriteRequest,
    id: GroupId,
    changes: PatchedStaffGroupBody,
) -> ApiResult {
    let change = move |conn: &mut _, context: &_| services::change_group(conn, &principal, id, &changes, context);
    request.update::<StaffGroupView, _>(app, change).await
}

/// Delete a group
///
/// Members of the group lose its permissions. Returns 403 `out_of_scope` if the group has permissions that the caller
/// does not have, and 409 `last_holder` if a permission would lose its last active holder.
#[endpoint(tag = "groups", returns(204))]
#[delete("/{id}/")]
pub async fn delete_group(
    app: Data<App>,
    staff: Allowed<ManageGroups>,
    request: WriteRequest,
    id: Path<GroupId>,
) -> ApiResult {
    request.delete(&app, move |conn, context| services::delete_group(conn, &staff.principal, *id, context)).await
}
