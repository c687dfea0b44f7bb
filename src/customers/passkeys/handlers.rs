//! Endpoints for passkeys.
//!
//! `begin/` endpoints return options in the format that `PublicKeyCredential.parseCreationOptionsFromJSON()` and
//! `parseRequestOptionsFromJSON()` read. `finish/` endpoints accept the result of `credential.toJSON()`.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use diesel::pg::PgConnection;
use serde_json::Value;

use super::errors::PasskeyError;
use super::models::PasskeyId;
use super::services::{self, CreatedCredential, PasskeyDeletion, PasskeySettings, RegisteredPasskey};
use super::views::{
    MfaTokenBody, NewPasskeyView, PasskeyRegistrationBody, PasskeySignInBody, PasskeyVerificationBody, PasskeyView,
    PatchedPasskeyBody,
};
use crate::customers::accounts;
use crate::customers::auth::{LoginView, SessionDelivery, login_response};
use crate::customers::totp::{FactorConfirmationBody, PasswordConfirmationBody};
use crate::customers::verification::reauthenticate;
use crate::platform::api::{ApiResult, ReadRequest, Updated, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::CurrentUser;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::{JsonObject, NonEmptyText};
use crate::platform::write_context::WriteContext;

/// List your own passkeys
///
/// Returns the passkeys of the signed-in user, oldest first.
#[endpoint(tag = "auth", returns(200 = Vec<PasskeyView>))]
#[get("/mfa/passkeys/")]
pub async fn list_passkeys(app: Data<App>, user: CurrentUser, request: ReadRequest) -> ApiResult {
    let id = user.0.user_id;
    let list = move |conn: &mut PgConnection| {
        let passkeys = services::list_passkeys(conn, id)?;
        Ok::<_, PasskeyError>(passkeys.into_iter().map(PasskeyView::from).collect())
    };
    request.all(&app, list).await
}

/// Retrieve one of your own passkeys
#[endpoint(tag = "auth", returns(200 = PasskeyView))]
#[get("/mfa/passkeys/{id}/")]
pub async fn get_passkey(app: Data<App>, user: CurrentUser, request: ReadRequest, id: Path<PasskeyId>) -> ApiResult {
    let owner = user.0.user_id;
    let find = move |conn: &mut PgConnection| services::find(conn, *id, owner).map(PasskeyView::from);
    request.one(&app, find).await
}

/// Start registering a passkey
///
/// Returns the options for `navigator.credentials.create()`. Returns 409 `too_many_passkeys` if the user has twenty
/// passkeys. Requires the password, or, for an account without a password, a sign-in within the last ten minutes;
/// otherwise the server returns 403 `reauthentication_required`.
#[endpoint(tag = "auth", returns(200 = JsonObject))]
#[post("/mfa/passkeys/register/begin/")]
pub async fn begin_registration(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<PasswordConfirmationBody>,
) -> Result<Json<Value>, Problem> {
    let user = reauthenticate(&app, &user.0, body.0.password, &context).await?.user;
    let state = app.clone();
    let begin = move |conn: &mut PgConnection| {
        services::begin_registration(conn, &user, &PasskeySettings::from(&**state), context.at)
    };
    Ok(Json(app.db.write(begin).await?))
}

/// Finish registering a passkey
///
/// Stores the passkey and notifies the user by e-mail. If it is the user's first second factor, the response contains
/// recovery codes, which cannot be retrieved later. Returns 400 if the credential is invalid, and 409 `passkey_known`
/// if the passkey is already registered.
#[endpoint(tag = "auth", returns(201 = NewPasskeyView))]
#[post("/mfa/passkeys/register/finish/")]
pub async fn finish_registration(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<PasskeyRegistrationBody>,
) -> Result<HttpResponse, Problem> {
    let created = CreatedCredential { name: body.0.name(), credential: body.0.credential.0 };
    let (id, state) = (user.0.user_id, app.clone());
    let finish = move |conn: &mut PgConnection| {
        let user = accounts::find_user(conn, id)?.ok_or(PasskeyError::NotFound)?;
        services::finish_registration(conn, &user, &created, &PasskeySettings::from(&**state), &context)
    };
    let RegisteredPasskey { passkey, recovery_codes } = app.db.write(finish).await?;
    let location = format!("/api/auth/mfa/passkeys/{}/", passkey.id);
    let view = NewPasskeyView { passkey: passkey.into(), recovery_codes };
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(view))
}

/// Rename a passkey
///
/// Returns 404 `not_found` if the user has no such passkey.
#[endpoint(tag = "auth", returns(200 = PasskeyView))]
#[patch("/mfa/passkeys/{id}/")]
pub async fn rename_passkey(
    app: Data<App>,
    user: CurrentUser,
    request: WriteRequest,
    id: Path<PasskeyId>,
    body: Body<PatchedPasskeyBody>,
) -> ApiResult {
    let (owner, name) = (user.0.user_id, body.0.name.map(NonEmptyText::into_inner));
    let rename = move |conn: &mut PgConnection, context: &WriteContext| {
        let renamed = services::rename(conn, *id, owner, name.as_deref(), context)?;
        Ok::<_, PasskeyError>(Updated(PasskeyView::from(renamed)))
    };
    request.run(&app, rename).await
}

/// Delete a passkey
///
/// Requires the password, and a code or a recovery code if the user has an authenticator app. Notifies the user by
/// e-mail. Returns 400 if the code is wrong, 403 `reauthentication_required` if the user has no authenticator app and
/// did not sign in within the last ten minutes, and 429 `too_many_failures` after twenty wrong codes within an hour.
#[endpoint(tag = "auth", returns(204))]
#[post("/mfa/passkeys/{id}/delete/")]
pub async fn delete_passkey(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    id: Path<PasskeyId>,
    body: Body<FactorConfirmationBody>,
) -> Result<HttpResponse, Problem> {
    let (password, factor) = body.0.into_parts();
    let owner = reauthenticate(&app, &user.0, password, &context).await?;
    let (deletion, shop_name) = (PasskeyDeletion { id: *id, owner, factor }, app.config.shop_name.clone());
    app.db.write(move |conn| services::delete(conn, &deletion, &shop_name, &context)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Start completing a sign-in with a passkey
///
/// Returns the options for `navigator.credentials.get()`. Returns 401 `mfa_token_not_valid` if the token is invalid or
/// expired, and 409 `not_active` if the user has no passkey.
#[endpoint(tag = "auth", throttle = login, credentials = ignored_if_invalid, returns(200 = JsonObject))]
#[post("/mfa/passkeys/verify/begin/")]
pub async fn begin_second_factor(
    app: Data<App>,
    context: WriteContext,
    body: Body<MfaTokenBody>,
) -> Result<Json<Value>, Problem> {
    let (mfa_token, state) = (body.0.mfa_token.into_inner(), app.clone());
    let begin = move |conn: &mut PgConnection| {
        services::begin_second_factor(conn, &mfa_token, &PasskeySettings::from(&**state), context.at)
    };
    Ok(Json(app.db.write(begin).await?))
}

/// Complete a sign-in with a passkey
///
/// Returns the response of `login/`. Returns 400 if the credential is invalid, 401 `mfa_token_not_valid` after five
/// failures or five minutes, and 429 `too_many_failures` after twenty failures within an hour.
#[endpoint(tag = "auth", throttle = login, credentials = ignored_if_invalid, returns(200 = LoginView))]
#[post("/mfa/passkeys/verify/finish/")]
pub async fn finish_second_factor(
    app: Data<App>,
    context: WriteContext,
    request: HttpRequest,
    body: Body<PasskeyVerificationBody>,
) -> Result<HttpResponse, Problem> {
    let delivery = SessionDelivery::from_request(body.0.cookie, &request, &app)?;
    let (mfa_token, credential, state) = (body.0.mfa_token.into_inner(), body.0.credential.0, app.clone());
    let finish = move |conn: &mut PgConnection| {
        services::finish_second_factor(conn, &mfa_token, &credential, &PasskeySettings::from(&**state), &context)
    };
    let (user, result) = app.db.write(finish).await?;
    login_response(&app, user, result, delivery).await
}

/// Start a sign-in with a passkey only
///
/// Returns the options for `navigator.credentials.get()`.
#[endpoint(tag = "auth", throttle = login, credentials = ignored_if_invalid, returns(200 = JsonObject))]
#[post("/mfa/passkeys/login/begin/")]
pub async fn begin_sign_in(app: Data<App>, context: WriteContext) -> Result<Json<Value>, Problem> {
    let state = app.clone();
    let begin =
        move |conn: &mut PgConnection| services::begin_sign_in(conn, &PasskeySettings::from(&**state), context.at);
    Ok(Json(app.db.write(begin).await?))
}

/// Sign in with a passkey only
///
/// Returns the response of `login/`. Requires no second factor, because the passkey has verified its user. Returns 400
/// if the credential is invalid or the account is inactive.
#[endpoint(tag = "auth", throttle = login, credentials = ignored_if_invalid, returns(200 = LoginView))]
#[post("/mfa/passkeys/login/finish/")]
pub async fn finish_sign_in(
    app: Data<App>,
    context: WriteContext,
    request: HttpRequest,
    body: Body<PasskeySignInBody>,
) -> Result<HttpResponse, Problem> {
    let delivery = SessionDelivery::from_request(body.0.cookie, &request, &app)?;
    let (credential, state) = (body.0.credential.0, app.clone());
    let finish = move |conn: &mut PgConnection| {
        services::finish_sign_in(conn, &credential, &PasskeySettings::from(&**state), &context)
    };
    let (user, result) = app.db.write(finish).await?;
    login_response(&app, user, result, delivery).await
}
