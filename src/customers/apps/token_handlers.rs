//! Tokens of programs over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, post};
use diesel::prelude::*;

use super::errors::AppError;
use super::models::{AppToken, AppTokenId};
use super::services;
use super::views::{AppTokenBody, AppTokenView, NewAppTokenView};
use crate::platform::api::{Answer, Created, Gone, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ManageAppTokens, ViewApps};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::AppId;

/// List the tokens of a program, the newest first, without their secrets.
#[utoipa::path(tag = "apps", params(AppId, ReadRequest), security(("jwtAuth" = ["apps.view"])),
    responses((status = 200, body = Vec<AppTokenView>)))]
#[get("/{id}/tokens/")]
pub async fn list_tokens(
    app: Data<App>,
    _staff: Allowed<ViewApps>,
    request: ReadRequest,
    id: Path<AppId>,
) -> Result<Answer, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<Vec<AppTokenView>, AppError> {
        let app = services::find(conn, *id)?;
        Ok(AppToken::of_app(conn, app.id)?.into_iter().map(AppTokenView::from).collect())
    };
    request.all(&app, list).await
}

/// Retrieve a token of a program, without its secret.
#[utoipa::path(tag = "apps", params(ReadRequest), security(("jwtAuth" = ["apps.view"])),
    responses((status = 200, body = AppTokenView)))]
#[get("/{id}/tokens/{token}/")]
pub async fn get_token(
    app: Data<App>,
    _staff: Allowed<ViewApps>,
    request: ReadRequest,
    ids: Path<(AppId, AppTokenId)>,
) -> Result<Answer, Problem> {
    let ids = ids.into_inner();
    let find = move |conn: &mut PgConnection| services::find_token(conn, ids).map(AppTokenView::from);
    request.one(&app, find).await
}

/// Make a token for a program.
///
/// It is told this once. Answers 409 `too_many_tokens` beyond twenty.
#[utoipa::path(tag = "apps", params(AppId, WriteRequest), security(("jwtAuth" = ["apps.manage_tokens"])),
    request_body = AppTokenBody, responses((status = 201, body = NewAppTokenView)))]
#[post("/{id}/tokens/")]
pub async fn create_token(
    app: Data<App>,
    staff: Allowed<ManageAppTokens>,
    request: WriteRequest,
    id: Path<AppId>,
    body: Body<AppTokenBody>,
) -> Result<Answer, Problem> {
    let order = body.0.into_order();
    let create = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, AppError> {
        let (token, secret) = services::create_token(conn, &staff.principal, *id, &order, &request.origin)?;
        let location = format!("/api/apps/{}/tokens/{}/", token.app_id, token.id);
        Ok(Created::at(location, NewAppTokenView::new(token, secret)).confidential())
    };
    request.run(&app, create).await
}

/// Revoke a token of a program.
#[utoipa::path(tag = "apps", params(WriteRequest), security(("jwtAuth" = ["apps.manage_tokens"])),
    responses((status = 204)))]
#[delete("/{id}/tokens/{token}/")]
pub async fn revoke_token(
    app: Data<App>,
    staff: Allowed<ManageAppTokens>,
    request: WriteRequest,
    ids: Path<(AppId, AppTokenId)>,
) -> Result<Answer, Problem> {
    let ids = ids.into_inner();
    let revoke = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::revoke_token(conn, &staff.principal, ids, &request.origin).map(|()| Gone)
    };
    request.run(&app, revoke).await
}
