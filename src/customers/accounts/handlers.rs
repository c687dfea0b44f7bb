//! One's own account over HTTP.

use actix_web::web::Data;
use actix_web::{get, patch, put};
use diesel::prelude::*;

use super::errors::AccountError;
use super::models::UserChanges;
use super::services::{self, ProfileChanges};
use super::views::{CustomerView, PatchedCustomerBody, PatchedUserBody, UserBody, UserView};
use crate::platform::api::{Answer, Changed, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{CurrentCustomer, CurrentUser};
use crate::platform::error::Problem;
use crate::platform::http::Body;

/// Retrieve the signed-in user.
#[utoipa::path(tag = "auth", params(ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = UserView)))]
#[get("/user/")]
pub async fn get_user(app: Data<App>, user: CurrentUser, request: ReadRequest) -> Result<Answer, Problem> {
    let id = user.0.user_id;
    let find =
        move |conn: &mut PgConnection| services::find_user(conn, id)?.map(UserView::from).ok_or(AccountError::NotFound);
    request.one(&app, find).await
}

/// Replace the signed-in user's names.
#[utoipa::path(tag = "auth", params(WriteRequest), security(("jwtAuth" = [])), request_body = UserBody,
    responses((status = 200, body = UserView)))]
#[put("/user/")]
pub async fn replace_user(
    app: Data<App>,
    user: CurrentUser,
    request: WriteRequest,
    body: Body<UserBody>,
) -> Result<Answer, Problem> {
    change(&app, user, request, body.0.into_changes()).await
}

/// Change the signed-in user's names.
#[utoipa::path(tag = "auth", params(WriteRequest), security(("jwtAuth" = [])), request_body = PatchedUserBody,
    responses((status = 200, body = UserView)))]
#[patch("/user/")]
pub async fn change_user(
    app: Data<App>,
    user: CurrentUser,
    request: WriteRequest,
    body: Body<PatchedUserBody>,
) -> Result<Answer, Problem> {
    change(&app, user, request, body.0.into_changes()).await
}

async fn change(app: &App, user: CurrentUser, request: WriteRequest, changes: UserChanges) -> Result<Answer, Problem> {
    let change = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::change_user(conn, user.0.user_id, &changes, request).map(|user| Changed(UserView::from(user)))
    };
    request.run(app, change).await
}

/// Retrieve the signed-in customer's profile.
#[utoipa::path(tag = "customers", params(ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = CustomerView)))]
#[get("/me/")]
pub async fn get_me(app: Data<App>, customer: CurrentCustomer, request: ReadRequest) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| services::profile(conn, customer.id).map(CustomerView::from);
    request.one(&app, find).await
}

/// Change the signed-in customer's profile.
///
/// A telephone number that is known is changed only by somebody who signed in within the last ten minutes; to others
/// this answers 403 `reauthentication_required`. The old number is told.
#[utoipa::path(tag = "customers", params(WriteRequest), security(("jwtAuth" = [])),
    request_body = PatchedCustomerBody, responses((status = 200, body = CustomerView)))]
#[patch("/me/")]
pub async fn change_me(
    app: Data<App>,
    user: CurrentUser,
    customer: CurrentCustomer,
    request: WriteRequest,
    body: Body<PatchedCustomerBody>,
) -> Result<Answer, Problem> {
    let (of_user, of_customer) = body.0.into_changes();
    let recent_sign_in = user.0.ensure_signed_in_lately(request.origin.at);
    let changes = ProfileChanges { of_user, of_customer, recent_sign_in, shop_name: app.config.shop_name.clone() };
    let change = move |conn: &mut PgConnection, request: &WriteRequest| {
        let profile = services::change_customer(conn, customer.id, &changes, request)?;
        Ok::<_, AccountError>(Changed(CustomerView::from(profile)))
    };
    request.run(&app, change).await
}
