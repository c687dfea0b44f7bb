//! Groups of staff and permissions over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;

use super::errors::StaffError;
use super::listing::{GroupFilter, GroupList};
use super::models::{Group, GroupChanges};
use super::services;
use super::views::{GroupBody, GroupView, PatchedGroupBody, PermissionView};
use crate::platform::api::{Answer, Changed, Created, Gone, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ManageGroups, Permission, Principal, ViewGroups};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::GroupId;

/// List everything that can be granted.
#[utoipa::path(tag = "permissions", params(ReadRequest), security(("jwtAuth" = ["groups.view"])),
    responses((status = 200, body = Vec<PermissionView>)))]
#[get("/")]
pub async fn list_permissions(
    app: Data<App>,
    _staff: Allowed<ViewGroups>,
    request: ReadRequest,
) -> Result<Answer, Problem> {
    let list = |_: &mut PgConnection| -> Result<_, Problem> {
        Ok(Permission::ALL.iter().copied().map(PermissionView::from).collect())
    };
    request.all(&app, list).await
}

/// List the groups of staff.
#[utoipa::path(tag = "groups", params(GroupList), security(("jwtAuth" = ["groups.view"])),
    responses((status = 200, body = Paged<GroupView>)))]
#[get("/")]
pub async fn list_groups(app: Data<App>, _staff: Allowed<ViewGroups>, list: GroupList) -> Result<Answer, Problem> {
    let read = |conn: &mut PgConnection, list: &GroupList| -> Result<_, Problem> {
        let slice = GroupFilter::page(conn, list)?;
        Ok(slice.map_rows(|rows| GroupView::of_all(conn, rows))?)
    };
    list.page(&app, read).await
}

/// Retrieve a group of staff.
#[utoipa::path(tag = "groups", params(GroupId, ReadRequest), security(("jwtAuth" = ["groups.view"])),
    responses((status = 200, body = GroupView)))]
#[get("/{id}/")]
pub async fn get_group(
    app: Data<App>,
    _staff: Allowed<ViewGroups>,
    request: ReadRequest,
    id: Path<GroupId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| -> Result<_, StaffError> {
        let group = Group::find(conn, *id)?.ok_or(StaffError::NotFound)?;
        Ok(GroupView::of(conn, group)?)
    };
    request.one(&app, find).await
}

/// Make a group of staff.
///
/// Answers 403 `out_of_scope`, with the permissions, for what whoever asks may not do themselves.
#[utoipa::path(tag = "groups", params(WriteRequest), security(("jwtAuth" = ["groups.manage"])),
    request_body = GroupBody, responses((status = 201, body = GroupView)))]
#[post("/")]
pub async fn create_group(
    app: Data<App>,
    staff: Allowed<ManageGroups>,
    request: WriteRequest,
    body: Body<GroupBody>,
) -> Result<Answer, Problem> {
    let GroupBody { name, permissions } = body.0;
    let name = name.into_inner();
    let create = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, StaffError> {
        let group = services::grant_group(conn, &staff.principal, (&name, &permissions), &request.origin)?;
        let view = GroupView::of(conn, group)?;
        Ok(Created::at(format!("/api/groups/{}/", view.id), view))
    };
    request.run(&app, create).await
}

/// Replace a group of staff.
///
/// Answers 403 `out_of_scope` for what whoever asks may not do themselves, and 409 `last_holder` where a permission
/// would be nobody's.
#[utoipa::path(tag = "groups", params(GroupId, WriteRequest), security(("jwtAuth" = ["groups.manage"])),
    request_body = GroupBody, responses((status = 200, body = GroupView)))]
#[put("/{id}/")]
pub async fn replace_group(
    app: Data<App>,
    staff: Allowed<ManageGroups>,
    request: WriteRequest,
    id: Path<GroupId>,
    body: Body<GroupBody>,
) -> Result<Answer, Problem> {
    change(&app, staff.principal, request, *id, body.0.into_changes()).await
}

/// Change a group of staff.
///
/// Answers 403 `out_of_scope` for what whoever asks may not do themselves, and 409 `last_holder` where a permission
/// would be nobody's.
#[utoipa::path(tag = "groups", params(GroupId, WriteRequest), security(("jwtAuth" = ["groups.manage"])),
    request_body = PatchedGroupBody, responses((status = 200, body = GroupView)))]
#[patch("/{id}/")]
pub async fn change_group(
    app: Data<App>,
    staff: Allowed<ManageGroups>,
    request: WriteRequest,
    id: Path<GroupId>,
    body: Body<PatchedGroupBody>,
) -> Result<Answer, Problem> {
    change(&app, staff.principal, request, *id, body.0.into_changes()).await
}

async fn change(
    app: &App,
    principal: Principal,
    request: WriteRequest,
    id: GroupId,
    changes: GroupChanges,
) -> Result<Answer, Problem> {
    let change = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, StaffError> {
        let group = services::change_group(conn, &principal, id, &changes, request)?;
        Ok(Changed(GroupView::of(conn, group)?))
    };
    request.run(app, change).await
}

/// Delete a group of staff: whoever is in it loses what it allows.
#[utoipa::path(tag = "groups", params(GroupId, WriteRequest), security(("jwtAuth" = ["groups.manage"])),
    responses((status = 204)))]
#[delete("/{id}/")]
pub async fn delete_group(
    app: Data<App>,
    staff: Allowed<ManageGroups>,
    request: WriteRequest,
    id: Path<GroupId>,
) -> Result<Answer, Problem> {
    let delete = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::delete_group(conn, &staff.principal, *id, request).map(|()| Gone)
    };
    request.run(&app, delete).await
}
