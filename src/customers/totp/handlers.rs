//! Endpoints for authenticator apps and recovery codes.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, post};
use diesel::pg::PgConnection;

use super::errors::FactorError;
use super::services::{self, VerifySettings};
use super::views::{
    FactorConfirmationBody, MfaVerificationBody, PasswordConfirmationBody, RecoveryCodesView, TotpConfirmationBody,
    TotpSetupView,
};
use crate::customers::accounts;
use crate::customers::auth::{LoginView, SessionDelivery, login_response};
use crate::customers::sessions::SessionSettings;
use crate::customers::verification::reauthenticate;
use crate::platform::api::endpoint;
use crate::platform::app::App;
use crate::platform::auth::CurrentUser;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::write_context::WriteContext;

/// Set up an authenticator app
///
/// Returns the secret of the app. The app counts as a second factor after it is confirmed at `mfa/totp/confirm/` within
/// an hour. Returns 409 `totp_active` if the user already has an authenticator app. Requires the password, or, for an
/// account without a password, a sign-in within the last ten minutes; otherwise the server returns 403
/// `reauthentication_required`.
#[endpoint(tag = "auth", returns(200 = TotpSetupView))]
#[post("/mfa/totp/activate/")]
pub async fn activate_totp(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<PasswordConfirmationBody>,
) -> Result<Json<TotpSetupView>, Problem> {
    let owner = reauthenticate(&app, &user.0, body.0.password, &context).await?;
    let shop_name = app.config.shop_name.clone();
    let activate = move |conn: &mut PgConnection| services::activate_totp(conn, &owner.user, &shop_name, &context);
    Ok(Json(app.db.write(activate).await?.into()))
}

/// Confirm an authenticator app
///
/// From now on, sign-in requires a second factor. Returns the recovery codes, which cannot be retrieved later, and
/// notifies the user by e-mail. Returns 400 if the code is wrong, and 409 `nothing_to_confirm` if no app was set up
/// within the last hour or after five wrong codes.
#[endpoint(tag = "auth", returns(200 = RecoveryCodesView))]
#[post("/mfa/totp/confirm/")]
pub async fn confirm_totp(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<TotpConfirmationBody>,
) -> Result<Json<RecoveryCodesView>, Problem> {
    let (id, code, shop_name) = (user.0.user_id, body.0.code.into_inner(), app.config.shop_name.clone());
    let confirm = move |conn: &mut PgConnection| {
        let user = accounts::find_user(conn, id)?.ok_or(FactorError::NotFound)?;
        services::confirm_totp(conn, &user, &code, &shop_name, &context)
    };
    Ok(Json(RecoveryCodesView { recovery_codes: app.db.write(confirm).await? }))
}

/// Remove the authenticator app
///
/// Requires the password and a code or a recovery code, and notifies the user by e-mail. Returns 400 if the code is
/// wrong, 409 `not_active` if the user has no authenticator app, and 429 `too_many_failures` after twenty wrong codes
/// within an hour.
#[endpoint(tag = "auth", returns(204))]
#[post("/mfa/totp/deactivate/")]
pub async fn deactivate_totp(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<FactorConfirmationBody>,
) -> Result<HttpResponse, Problem> {
    let (password, factor) = body.0.into_parts();
    let owner = reauthenticate(&app, &user.0, password, &context).await?;
    let shop_name = app.config.shop_name.clone();
    let deactivate =
        move |conn: &mut PgConnection| services::deactivate_totp(conn, &owner, &factor, &shop_name, &context);
    app.db.write(deactivate).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Renew the recovery codes
///
/// Replaces all recovery codes and returns the new ones, which cannot be retrieved later. Requires the password, and a
/// code or a recovery code if the user has an authenticator app. Notifies the user by e-mail. Returns 400 if the code
/// is wrong, 403 `reauthentication_required` if the user has only a passkey and did not sign in within the last ten
/// minutes, 409 `not_active` if the user has no second factor, and 429 `too_many_failures` after twenty wrong codes
/// within an hour.
#[endpoint(tag = "auth", returns(200 = RecoveryCodesView))]
#[post("/mfa/recovery-codes/")]
pub async fn renew_recovery_codes(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<FactorConfirmationBody>,
) -> Result<Json<RecoveryCodesView>, Problem> {
    let (password, factor) = body.0.into_parts();
    let owner = reauthenticate(&app, &user.0, password, &context).await?;
    let shop_name = app.config.shop_name.clone();
    let renew =
        move |conn: &mut PgConnection| services::renew_recovery_codes(conn, &owner, &factor, &shop_name, &context);
    Ok(Json(RecoveryCodesView { recovery_codes: app.db.write(renew).await? }))
}

/// Complete a sign-in with a code
///
/// Accepts a code of the authenticator app or a recovery code, and returns the response of `login/`. A code works once.
/// Returns 400 if the code is wrong, 401 `mfa_token_not_valid` after five wrong codes or five minutes, and 429
/// `too_many_failures` after twenty wrong codes within an hour.
#[endpoint(tag = "auth", throttle = login, credentials = ignored_if_invalid, returns(200 = LoginView))]
#[post("/mfa/verify/")]
pub async fn verify(
    app: Data<App>,
    context: WriteContext,
    request: HttpRequest,
    body: Body<MfaVerificationBody>,
) -> Result<HttpResponse, Problem> {
    let delivery = SessionDelivery::from_request(body.0.cookie, &request, &app)?;
    let (mfa_token, factor) = body.0.into_parts();
    let state = app.clone();
    let verify = move |conn: &mut PgConnection| {
        let sessions = SessionSettings::from(&**state);
        let settings = VerifySettings { shop_name: &state.config.shop_name, sessions };
        services::verify(conn, &mfa_token, &factor, &settings, &context)
    };
    let (user, result) = app.db.write(verify).await?;
    login_response(&app, user, result, delivery).await
}
