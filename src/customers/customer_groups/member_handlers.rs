//! Who belongs to a group of customers, over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use diesel::prelude::*;

use super::errors::GroupError;
use super::listing::{MemberFilter, MemberList};
use super::services;
use super::views::{GroupView, MemberView, MembersBody};
use crate::platform::api::{Answer, Changed, Paged, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ManageCustomerGroups, ViewCustomerGroups};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::CustomerGroupId;

/// List who belongs to a group, the newest first.
#[utoipa::path(tag = "customer-groups", params(CustomerGroupId, MemberList),
    security(("jwtAuth" = ["customer_groups.view"])), responses((status = 200, body = Paged<MemberView>)))]
#[get("/{id}/members/")]
pub async fn list_members(
    app: Data<App>,
    _staff: Allowed<ViewCustomerGroups>,
    list: MemberList,
    id: Path<CustomerGroupId>,
) -> Result<Answer, Problem> {
    let read = move |conn: &mut PgConnection, list: &MemberList| -> Result<_, Problem> {
        let group = services::find(conn, *id)?;
        Ok(MemberFilter::page(conn, list, group.id)?.map(MemberView::from))
    };
    list.page(&app, read).await
}

/// Add customers to a group: all of them or, where one does not exist, none.
#[utoipa::path(tag = "customer-groups", params(CustomerGroupId, WriteRequest),
    security(("jwtAuth" = ["customer_groups.manage"])), request_body = MembersBody,
    responses((status = 200, body = GroupView)))]
#[post("/{id}/members/")]
pub async fn add_members(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
    body: Body<MembersBody>,
) -> Result<Answer, Problem> {
    let customers = body.0.customers.0;
    let add = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, GroupError> {
        let group = services::add(conn, *id, &customers, request)?;
        Ok(Changed(GroupView::of(conn, group)?))
    };
    request.run(&app, add).await
}

/// Remove customers from a group; those who do not belong to it are passed over.
#[utoipa::path(tag = "customer-groups", params(CustomerGroupId, WriteRequest),
    security(("jwtAuth" = ["customer_groups.manage"])), request_body = MembersBody,
    responses((status = 200, body = GroupView)))]
#[post("/{id}/members/remove/")]
pub async fn remove_members(
    app: Data<App>,
    _staff: Allowed<ManageCustomerGroups>,
    request: WriteRequest,
    id: Path<CustomerGroupId>,
    body: Body<MembersBody>,
) -> Result<Answer, Problem> {
    let customers = body.0.customers.0;
    let remove = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, GroupError> {
        let group = services::remove(conn, *id, &customers, request)?;
        Ok(Changed(GroupView::of(conn, group)?))
    };
    request.run(&app, remove).await
}
