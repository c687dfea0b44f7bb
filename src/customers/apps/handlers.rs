//! Programs over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;

use super::errors::AppError;
use super::listing::{AppFilter, AppList};
use super::models::AppChanges;
use super::services;
use super::views::{AppBody, AppView, PatchedAppBody};
use crate::platform::api::{Answer, Changed, Created, Gone, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ManageApps, Principal, ViewApps};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::AppId;

/// List the programs that may call the shop.
#[utoipa::path(tag = "apps", params(AppList), security(("jwtAuth" = ["apps.view"])),
    responses((status = 200, body = Paged<AppView>)))]
#[get("/")]
pub async fn list_apps(app: Data<App>, _staff: Allowed<ViewApps>, list: AppList) -> Result<Answer, Problem> {
    let read = |conn: &mut PgConnection, list: &AppList| -> Result<_, Problem> {
        Ok(AppFilter::page(conn, list)?.map(AppView::from))
    };
    list.page(&app, read).await
}

/// Retrieve a program.
#[utoipa::path(tag = "apps", params(AppId, ReadRequest), security(("jwtAuth" = ["apps.view"])),
    responses((status = 200, body = AppView)))]
#[get("/{id}/")]
pub async fn get_app(
    app: Data<App>,
    _staff: Allowed<ViewApps>,
    request: ReadRequest,
    id: Path<AppId>,
) -> Result<Answer, Problem> {
    request.one(&app, move |conn: &mut PgConnection| services::find(conn, *id).map(AppView::from)).await
}

/// Add a program.
///
/// Answers 403 `out_of_scope` for what whoever asks may not do themselves. No program manages staff, groups or
/// programs.
#[utoipa::path(tag = "apps", params(WriteRequest), security(("jwtAuth" = ["apps.manage"])),
    request_body = AppBody, responses((status = 201, body = AppView)))]
#[post("/")]
pub async fn create_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    body: Body<AppBody>,
) -> Result<Answer, Problem> {
    let new = body.0.into_changes();
    let create = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, AppError> {
        let view = AppView::from(services::create(conn, &staff.principal, &new, &request.origin)?);
        Ok(Created::at(format!("/api/apps/{}/", view.id), view))
    };
    request.run(&app, create).await
}

/// Replace a program.
#[utoipa::path(tag = "apps", params(AppId, WriteRequest), security(("jwtAuth" = ["apps.manage"])),
    request_body = AppBody, responses((status = 200, body = AppView)))]
#[put("/{id}/")]
pub async fn replace_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
    body: Body<AppBody>,
) -> Result<Answer, Problem> {
    change(&app, staff.principal, request, *id, body.0.into_changes()).await
}

/// Change a program.
#[utoipa::path(tag = "apps", params(AppId, WriteRequest), security(("jwtAuth" = ["apps.manage"])),
    request_body = PatchedAppBody, responses((status = 200, body = AppView)))]
#[patch("/{id}/")]
pub async fn change_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
    body: Body<PatchedAppBody>,
) -> Result<Answer, Problem> {
    change(&app, staff.principal, request, *id, body.0.into_changes()).await
}

/// Let a program call again.
#[utoipa::path(tag = "apps", params(AppId, WriteRequest), security(("jwtAuth" = ["apps.manage"])),
    responses((status = 200, body = AppView)))]
#[post("/{id}/activate/")]
pub async fn activate_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
) -> Result<Answer, Problem> {
    let changes = AppChanges { is_active: Some(true), ..AppChanges::default() };
    change(&app, staff.principal, request, *id, changes).await
}

/// Keep a program from calling; its tokens stay.
#[utoipa::path(tag = "apps", params(AppId, WriteRequest), security(("jwtAuth" = ["apps.manage"])),
    responses((status = 200, body = AppView)))]
#[post("/{id}/deactivate/")]
pub async fn deactivate_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
) -> Result<Answer, Problem> {
    let changes = AppChanges { is_active: Some(false), ..AppChanges::default() };
    change(&app, staff.principal, request, *id, changes).await
}

async fn change(
    app: &App,
    principal: Principal,
    request: WriteRequest,
    id: AppId,
    changes: AppChanges,
) -> Result<Answer, Problem> {
    let change = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::change(conn, &principal, id, &changes, request).map(|app| Changed(AppView::from(app)))
    };
    request.run(app, change).await
}

/// Remove a program and its tokens.
#[utoipa::path(tag = "apps", params(AppId, WriteRequest), security(("jwtAuth" = ["apps.manage"])),
    responses((status = 204)))]
#[delete("/{id}/")]
pub async fn delete_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
) -> Result<Answer, Problem> {
    let delete = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::delete(conn, &staff.principal, *id, request).map(|()| Gone)
    };
    request.run(&app, delete).await
}
