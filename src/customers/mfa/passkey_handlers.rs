//! Passkeys over HTTP: options go to the browser as `parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON`
//! read them, and come back as `credential.toJSON()` writes them.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use diesel::pg::PgConnection;
use serde_json::Value;

use super::errors::MfaError;
use super::models::PasskeyId;
use super::owner::confirm_owner;
use super::passkey_services::{self as services, Registered};
use super::services::Shop;
use super::views::{
    AssertionBody, NewPasskeyView, PasskeyView, PasswordBody, PatchedPasskeyBody, ProofBody, RegistrationBody,
    SecondFactorBody, TokenBody, shown,
};
use crate::customers::accounts;
use crate::customers::auth::{Keeping, LoginView, answer};
use crate::platform::api::{Answer, Changed, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::CurrentUser;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::{Line, Paragraph};

/// What a passkey is called whose owner gave it no name.
const NAMELESS: &str = "Passkey";

/// List one's own passkeys, the oldest first.
#[utoipa::path(tag = "auth", params(ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = [PasskeyView])))]
#[get("/mfa/passkeys/")]
pub async fn list_passkeys(app: Data<App>, user: CurrentUser, request: ReadRequest) -> Result<Answer, Problem> {
    let id = user.0.user_id;
    let list = move |conn: &mut PgConnection| {
        let passkeys = services::list(conn, id)?;
        Ok::<_, MfaError>(passkeys.into_iter().map(PasskeyView::from).collect())
    };
    request.all(&app, list).await
}

/// Retrieve one of one's own passkeys.
#[utoipa::path(tag = "auth", params(PasskeyId, ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = PasskeyView)))]
#[get("/mfa/passkeys/{id}/")]
pub async fn get_passkey(
    app: Data<App>,
    user: CurrentUser,
    request: ReadRequest,
    id: Path<PasskeyId>,
) -> Result<Answer, Problem> {
    let owner = user.0.user_id;
    let find = move |conn: &mut PgConnection| services::find(conn, *id, owner).map(PasskeyView::from);
    request.one(&app, find).await
}

/// Begin to make a passkey.
///
/// Answers with what `navigator.credentials.create()` takes, and 409 `too_many_passkeys` where there are twenty.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = PasswordBody,
    responses((status = 200, body = Object)))]
#[post("/mfa/passkeys/register/begin/")]
pub async fn begin_registration(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<PasswordBody>,
) -> Result<Json<Value>, Problem> {
    let user = confirm_owner(&app, &user, body.0.password, &origin).await?.user;
    let shop = app.clone();
    let begin = move |conn: &mut PgConnection| services::begin_registration(conn, &user, &Shop::of(&shop), origin.at);
    Ok(Json(app.db.write(begin).await?))
}

/// Keep a passkey that was made.
///
/// Recovery codes come with somebody's first factor, and are shown this once. Answers 409 `passkey_known` where
/// somebody has it already.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = RegistrationBody,
    responses((status = 201, body = NewPasskeyView)))]
#[post("/mfa/passkeys/register/finish/")]
pub async fn finish_registration(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<RegistrationBody>,
) -> Result<HttpResponse, Problem> {
    let name = body.0.name.map(Paragraph::into_inner).filter(|name| !name.is_empty());
    let (name, credential) = (name.unwrap_or_else(|| NAMELESS.to_owned()), body.0.credential.0);
    let (id, shop) = (user.0.user_id, app.clone());
    let finish = move |conn: &mut PgConnection| {
        let user = accounts::find_user(conn, id)?.ok_or(MfaError::NotFound)?;
        services::finish_registration(conn, &user, (&credential, &name), &Shop::of(&shop), &origin)
    };
    let Registered { passkey, recovery_codes } = app.db.write(finish).await??;
    let location = format!("/api/auth/mfa/passkeys/{}/", passkey.id);
    let view = NewPasskeyView { passkey: passkey.into(), recovery_codes };
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(view))
}

/// Rename a passkey.
#[utoipa::path(tag = "auth", params(PasskeyId, WriteRequest), security(("jwtAuth" = [])),
    request_body = PatchedPasskeyBody, responses((status = 200, body = PasskeyView)))]
#[patch("/mfa/passkeys/{id}/")]
pub async fn rename_passkey(
    app: Data<App>,
    user: CurrentUser,
    request: WriteRequest,
    id: Path<PasskeyId>,
    body: Body<PatchedPasskeyBody>,
) -> Result<Answer, Problem> {
    let (passkey, name) = ((*id, user.0.user_id), body.0.name.map(Line::into_inner));
    let rename = move |conn: &mut PgConnection, request: &WriteRequest| {
        let renamed = services::rename(conn, passkey, name.clone(), &request.expected, &request.origin)?;
        Ok::<_, MfaError>(Changed(PasskeyView::from(renamed)))
    };
    request.run(&app, rename).await
}

/// Take a passkey off.
///
/// Asks for the password, and, of who has an authenticator app, for a code or a recovery code.
#[utoipa::path(tag = "auth", params(PasskeyId), security(("jwtAuth" = [])), request_body = ProofBody,
    responses((status = 204)))]
#[post("/mfa/passkeys/{id}/delete/")]
pub async fn delete_passkey(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    id: Path<PasskeyId>,
    body: Body<ProofBody>,
) -> Result<HttpResponse, Problem> {
    let ProofBody { password, code, recovery_code } = body.0;
    let shown = shown(code, recovery_code);
    let owner = confirm_owner(&app, &user, password, &origin).await?;
    let (id, shop) = (*id, app.clone());
    let delete = move |conn: &mut PgConnection| services::delete(conn, (id, &owner), &shown, &Shop::of(&shop), &origin);
    app.db.write(delete).await??;
    Ok(HttpResponse::NoContent().finish())
}

/// Begin to finish a sign-in by a passkey.
///
/// Answers with what `navigator.credentials.get()` takes, and 409 `not_active` where the user has no passkey.
#[utoipa::path(tag = "auth", request_body = TokenBody, responses((status = 200, body = Object)))]
#[post("/mfa/passkeys/verify/begin/")]
pub async fn begin_second_factor(
    app: Data<App>,
    origin: Origin,
    body: Body<TokenBody>,
) -> Result<Json<Value>, Problem> {
    let (token, shop) = (body.0.mfa_token.into_inner(), app.clone());
    let begin = move |conn: &mut PgConnection| services::begin_second_factor(conn, &token, &Shop::of(&shop), origin.at);
    Ok(Json(app.db.write(begin).await?))
}

/// Finish a sign-in by a passkey.
#[utoipa::path(tag = "auth", request_body = SecondFactorBody, responses((status = 200, body = LoginView)))]
#[post("/mfa/passkeys/verify/finish/")]
pub async fn finish_second_factor(
    app: Data<App>,
    origin: Origin,
    request: HttpRequest,
    body: Body<SecondFactorBody>,
) -> Result<HttpResponse, Problem> {
    let keeping = Keeping::of(body.0.cookie, &request, &app)?;
    let (token, credential, shop) = (body.0.mfa_token.into_inner(), body.0.credential.0, app.clone());
    let finish = move |conn: &mut PgConnection| {
        services::finish_second_factor(conn, &token, &credential, &Shop::of(&shop), &origin)
    };
    let (user, sign_in) = app.db.write(finish).await??;
    answer(&app, user, sign_in, keeping).await
}

/// Begin to sign in by a passkey alone.
///
/// Answers with what `navigator.credentials.get()` takes.
#[utoipa::path(tag = "auth", responses((status = 200, body = Object)))]
#[post("/mfa/passkeys/login/begin/")]
pub async fn begin_sign_in(app: Data<App>, origin: Origin) -> Result<Json<Value>, Problem> {
    let shop = app.clone();
    let begin = move |conn: &mut PgConnection| services::begin_sign_in(conn, &Shop::of(&shop), origin.at);
    Ok(Json(app.db.write(begin).await?))
}

/// Sign in by a passkey alone.
///
/// It has verified its user: no second factor is asked for.
#[utoipa::path(tag = "auth", request_body = AssertionBody, responses((status = 200, body = LoginView)))]
#[post("/mfa/passkeys/login/finish/")]
pub async fn finish_sign_in(
    app: Data<App>,
    origin: Origin,
    request: HttpRequest,
    body: Body<AssertionBody>,
) -> Result<HttpResponse, Problem> {
    let keeping = Keeping::of(body.0.cookie, &request, &app)?;
    let (credential, shop) = (body.0.credential.0, app.clone());
    let finish = move |conn: &mut PgConnection| services::finish_sign_in(conn, &credential, &Shop::of(&shop), &origin);
    let (user, sign_in) = app.db.write(finish).await??;
    answer(&app, user, sign_in, keeping).await
}
