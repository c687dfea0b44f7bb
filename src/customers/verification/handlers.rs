//! Endpoints for e-mail verification, password changes and e-mail changes, at the URLs of dj-rest-auth.
//!
//! The request bodies contain secrets, so these endpoints do not support `Idempotency-Key`.

use actix_web::post;
use actix_web::web::{Data, Json};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use super::errors::VerificationError;
use super::jobs::queue_token_mail;
use super::mail::MailSettings;
use super::models::{TokenMail, TokenPurpose};
use super::reauthentication::{Reauthenticated, check_current_password, reauthenticate};
use super::services::{self, PasswordChange, PasswordReset};
use super::views::{
    EmailBody, EmailChangeBody, EmailChangeConfirmBody, PasswordChangeBody, PasswordResetConfirmBody, VerifyEmailBody,
    ensure_not_similar, ensure_passwords_match,
};
use crate::customers::accounts;
use crate::customers::auth::DetailView;
use crate::customers::passwords::hash_password;
use crate::platform::api::endpoint;
use crate::platform::app::App;
use crate::platform::auth::CurrentUser;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::Email;
use crate::platform::write_context::WriteContext;

/// Verify an e-mail address
///
/// Redeems the key that was sent to the address. Returns 404 `not_found` if the key is invalid, used or expired.
#[endpoint(tag = "auth", throttle = login,
    returns(200 = DetailView), responses((status = 404, description = "Not found")))]
#[post("/registration/verify-email/")]
pub async fn verify_email(
    app: Data<App>,
    context: WriteContext,
    body: Body<VerifyEmailBody>,
) -> Result<Json<DetailView>, Problem> {
    let key = body.0.key.into_inner();
    app.db.write(move |conn| services::verify_email(conn, &key, &context)).await?;
    Ok(Json(DetailView { detail: "ok" }))
}

/// Send the verification e-mail again
///
/// Returns the same response whether or not the address has an account. The server sends at most one e-mail a minute
/// and five an hour to an account.
#[endpoint(tag = "auth", throttle = login, returns(200 = DetailView))]
#[post("/registration/resend-email/")]
pub async fn resend_email(
    app: Data<App>,
    context: WriteContext,
    body: Body<EmailBody>,
) -> Result<Json<DetailView>, Problem> {
    send_token_mail(&app, body.0.email, TokenMail::VerifyEmail, context).await?;
    Ok(Json(DetailView { detail: "ok" }))
}

/// Change your password
///
/// Revokes all other sessions and all links in earlier e-mails, and notifies the user by e-mail. An account without a
/// password gets its first one with `password/reset/`. Returns 400 if the old password is wrong, and 429 after too many
/// wrong passwords.
#[endpoint(tag = "auth", throttle = login, returns(200 = DetailView))]
#[post("/password/change/")]
pub async fn change_password(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<PasswordChangeBody>,
) -> Result<Json<DetailView>, Problem> {
    let PasswordChangeBody { old_password, new_password1, new_password2 } = body.0;
    ensure_passwords_match(&new_password1, &new_password2)?;
    let id = user.0.user_id;
    let found = app.db.read(move |conn| accounts::find_user(conn, id)).await?.ok_or_else(Problem::not_found)?;
    if !check_current_password(&app, &found, old_password, &context).await? {
        return Err(VerificationError::WrongOldPassword.into());
    }
    ensure_not_similar(&new_password1, &found, &app.config.shop_name)?;
    let change = PasswordChange {
        reauthenticated: Reauthenticated { user: found, recent_sign_in: user.0.ensure_recent_sign_in(context.at) },
        hash: hash_password(new_password1.into_inner(), app.config.bcrypt_cost).await?,
        session: user.0.session_id,
    };
    let settings = MailSettings::from(&**app);
    app.db.write(move |conn| services::change_password(conn, &change, &settings, &context)).await?;
    Ok(Json(DetailView { detail: "New password has been saved." }))
}

/// Request a password reset
///
/// Sends an e-mail with a link to choose a new password. Returns the same response whether or not the address has an
/// account. The server sends at most one e-mail a minute and five an hour to an account.
#[endpoint(tag = "auth", throttle = login, returns(200 = DetailView))]
#[post("/password/reset/")]
pub async fn reset_password(
    app: Data<App>,
    context: WriteContext,
    body: Body<EmailBody>,
) -> Result<Json<DetailView>, Problem> {
    send_token_mail(&app, body.0.email, TokenMail::ResetPassword, context).await?;
    Ok(Json(DetailView { detail: "Password reset e-mail has been sent." }))
}

/// Set a new password with a token
///
/// Redeems the token of a password reset or of a staff invitation. Revokes all sessions and marks the e-mail address as
/// verified. Returns 400 if the token is invalid, used or expired.
#[endpoint(tag = "auth", throttle = login, returns(200 = DetailView))]
#[post("/password/reset/confirm/")]
pub async fn confirm_password_reset(
    app: Data<App>,
    context: WriteContext,
    body: Body<PasswordResetConfirmBody>,
) -> Result<Json<DetailView>, Problem> {
    let PasswordResetConfirmBody { uid, token, new_password1, new_password2 } = body.0;
    ensure_passwords_match(&new_password1, &new_password2)?;
    let token = token.into_inner();
    // Checked before hashing, so that guessed tokens cost no hash.
    let (submitted, now) = (token.clone(), context.at);
    let find = move |conn: &mut PgConnection| {
        services::find_token_user(conn, &TokenPurpose::SETTING_PASSWORD, &submitted, now)
    };
    app.db.read(find).await?.filter(|user| *user == uid).ok_or(VerificationError::InvalidToken)?;
    let user = app.db.read(move |conn| accounts::find_user(conn, uid)).await?;
    let user = user.ok_or(VerificationError::InvalidToken)?;
    ensure_not_similar(&new_password1, &user, &app.config.shop_name)?;
    let hash = hash_password(new_password1.into_inner(), app.config.bcrypt_cost).await?;
    let (settings, personal_data) = (MailSettings::from(&**app), app.personal_data.clone());
    let reset = PasswordReset { user: uid, token, hash };
    let reset =
        move |conn: &mut PgConnection| services::reset_password(conn, &reset, &settings, &personal_data, &context);
    app.db.write(reset).await?;
    Ok(Json(DetailView { detail: "Password has been reset with the new password." }))
}

/// Request a change of your e-mail address
///
/// Sends a link to the new address and a warning to the current address, which stays valid until the link is opened.
/// The response does not reveal whether the new address has an account. Requires the password, or, for an account
/// without a password, a sign-in within the last ten minutes; otherwise the server returns 403
/// `reauthentication_required`.
#[endpoint(tag = "auth", throttle = login, returns(200 = DetailView))]
#[post("/email/change/")]
pub async fn change_email(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<EmailChangeBody>,
) -> Result<Json<DetailView>, Problem> {
    let EmailChangeBody { new_email, password } = body.0;
    let reauthenticated = reauthenticate(&app, &user.0, password, &context).await?;
    let settings = MailSettings::from(&**app);
    let change = move |conn: &mut PgConnection| {
        services::request_email_change(conn, &reauthenticated, &new_email, &settings, &context)
    };
    app.db.write(change).await?;
    Ok(Json(DetailView { detail: "Verification e-mail sent." }))
}

/// Confirm a new e-mail address
///
/// Redeems the token that was sent to the new address, and notifies the old address. Returns 400 if the token is
/// invalid, used or expired.
#[endpoint(tag = "auth", throttle = login, returns(200 = DetailView))]
#[post("/email/change/confirm/")]
pub async fn confirm_email_change(
    app: Data<App>,
    context: WriteContext,
    body: Body<EmailChangeConfirmBody>,
) -> Result<Json<DetailView>, Problem> {
    let (token, settings) = (body.0.token.into_inner(), MailSettings::from(&**app));
    app.db.write(move |conn| services::confirm_email_change(conn, &token, &settings, &context)).await?;
    Ok(Json(DetailView { detail: "New e-mail address has been saved." }))
}

/// Enqueues an e-mail with a token. Executes the same three statements for known and unknown addresses.
async fn send_token_mail(app: &App, email: Email, mail: TokenMail, context: WriteContext) -> Result<(), Problem> {
    let write = move |conn: &mut PgConnection| -> QueryResult<()> {
        let user = accounts::find_by_email(conn, &email)?.map(|user| user.id);
        services::record_mail_request(conn, mail, user, &email, &context)?;
        queue_token_mail(conn, mail, user, context.at)
    };
    app.db.write(write).await
}
