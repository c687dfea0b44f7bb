//! HTTP endpoints for app tokens.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, post};
use diesel::prelude::*;

use super::errors::AppError;
use super::models::{AppToken, AppTokenKey, RegisteredApp};
use super::services;
use super::views::{AppTokenBody, AppTokenView, NewAppTokenView};
use crate::customers::permissions::{ManageAppTokens, ViewApps};
use crate::platform::api::{ApiResult, Created, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::http::Body;
use crate::platform::types::AppId;
use crate::platform::write_context::WriteContext;

/// List the tokens of an app
///
/// Returns the tokens without their secrets, newest first. Requires the permission `apps.view`.
#[endpoint(tag = "apps", returns(200 = Vec<AppTokenView>))]
#[get("/{id}/tokens/")]
pub async fn list_tokens(
    app: Data<App>,
    _staff: Allowed<ViewApps>,
    request: ReadRequest,
    id: Path<AppId>,
) -> ApiResult {
    let list = move |conn: &mut PgConnection| -> Result<Vec<AppTokenView>, AppError> {
        let app = RegisteredApp::get(conn, *id)?;
        Ok(AppToken::list(conn, app.id)?.into_iter().map(AppTokenView::from).collect())
    };
    request.all(&app, list).await
}

/// Retrieve a token of an app
///
/// Returns the token without its secret. Requires the permission `apps.view`.
#[endpoint(tag = "apps", returns(200 = AppTokenView))]
#[get("/{id}/tokens/{token}/")]
pub async fn get_token(
    app: Data<App>,
    _staff: Allowed<ViewApps>,
    request: ReadRequest,
    key: Path<AppTokenKey>,
) -> ApiResult {
    request.retrieve::<AppTokenView, _>(&app, move |conn| services::find_token(conn, *key)).await
}

/// Create a token for an app
///
/// This response is the only one that contains the secret. Returns 403 `out_of_scope` if the app has permissions that
/// the caller does not have, and 409 `too_many_tokens` if the app already has 20 tokens.
#[endpoint(tag = "apps", returns(201 = NewAppTokenView))]
#[post("/{id}/tokens/")]
pub async fn create_token(
    app: Data<App>,
    staff: Allowed<ManageAppTokens>,
    request: WriteRequest,
    id: Path<AppId>,
    body: Body<AppTokenBody>,
) -> ApiResult {
    let options = body.0.into_options();
    let create = move |conn: &mut PgConnection, context: &WriteContext| -> Result<_, AppError> {
        let (token, secret) = services::create_token(conn, &staff.principal, *id, &options, context)?;
        let location = format!("/api/apps/{}/tokens/{}/", token.app_id, token.id);
        Ok(Created::at(location, NewAppTokenView::new(token, secret)).confidential())
    };
    request.run(&app, create).await
}

/// Revoke a token of an app
///
/// Returns 403 `out_of_scope` if the app has permissions that the caller does not have.
#[endpoint(tag = "apps", returns(204))]
#[delete("/{id}/tokens/{token}/")]
pub async fn revoke_token(
    app: Data<App>,
    staff: Allowed<ManageAppTokens>,
    request: WriteRequest,
    key: Path<AppTokenKey>,
) -> ApiResult {
    request.delete(&app, move |conn, context| services::revoke_token(conn, &staff.principal, *key, context)).await
}
