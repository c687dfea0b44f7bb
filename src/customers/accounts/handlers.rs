//! Endpoints for the account of the signed-in user.

use actix_web::web::Data;
use actix_web::{get, patch, put};
use diesel::prelude::*;

use super::changes::{self, ProfileChanges};
use super::errors::AccountError;
use super::models::UserChanges;
use super::services::{self, Profile};
use super::views::{CustomerView, PatchedProfileBody, PatchedUserBody, UserBody, UserView};
use crate::platform::api::{ApiResult, ReadRequest, Updated, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{CurrentCustomer, CurrentUser};
use crate::platform::http::Body;
use crate::platform::write_context::WriteContext;

/// Retrieve the signed-in user
#[endpoint(tag = "auth", returns(200 = UserView))]
#[get("/user/")]
pub async fn get_user(app: Data<App>, user: CurrentUser, request: ReadRequest) -> ApiResult {
    let id = user.0.user_id;
    let find =
        move |conn: &mut PgConnection| services::find_user(conn, id)?.map(UserView::from).ok_or(AccountError::NotFound);
    request.one(&app, find).await
}

/// Replace the names of the signed-in user
///
/// The e-mail address is changed with `/api/auth/email/change/`.
#[endpoint(tag = "auth", returns(200 = UserView))]
#[put("/user/")]
pub async fn replace_user(app: Data<App>, user: CurrentUser, request: WriteRequest, body: Body<UserBody>) -> ApiResult {
    update_user(&app, user, request, PatchedUserBody::from(body.0).into_changes()).await
}

/// Change the names of the signed-in user
///
/// The e-mail address is changed with `/api/auth/email/change/`.
#[endpoint(tag = "auth", returns(200 = UserView))]
#[patch("/user/")]
pub async fn change_user(
    app: Data<App>,
    user: CurrentUser,
    request: WriteRequest,
    body: Body<PatchedUserBody>,
) -> ApiResult {
    update_user(&app, user, request, body.0.into_changes()).await
}

async fn update_user(app: &App, user: CurrentUser, request: WriteRequest, changes: UserChanges) -> ApiResult {
    let update = move |conn: &mut PgConnection, context: &WriteContext| {
        changes::change_user(conn, user.0.user_id, &changes, context).map(|user| Updated(UserView::from(user)))
    };
    request.run(app, update).await
}

/// Retrieve the profile of the signed-in customer
#[endpoint(tag = "customers", returns(200 = CustomerView))]
#[get("/me/")]
pub async fn get_me(app: Data<App>, customer: CurrentCustomer, request: ReadRequest) -> ApiResult {
    let find = move |conn: &mut PgConnection| Profile::find(conn, customer.id).map(CustomerView::from);
    request.one(&app, find).await
}

/// Change the profile of the signed-in customer
///
/// Replacing or removing a phone number requires a sign-in within the last ten minutes; otherwise the server returns
/// 403 `reauthentication_required`. The server notifies the old number by SMS.
#[endpoint(tag = "customers", returns(200 = CustomerView))]
#[patch("/me/")]
pub async fn change_me(
    app: Data<App>,
    user: CurrentUser,
    customer: CurrentCustomer,
    request: WriteRequest,
    body: Body<PatchedProfileBody>,
) -> ApiResult {
    let changes = ProfileChanges {
        user: body.0.user_changes(),
        customer: body.0.into_customer_changes(),
        recent_sign_in: user.0.ensure_recent_sign_in(request.context.at),
        shop_name: app.config.shop_name.clone(),
    };
    let change = move |conn: &mut PgConnection, context: &WriteContext| {
        let profile = changes::change_profile(conn, customer.id, &changes, context)?;
        Ok::<_, AccountError>(Updated(CustomerView::from(profile)))
    };
    request.run(&app, change).await
}
