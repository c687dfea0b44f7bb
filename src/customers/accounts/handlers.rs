//! One's own account over HTTP.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, put};

use super::errors::AccountError;
use super::services;
use super::views::{CustomerView, PatchedCustomerBody, PatchedUserBody, UserBody, UserView};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{CurrentCustomer, CurrentUser};
use crate::platform::error::Problem;
use crate::platform::http::Body;

/// Retrieve the signed-in user.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), responses((status = 200, body = UserView)))]
#[get("/user/")]
pub async fn get_user(app: Data<App>, user: CurrentUser) -> Result<Json<UserView>, Problem> {
    let id = user.0.user_id;
    let user = app.db.read(move |conn| services::find_user(conn, id)?.ok_or(AccountError::NotFound)).await?;
    Ok(Json(user.into()))
}

/// Replace the signed-in user's names.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = UserBody,
    responses((status = 200, body = UserView)))]
#[put("/user/")]
pub async fn replace_user(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<UserBody>,
) -> Result<Json<UserView>, Problem> {
    let (id, changes) = (user.0.user_id, body.0.into_changes());
    let user = app.db.write(move |conn| services::change_user(conn, id, &changes, &origin)).await?;
    Ok(Json(user.into()))
}

/// Change the signed-in user's names.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = PatchedUserBody,
    responses((status = 200, body = UserView)))]
#[patch("/user/")]
pub async fn change_user(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<PatchedUserBody>,
) -> Result<Json<UserView>, Problem> {
    let (id, changes) = (user.0.user_id, body.0.into_changes());
    let user = app.db.write(move |conn| services::change_user(conn, id, &changes, &origin)).await?;
    Ok(Json(user.into()))
}

/// Retrieve the signed-in customer's profile.
#[utoipa::path(tag = "customers", security(("jwtAuth" = [])), responses((status = 200, body = CustomerView)))]
#[get("/me/")]
pub async fn get_me(app: Data<App>, customer: CurrentCustomer) -> Result<Json<CustomerView>, Problem> {
    let profile = app.db.read(move |conn| services::profile(conn, customer.id)).await?;
    Ok(Json(profile.into()))
}

/// Change the signed-in customer's profile.
#[utoipa::path(tag = "customers", security(("jwtAuth" = [])), request_body = PatchedCustomerBody,
    responses((status = 200, body = CustomerView)))]
#[patch("/me/")]
pub async fn change_me(
    app: Data<App>,
    customer: CurrentCustomer,
    origin: Origin,
    body: Body<PatchedCustomerBody>,
) -> Result<Json<CustomerView>, Problem> {
    let (id, changes) = (customer.id, body.0.into_changes());
    let profile = app.db.write(move |conn| services::change_customer(conn, id, &changes, &origin)).await?;
    Ok(Json(profile.into()))
}
