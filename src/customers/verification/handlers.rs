//! Verifying addresses and changing what somebody signs in with, over HTTP, under dj-rest-auth's names.
//!
//! What is sent here is secret: nothing of it is kept for an `Idempotency-Key`.

use actix_web::post;
use actix_web::web::{Data, Json};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use super::errors::VerificationError;
use super::jobs::{TokenLetter, queue_letter};
use super::letters::Stationery;
use super::models::Purpose;
use super::proof::{Proof, is_password_of, prove};
use super::services;
use super::tokens::holder;
use super::views::{
    EmailBody, EmailChangeBody, EmailChangeConfirmBody, PasswordChangeBody, PasswordResetConfirmBody, VerifyEmailBody,
    ensure_same, ensure_unlike,
};
use crate::customers::accounts::{self, hash_password};
use crate::customers::auth::DetailView;
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::CurrentUser;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::Email;

/// Verify an e-mail address with the key that was mailed to it.
///
/// Answers 404 where the key is not good, or not any more.
#[utoipa::path(tag = "auth", request_body = VerifyEmailBody, responses((status = 200, body = DetailView),
    (status = 404, description = "The key is not good, or not any more.")))]
#[post("/registration/verify-email/")]
pub async fn verify_email(
    app: Data<App>,
    origin: Origin,
    body: Body<VerifyEmailBody>,
) -> Result<Json<DetailView>, Problem> {
    let key = body.0.key.into_inner();
    app.db.write(move |conn| services::verify_email(conn, &key, &origin)).await?;
    Ok(Json(DetailView { detail: "ok" }))
}

/// Mail the key of a registration again.
///
/// Answers the same whether or not there is such an account. One mail a minute is sent, and five an hour.
#[utoipa::path(tag = "auth", request_body = EmailBody, responses((status = 200, body = DetailView)))]
#[post("/registration/resend-email/")]
pub async fn resend_email(app: Data<App>, origin: Origin, body: Body<EmailBody>) -> Result<Json<DetailView>, Problem> {
    mail(&app, body.0.email, TokenLetter::VerifyEmail, origin).await?;
    Ok(Json(DetailView { detail: "ok" }))
}

/// Change one's password.
///
/// All other sessions end. An account without a password gets its first one by `password/reset/`.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = PasswordChangeBody,
    responses((status = 200, body = DetailView)))]
#[post("/password/change/")]
pub async fn change_password(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<PasswordChangeBody>,
) -> Result<Json<DetailView>, Problem> {
    let PasswordChangeBody { old_password, new_password1, new_password2 } = body.0;
    ensure_same(&new_password1, &new_password2)?;
    let (id, cost) = (user.0.user_id, app.config.bcrypt_cost);
    let found = app.db.read(move |conn| accounts::find_user(conn, id)).await?.ok_or_else(Problem::not_found)?;
    if !is_password_of(&app, &found, old_password, &origin).await? {
        return Err(VerificationError::WrongOldPassword.into());
    }
    ensure_unlike(&new_password1, &found, &app.config.shop_name)?;
    let hash = hash_password(new_password1.into_inner(), cost).await?;
    let (proof, session, stationery) = (Proof { user: found }, user.0.session_id, Stationery::from(&**app));
    let change =
        move |conn: &mut PgConnection| services::change_password(conn, (&proof, session), &hash, &stationery, &origin);
    app.db.write(change).await?;
    Ok(Json(DetailView { detail: "New password has been saved." }))
}

/// Mail a link with which a forgotten password is replaced.
///
/// Answers the same whether or not there is such an account. One mail a minute is sent, and five an hour.
#[utoipa::path(tag = "auth", request_body = EmailBody, responses((status = 200, body = DetailView)))]
#[post("/password/reset/")]
pub async fn reset_password(
    app: Data<App>,
    origin: Origin,
    body: Body<EmailBody>,
) -> Result<Json<DetailView>, Problem> {
    mail(&app, body.0.email, TokenLetter::ResetPassword, origin).await?;
    Ok(Json(DetailView { detail: "Password reset e-mail has been sent." }))
}

/// Choose a new password with what was mailed, or a first one with an invitation.
///
/// All sessions end, and the e-mail address counts as verified.
#[utoipa::path(tag = "auth", request_body = PasswordResetConfirmBody, responses((status = 200, body = DetailView)))]
#[post("/password/reset/confirm/")]
pub async fn confirm_reset(
    app: Data<App>,
    origin: Origin,
    body: Body<PasswordResetConfirmBody>,
) -> Result<Json<DetailView>, Problem> {
    let PasswordResetConfirmBody { uid, token, new_password1, new_password2 } = body.0;
    ensure_same(&new_password1, &new_password2)?;
    let token = token.into_inner();
    // Guesses are worth no hash, whoever's id they come with.
    let (guess, now) = (token.clone(), origin.at);
    let found = app.db.read(move |conn| holder(conn, &Purpose::CHOOSING_PASSWORD, &guess, now)).await?;
    found.filter(|user| *user == uid).ok_or(VerificationError::BadToken)?;
    let user = app.db.read(move |conn| accounts::find_user(conn, uid)).await?.ok_or(VerificationError::BadToken)?;
    ensure_unlike(&new_password1, &user, &app.config.shop_name)?;
    let hash = hash_password(new_password1.into_inner(), app.config.bcrypt_cost).await?;
    let (stationery, rooms) = (Stationery::from(&**app), app.personal_data.clone());
    let reset = move |conn: &mut PgConnection| {
        services::reset_password(conn, (uid, &token), &hash, (&stationery, &rooms), &origin)
    };
    app.db.write(reset).await?;
    Ok(Json(DetailView { detail: "Password has been reset with the new password." }))
}

/// Ask for another e-mail address.
///
/// A link is mailed to the new address, and a warning to the old one, which counts until the link is opened. The answer
/// does not tell whether the new address has an account.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = EmailChangeBody,
    responses((status = 200, body = DetailView)))]
#[post("/email/change/")]
pub async fn change_email(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<EmailChangeBody>,
) -> Result<Json<DetailView>, Problem> {
    let EmailChangeBody { new_email, password } = body.0;
    let proof = prove(&app, &user.0, password, &origin).await?;
    let stationery = Stationery::from(&**app);
    app.db.write(move |conn| services::ask_for_email(conn, &proof, &new_email, &stationery, &origin)).await?;
    Ok(Json(DetailView { detail: "Verification e-mail sent." }))
}

/// Use another e-mail address, with what was mailed to it.
#[utoipa::path(tag = "auth", request_body = EmailChangeConfirmBody, responses((status = 200, body = DetailView)))]
#[post("/email/change/confirm/")]
pub async fn confirm_email(
    app: Data<App>,
    origin: Origin,
    body: Body<EmailChangeConfirmBody>,
) -> Result<Json<DetailView>, Problem> {
    let (token, stationery) = (body.0.token.into_inner(), Stationery::from(&**app));
    app.db.write(move |conn| services::confirm_email(conn, &token, &stationery, &origin)).await?;
    Ok(Json(DetailView { detail: "New e-mail address has been saved." }))
}

/// Three statements for an address that is known as for one that is not.
async fn mail(app: &App, email: Email, letter: TokenLetter, origin: Origin) -> Result<(), Problem> {
    let write = move |conn: &mut PgConnection| -> QueryResult<()> {
        let user = accounts::find_by_email(conn, &email)?.map(|user| user.id);
        services::note_letter(conn, letter, (user, &email), &origin)?;
        queue_letter(conn, letter, user, origin.at)
    };
    app.db.write(write).await
}
