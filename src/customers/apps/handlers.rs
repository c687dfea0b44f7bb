//! HTTP endpoints for apps.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::QueryDsl;

use super::listing::{AppFilter, AppList};
use super::models::{AppChanges, RegisteredApp};
use super::services;
use super::views::{AppBody, AppView, PatchedAppBody};
use crate::customers::permissions::{ManageApps, ViewApps};
use crate::platform::api::{ApiResult, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, Principal};
use crate::platform::http::Body;
use crate::platform::types::AppId;
use crate::schema::apps;

/// List apps
///
/// Requires the permission `apps.view`.
#[endpoint(tag = "apps", returns(200 = Paged<AppView>))]
#[get("/")]
pub async fn list_apps(app: Data<App>, _staff: Allowed<ViewApps>, list: AppList) -> ApiResult {
    let page = |conn: &mut _, list: &_| AppFilter::page(conn, list, || apps::table.into_boxed());
    list.list::<AppView, _>(&app, page).await
}

/// Retrieve an app
///
/// Requires the permission `apps.view`.
#[endpoint(tag = "apps", returns(200 = AppView))]
#[get("/{id}/")]
pub async fn get_app(app: Data<App>, _staff: Allowed<ViewApps>, request: ReadRequest, id: Path<AppId>) -> ApiResult {
    request.retrieve::<AppView, _>(&app, move |conn| RegisteredApp::get(conn, *id)).await
}

/// Create an app
///
/// Permissions for staff members, groups and apps cannot be granted to an app. Returns 403 `out_of_scope` if the app
/// would have permissions that the caller does not have. Requires the permission `apps.manage`.
#[endpoint(tag = "apps", returns(201 = AppView))]
#[post("/")]
pub async fn create_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    body: Body<AppBody>,
) -> ApiResult {
    let new = PatchedAppBody::from(body.0).into_changes();
    let location = |app: &AppView| format!("/api/apps/{}/", app.id);
    let create = move |conn: &mut _, context: &_| services::create(conn, &staff.principal, &new, context);
    request.create(&app, location, create).await
}

/// Replace an app
///
/// Returns 403 `out_of_scope` if the app has, or would have, permissions that the caller does not have.
#[endpoint(tag = "apps", returns(200 = AppView))]
#[put("/{id}/")]
pub async fn replace_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
    body: Body<AppBody>,
) -> ApiResult {
    change(&app, staff.principal, request, *id, PatchedAppBody::from(body.0).into_changes()).await
}

/// Update an app
///
/// Returns 403 `out_of_scope` if the app has, or would have, permissions that the caller does not have.
#[endpoint(tag = "apps", returns(200 = AppView))]
#[patch("/{id}/")]
pub async fn change_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
    body: Body<PatchedAppBody>,
) -> ApiResult {
    change(&app, staff.principal, request, *id, body.0.into_changes()).await
}

/// Activate an app
///
/// The app's tokens are accepted again. Returns 403 `out_of_scope` if the app has permissions that the caller does not
/// have. Requires the permission `apps.manage`.
#[endpoint(tag = "apps", returns(200 = AppView))]
#[post("/{id}/activate/")]
pub async fn activate_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
) -> ApiResult {
    let changes = AppChanges { is_active: Some(true), ..AppChanges::default() };
    change(&app, staff.principal, request, *id, changes).await
}

/// Deactivate an app
///
/// The server rejects the app's tokens until the app is activated again. Returns 403 `out_of_scope` if the app has
/// permissions that the caller does not have. Requires the permission `apps.manage`.
#[endpoint(tag = "apps", returns(200 = AppView))]
#[post("/{id}/deactivate/")]
pub async fn deactivate_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
) -> ApiResult {
    let changes = AppChanges { is_active: Some(false), ..AppChanges::default() };
    change(&app, staff.principal, request, *id, changes).await
}

async fn change(app: &App, principal: Principal, request: WriteRequest, id: AppId, changes: AppChanges) -> ApiResult {
    let change = move |conn: &mut _, context: &_| services::change(conn, &principal, id, &changes, context);
    request.update::<AppView, _>(app, change).await
}

/// Delete an app
///
/// Deletes the app and its tokens. Returns 403 `out_of_scope` if the app has permissions that the caller does not have.
/// Requires the permission `apps.manage`.
#[endpoint(tag = "apps", returns(204))]
#[delete("/{id}/")]
pub async fn delete_app(
    app: Data<App>,
    staff: Allowed<ManageApps>,
    request: WriteRequest,
    id: Path<AppId>,
) -> ApiResult {
    request.delete(&app, move |conn, context| services::delete(conn, &staff.principal, *id, context)).await
}
