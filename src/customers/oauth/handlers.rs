//! Signing in with other providers over HTTP: Google under the names that dj-rest-auth gave it, and all by their names.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use diesel::prelude::*;

use super::browser;
use super::errors::OAuthError;
use super::models::{Identity, IdentityId};
use super::services;
use super::views::{BeginParams, ReturnParams, SocialAccountView, SocialLoginBody};
use super::vouching::Voucher;
use crate::customers::auth::{self, Keeping, LoginAnswer, Terms};
use crate::customers::verification::Stationery;
use crate::platform::api::{Answer, Changed, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::CurrentUser;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::oidc::Provider;

const GOOGLE: &str = "google";

/// Sign in with Google, by a code or an id_token that the page or app has got from it.
///
/// Whoever was never here gets an account. Answers 400 where somebody has an account with this e-mail address already:
/// they sign in to it, and link Google at `google/connect/`.
#[utoipa::path(tag = "auth", request_body = SocialLoginBody, responses((status = 200, body = LoginAnswer),
    (status = 404, description = "The shop does not let in by Google.")))]
#[post("/google/")]
pub async fn sign_in_with_google(
    app: Data<App>,
    origin: Origin,
    request: HttpRequest,
    body: Body<SocialLoginBody>,
) -> Result<HttpResponse, Problem> {
    let_in(&app, GOOGLE, (origin, &request), body.0).await
}

/// Send a browser to Google to sign in.
///
/// It comes back to `google/callback/`, and from there to `next`: signed in by cookie; with `#mfa_token=…&methods=…`
/// where a second factor is asked for, which `mfa/verify/` takes; or with an `error`.
#[utoipa::path(tag = "auth", params(BeginParams),
    responses((status = 302, description = "To Google.", headers(("Location" = String)))))]
#[get("/google/login/")]
pub async fn begin_with_google(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    browser::begin(&app, find(&app, GOOGLE)?, "/api/auth/google/callback/", &request).await
}

/// Take in a browser that Google sent back.
///
/// Answers 400 `invalid_state` where it was not sent there by us, in this browser, within ten minutes.
#[utoipa::path(tag = "auth", params(ReturnParams),
    responses((status = 302, description = "To the page that the sign-in was begun for.", headers(("Location" = String)))))]
#[get("/google/callback/")]
pub async fn return_from_google(app: Data<App>, request: HttpRequest, origin: Origin) -> Result<HttpResponse, Problem> {
    browser::come_back(&app, find(&app, GOOGLE)?, &request, origin).await
}

/// Link a Google account to the signed-in user's.
///
/// Only within ten minutes of signing in, else this answers 403 `reauthentication_required`. The user is told by mail.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = SocialLoginBody,
    responses((status = 200, body = SocialAccountView),
    (status = 404, description = "The shop does not let in by Google.")))]
#[post("/google/connect/")]
pub async fn connect_google(
    app: Data<App>,
    user: CurrentUser,
    origin: Origin,
    body: Body<SocialLoginBody>,
) -> Result<Json<SocialAccountView>, Problem> {
    link(&app, GOOGLE, user, origin, body.0).await
}

/// Sign in with a provider of OpenID Connect, by a code or an id_token that the page or app has got from it.
///
/// Answers 404 where the shop has no provider of this name.
#[utoipa::path(tag = "auth", request_body = SocialLoginBody,
    responses((status = 200, body = LoginAnswer)))]
#[post("/oidc/{id}/")]
pub async fn sign_in(
    app: Data<App>,
    name: Path<String>,
    origin: Origin,
    request: HttpRequest,
    body: Body<SocialLoginBody>,
) -> Result<HttpResponse, Problem> {
    let_in(&app, &name, (origin, &request), body.0).await
}

/// Send a browser to a provider to sign in.
#[utoipa::path(tag = "auth", params(BeginParams),
    responses((status = 302, description = "To the provider.", headers(("Location" = String)))))]
#[get("/oidc/{id}/login/")]
pub async fn begin(app: Data<App>, name: Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let provider = find(&app, &name)?;
    browser::begin(&app, provider, &format!("/api/auth/oidc/{}/callback/", provider.name()), &request).await
}

/// Take in a browser that a provider sent back.
#[utoipa::path(tag = "auth", params(ReturnParams),
    responses((status = 302, description = "To the page that the sign-in was begun for.", headers(("Location" = String)))))]
#[get("/oidc/{id}/callback/")]
pub async fn come_back(
    app: Data<App>,
    name: Path<String>,
    request: HttpRequest,
    origin: Origin,
) -> Result<HttpResponse, Problem> {
    browser::come_back(&app, find(&app, &name)?, &request, origin).await
}

/// Link an account at a provider to the signed-in user's.
///
/// Only within ten minutes of signing in, else this answers 403 `reauthentication_required`. The user is told by mail.
#[utoipa::path(tag = "auth", security(("jwtAuth" = [])), request_body = SocialLoginBody,
    responses((status = 200, body = SocialAccountView)))]
#[post("/oidc/{id}/connect/")]
pub async fn connect(
    app: Data<App>,
    name: Path<String>,
    user: CurrentUser,
    origin: Origin,
    body: Body<SocialLoginBody>,
) -> Result<Json<SocialAccountView>, Problem> {
    link(&app, &name, user, origin, body.0).await
}

/// List the accounts elsewhere that open the signed-in user's.
#[utoipa::path(tag = "auth", params(ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = [SocialAccountView])))]
#[get("/socialaccounts/")]
pub async fn list_identities(app: Data<App>, user: CurrentUser, request: ReadRequest) -> Result<Answer, Problem> {
    let list = move |conn: &mut PgConnection| -> QueryResult<Vec<SocialAccountView>> {
        let identities = Identity::list(conn, user.0.user_id)?;
        Ok(identities.into_iter().map(SocialAccountView::from).collect())
    };
    request.all(&app, list).await
}

/// Unlink an account elsewhere.
///
/// Answers 400 where nothing else opens the user's account: no password, no passkey, and no other account. Only within
/// ten minutes of signing in, else 403 `reauthentication_required`.
#[utoipa::path(tag = "auth", params(IdentityId, WriteRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = SocialAccountView)))]
#[post("/socialaccounts/{id}/disconnect/")]
pub async fn disconnect(
    app: Data<App>,
    user: CurrentUser,
    id: Path<IdentityId>,
    request: WriteRequest,
) -> Result<Answer, Problem> {
    user.0.ensure_signed_in_lately(request.origin.at)?;
    let unlink = move |conn: &mut PgConnection, request: &WriteRequest| {
        let identity = services::unlink(conn, user.0.user_id, *id, &request.origin)?;
        Ok::<_, OAuthError>(Changed(SocialAccountView::from(identity)))
    };
    request.run(&app, unlink).await
}

fn find<'a>(app: &'a App, name: &str) -> Result<&'a Provider, OAuthError> {
    app.oidc.find(name).ok_or(OAuthError::UnknownProvider)
}

/// Asks the provider, before any transaction is open.
async fn vouch(app: &App, name: &str, body: SocialLoginBody, origin: &Origin) -> Result<Voucher, Problem> {
    let provider = find(app, name)?;
    let proof = body.into_proof(&app.config.auth_redirect_urls)?;
    Ok(proof.check(app, provider, origin).await?)
}

async fn let_in(
    app: &App,
    name: &str,
    asked: (Origin, &HttpRequest),
    body: SocialLoginBody,
) -> Result<HttpResponse, Problem> {
    let (origin, request) = asked;
    let keeping = Keeping::of(body.cookie, request, app)?;
    let voucher = vouch(app, name, body, &origin).await?;
    let shop = app.clone();
    let let_in = move |conn: &mut PgConnection| services::sign_in(conn, &voucher, &Terms::from(&shop), &origin);
    let (user, signing_in) = app.db.write(let_in).await??;
    auth::answer(app, user, signing_in, keeping).await
}

async fn link(
    app: &App,
    name: &str,
    user: CurrentUser,
    origin: Origin,
    body: SocialLoginBody,
) -> Result<Json<SocialAccountView>, Problem> {
    user.0.ensure_signed_in_lately(origin.at)?;
    let voucher = vouch(app, name, body, &origin).await?;
    let stationery = Stationery::from(app);
    let link = move |conn: &mut PgConnection| services::link(conn, user.0.user_id, &voucher, &stationery, &origin);
    let identity = app.db.write(link).await?;
    Ok(Json(identity.into()))
}
