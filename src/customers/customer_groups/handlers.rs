//! Groups of customers over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;

use super::errors::GroupError;
use super::listing::{GroupFilter, GroupList};
use super::models::GroupChanges;
use super::services;
use super::views::{GroupBody, GroupView, PatchedGroupBody};
use crate::platform::api::{Answer, Changed, Created, Gone, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ManageCustomerGroups, ViewCustomerGroups};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::CustomerGroupId;

/// List groups of customers by name.
#[utoipa::path(tag = "customer-groups", params(GroupList), security(("jwtAuth" = ["customer_groups.view"])),
    responses((status = 200, body = Paged<GroupView>)))]
#[get("/")]
pub async fn list_groups(
    app: Data<App>,
    _staff: Allowed<ViewCustomerGroups>,
    list: GroupList,
) -> Result<Answer, Problem> {
    let read = |conn: &mut PgConnection, list: &GroupList| -> Result<_, Problem> {
        let slice = GroupFilter::page(conn, list)?;
        Ok(slice.map_rows(|rows| GroupView::of_all(conn, rows))?)
    };
    list.page(&app, read).await
}

/// Create a group of customers.
#[utoipa::path(tag = "customer-groups", params(WriteRequest), security(("jwtAuth" = ["customer_groups.manage"])),
    request_body = GroupBody, responses((status = 201, body = GroupView)))]
#[post("/")]
pub async fn create_group(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    body: Body<GroupBody>,
) -> Result<Answer, Problem> {
    let new = body.0.into_new();
    let create = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, GroupError> {
        let group = services::create(conn, &new, &request.origin)?;
        let view = GroupView::of(conn, group)?;
        Ok(Created::at(format!("/api/customer-groups/{}/", view.id), view))
    };
    request.run(&app, create).await
}

/// Retrieve a group of customers.
#[utoipa::path(tag = "customer-groups", params(CustomerGroupId, ReadRequest),
    security(("jwtAuth" = ["customer_groups.view"])), responses((status = 200, body = GroupView)))]
#[get("/{id}/")]
pub async fn get_group(
    app: Data<App>,
    _staff: Allowed<ViewCustomerGroups>,
    request: ReadRequest,
    id: Path<CustomerGroupId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| -> Result<_, GroupError> {
        let group = services::find(conn, *id)?;
        Ok(GroupView::of(conn, group)?)
    };
    request.one(&app, find).await
}

/// Replace a group of customers; those who belong to it stay.
#[utoipa::path(tag = "customer-groups", params(CustomerGroupId, WriteRequest),
    security(("jwtAuth" = ["customer_groups.manage"])), request_body = GroupBody,
    responses((status = 200, body = GroupView)))]
#[put("/{id}/")]
pub async fn replace_group(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
    body: Body<GroupBody>,
) -> Result<Answer, Problem> {
    change(&app, request, *id, body.0.into_changes()).await
}

/// Change a group of customers.
#[utoipa::path(tag = "customer-groups", params(CustomerGroupId, WriteRequest),
    security(("jwtAuth" = ["customer_groups.manage"])), request_body = PatchedGroupBody,
    responses((status = 200, body = GroupView)))]
#[patch("/{id}/")]
pub async fn change_group(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
    body: Body<PatchedGroupBody>,
) -> Result<Answer, Problem> {
    change(&app, request, *id, body.0.into_changes()).await
}

/// Delete a group of customers. The customers stay.
#[utoipa::path(tag = "customer-groups", params(CustomerGroupId, WriteRequest),
    security(("jwtAuth" = ["customer_groups.manage"])), responses((status = 204)))]
#[delete("/{id}/")]
pub async fn delete_group(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
) -> Result<Answer, Problem> {
    let delete =
        move |conn: &mut PgConnection, request: &WriteRequest| services::delete(conn, *id, request).map(|()| Gone);
    request.run(&app, delete).await
}

async fn change(
    app: &App,
    request: WriteRequest,
    id: CustomerGroupId,
    changes: GroupChanges,
) -> Result<Answer, Problem> {
    let change = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, GroupError> {
        let group = services::change(conn, id, &changes, request)?;
        Ok(Changed(GroupView::of(conn, group)?))
    };
    request.run(app, change).await
}
