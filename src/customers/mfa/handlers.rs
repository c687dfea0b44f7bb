//! Authenticator apps and recovery codes over HTTP, at the URLs that dj-rest-auth has for them.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use diesel::pg::PgConnection;

use super::errors::MfaError;
use super::owner::confirm_owner;
use super::services::{self, Shop};
use super::views::{
    CodeBody, PasswordBody, ProofBody, RecoveryCodesView, StatusView, TotpSetupView, VerificationBody, shown,
};
use crate::customers::accounts;
use crate::customers::auth::{Keeping, LoginView, answer};
use crate::platform::api::{Answer, Gone, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{Allowed, CurrentUser, ResetFactors};
use crate::platform::config::StaffSecondFactor;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::{Line, UserId};

/// Retrieve which second factors the signed-in user has.
#[utoipa::path(tag = "auth", params(ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = StatusView)))]
#[get("/mfa/status/")]
pub async fn get_status(app: Data<App>, user: CurrentUser, request: ReadRequest) -> Result<Answer, Problem> {
    let id = user.0.user_id;
    let is_required = user.0.is_staff && app.config.staff_second_factor == StaffSecondFactor::Required;
    let find = move |conn: &mut PgConnection| {
        services::factors_of(conn, id).map(|factors| StatusView::new(factors, is_required))
    };
    request.one(&app, find).await
}

/// Begin to set up an authenticator app.
///
/// It counts once `mfa/totp/confirm/` got a code of it, within an hour. Answers 409 `totp_active` where there is one.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = PasswordBody,
    responses((status = 200, body = TotpSetupView)))]
#[post("/mfa/totp/activate/")]
pub async fn activate_totp(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<PasswordBody>,
) -> Result<Json<TotpSetupView>, Problem> {
    let user = confirm_owner(&app, &user, body.0.password, &origin).await?.user;
    let shop = app.clone();
    let begin = move |conn: &mut PgConnection| services::begin_totp(conn, &user, &Shop::of(&shop), origin.at);
    Ok(Json(app.db.write(begin).await?.into()))
}

/// Confirm an authenticator app by a code of it.
///
/// From now on, signing in asks for a code. The recovery codes are shown this once. After five wrong codes, answers 409
/// `nothing_to_confirm`.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = CodeBody,
    responses((status = 200, body = RecoveryCodesView)))]
#[post("/mfa/totp/confirm/")]
pub async fn confirm_totp(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<CodeBody>,
) -> Result<Json<RecoveryCodesView>, Problem> {
    let (id, code, shop) = (user.0.user_id, body.0.code.into_inner(), app.clone());
    let confirm = move |conn: &mut PgConnection| {
        let user = accounts::find_user(conn, id)?.ok_or(MfaError::NotFound)?;
        services::confirm_totp(conn, &user, &code, &Shop::of(&shop), &origin)
    };
    Ok(Json(RecoveryCodesView { recovery_codes: app.db.write(confirm).await?? }))
}

/// Take the authenticator app off.
///
/// Asks for the password, and for a code or a recovery code. Answers 409 `not_active` where there is none.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = ProofBody, responses((status = 204)))]
#[post("/mfa/totp/deactivate/")]
pub async fn deactivate_totp(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<ProofBody>,
) -> Result<HttpResponse, Problem> {
    let ProofBody { password, code, recovery_code } = body.0;
    let shown = shown(code, recovery_code);
    let owner = confirm_owner(&app, &user, password, &origin).await?;
    let shop = app.clone();
    let deactivate =
        move |conn: &mut PgConnection| services::deactivate_totp(conn, &owner, &shown, &Shop::of(&shop), &origin);
    app.db.write(deactivate).await??;
    Ok(HttpResponse::NoContent().finish())
}

/// Make new recovery codes in place of the old ones.
///
/// Asks for the password, and for a code or a recovery code. They are shown this once.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = ProofBody,
    responses((status = 200, body = RecoveryCodesView)))]
#[post("/mfa/recovery-codes/")]
pub async fn renew_recovery_codes(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<ProofBody>,
) -> Result<Json<RecoveryCodesView>, Problem> {
    let ProofBody { password, code, recovery_code } = body.0;
    let shown = shown(code, recovery_code);
    let owner = confirm_owner(&app, &user, password, &origin).await?;
    let shop = app.clone();
    let renew = move |conn: &mut PgConnection| services::renew_codes(conn, &owner, &shown, &Shop::of(&shop), &origin);
    Ok(Json(RecoveryCodesView { recovery_codes: app.db.write(renew).await?? }))
}

/// Finish a sign-in by a code.
///
/// A code is good once. After five wrong ones, or five minutes, answers 401 `mfa_token_not_valid`; after twenty wrong
/// ones within an hour, 429 `too_many_failures`.
#[utoipa::path(tag = "auth", request_body = VerificationBody, responses((status = 200, body = LoginView)))]
#[post("/mfa/verify/")]
pub async fn verify(
    app: Data<App>,
    origin: Origin,
    request: HttpRequest,
    body: Body<VerificationBody>,
) -> Result<HttpResponse, Problem> {
    let VerificationBody { mfa_token, code, recovery_code, cookie } = body.0;
    let keeping = Keeping::of(cookie, &request, &app)?;
    let (token, shown, shop) = (Line::into_inner(mfa_token), shown(code, recovery_code), app.clone());
    let verify = move |conn: &mut PgConnection| services::verify(conn, &token, &shown, &Shop::of(&shop), &origin);
    let (user, sign_in) = app.db.write(verify).await??;
    answer(&app, user, sign_in, keeping).await
}

/// Take all second factors off somebody who has lost them.
///
/// Their sessions end, and they are told by mail. A superuser's are taken off by superusers only; answers 409
/// `own_account` for one's own.
#[utoipa::path(tag = "staff", params(UserId, WriteRequest), security(("jwtAuth" = ["staff.reset_factors"])),
    responses((status = 204)))]
#[post("/{id}/reset-factors/")]
pub async fn reset_factors(
    app: Data<App>,
    staff: Allowed<ResetFactors>,
    request: WriteRequest,
    id: Path<UserId>,
) -> Result<Answer, Problem> {
    let (shop, by) = (app.clone(), staff.principal);
    let reset = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::reset(conn, &by, *id, &Shop::of(&shop), request).map(|()| Gone)
    };
    request.run(&app, reset).await
}
