//! HTTP endpoints for sign-in with OpenID Connect providers. Google has its own paths, as in dj-rest-auth.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use diesel::prelude::*;

use super::errors::OAuthError;
use super::flow;
use super::models::{Identity, IdentityId, VerifiedIdentity};
use super::services::{self, SignInOutcome};
use super::views::{CallbackParams, RedirectParams, SocialAccountView, SocialLoginBody};
use crate::customers::auth::{LoginResponse, SessionDelivery, login_response};
use crate::customers::verification::MailSettings;
use crate::platform::api::{ApiResult, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::CurrentUser;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::oidc::Provider;
use crate::platform::write_context::WriteContext;

const GOOGLE: &str = "google";

/// Sign in with Google
///
/// Accepts an authorization code or an id_token that the client obtained from Google. Creates an account without a
/// password on the first sign-in. Returns 400 if Google rejects the credential, or if an account with the same e-mail
/// address exists: the user must sign in to that account and link Google with `POST /api/auth/google/connect/`.
#[endpoint(tag = "auth", throttle = login, returns(200 = LoginResponse), responses((status = 404, description = "Google is not configured")))]
#[post("/google/")]
pub async fn sign_in_with_google(
    app: Data<App>,
    context: WriteContext,
    request: HttpRequest,
    body: Body<SocialLoginBody>,
) -> Result<HttpResponse, Problem> {
    complete_sign_in(&app, GOOGLE, &request, context, body.0).await
}

/// Redirect a browser to Google to sign in
///
/// Google redirects the browser to `google/callback/`, which redirects it to `next`: with session cookies, with
/// `#mfa_token=…&methods=…` if the account requires a second factor (complete it with `mfa/verify/`), or with an
/// `error` parameter. Returns 400 if `next` is not one of the allowed URLs, and 404 if Google is not configured.
#[endpoint(tag = "auth", throttle = login, params(RedirectParams), responses((status = 302, description = "Redirect to Google", headers(("Location" = String)))))]
#[get("/google/login/")]
pub async fn redirect_to_google(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    flow::redirect_to_provider(&app, find_provider(&app, GOOGLE)?, "/api/auth/google/callback/", &request).await
}

/// Complete a sign-in after the redirect from Google
///
/// Redirects the browser to the `next` URL of the sign-in. If Google or the server rejects the sign-in, the URL has an
/// `error` parameter. Returns 400 `invalid_state` if the sign-in was not started in this browser, was completed before,
/// or was started more than ten minutes ago.
#[endpoint(tag = "auth", throttle = login, params(CallbackParams), responses((status = 302, description = "Redirect to the page that started the sign-in", headers(("Location" = String)))))]
#[get("/google/callback/")]
pub async fn return_from_google(
    app: Data<App>,
    request: HttpRequest,
    context: WriteContext,
) -> Result<HttpResponse, Problem> {
    flow::handle_callback(&app, find_provider(&app, GOOGLE)?, &request, context).await
}

/// Link a Google account
///
/// Links the Google account to the account of the signed-in user and notifies the user by e-mail. Returns 400 if Google
/// rejects the credential or the Google account is linked to another user. Returns 403 `reauthentication_required` if
/// the user signed in more than ten minutes ago.
#[endpoint(tag = "auth", throttle = login, returns(200 = SocialAccountView), responses((status = 404, description = "Google is not configured")))]
#[post("/google/connect/")]
pub async fn connect_google(
    app: Data<App>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<SocialLoginBody>,
) -> Result<Json<SocialAccountView>, Problem> {
    link(&app, GOOGLE, user, context, body.0).await
}

/// Sign in with an OpenID Connect provider
///
/// Accepts an authorization code or an id_token that the client obtained from the provider. Creates an account without
/// a password on the first sign-in. Returns 400 if the provider rejects the credential, or if an account with the same
/// e-mail address exists. Returns 404 if no provider with this name is configured.
#[endpoint(tag = "auth", throttle = login, returns(200 = LoginResponse))]
#[post("/oidc/{id}/")]
pub async fn sign_in(
    app: Data<App>,
    name: Path<String>,
    context: WriteContext,
    request: HttpRequest,
    body: Body<SocialLoginBody>,
) -> Result<HttpResponse, Problem> {
    complete_sign_in(&app, &name, &request, context, body.0).await
}

/// Redirect a browser to a provider to sign in
///
/// The provider redirects the browser to the callback of this provider, which redirects it to `next`: with session
/// cookies, with `#mfa_token=…&methods=…` if the account requires a second factor, or with an `error` parameter.
/// Returns 400 if `next` is not one of the allowed URLs, and 404 if no provider with this name is configured.
#[endpoint(tag = "auth", throttle = login, params(RedirectParams), responses((status = 302, description = "Redirect to the provider", headers(("Location" = String)))))]
#[get("/oidc/{id}/login/")]
pub async fn redirect_to_provider(
    app: Data<App>,
    name: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let provider = find_provider(&app, &name)?;
    flow::redirect_to_provider(&app, provider, &format!("/api/auth/oidc/{}/callback/", provider.name()), &request).await
}

/// Complete a sign-in after the redirect from a provider
///
/// Redirects the browser to the `next` URL of the sign-in. If the provider or the server rejects the sign-in, the URL
/// has an `error` parameter. Returns 400 `invalid_state` if the sign-in was not started in this browser, was completed
/// before, or was started more than ten minutes ago. Returns 404 if no provider with this name is configured.
#[endpoint(tag = "auth", throttle = login, params(CallbackParams), responses((status = 302, description = "Redirect to the page that started the sign-in", headers(("Location" = String)))))]
#[get("/oidc/{id}/callback/")]
pub async fn return_from_provider(
    app: Data<App>,
    name: Path<String>,
    request: HttpRequest,
    context: WriteContext,
) -> Result<HttpResponse, Problem> {
    flow::handle_callback(&app, find_provider(&app, &name)?, &request, context).await
}

/// Link an account at a provider
///
/// Links the account at the provider to the account of the signed-in user and notifies the user by e-mail. Returns 400
/// if the provider rejects the credential or its account is linked to another user. Returns 403
/// `reauthentication_required` if the user signed in more than ten minutes ago. Returns 404 if no provider with this
/// name is configured.
#[endpoint(tag = "auth", throttle = login, returns(200 = SocialAccountView))]
#[post("/oidc/{id}/connect/")]
pub async fn connect(
    app: Data<App>,
    name: Path<String>,
    user: CurrentUser,
    context: WriteContext,
    body: Body<SocialLoginBody>,
) -> Result<Json<SocialAccountView>, Problem> {
    link(&app, &name, user, context, body.0).await
}

/// List linked accounts
///
/// Returns the accounts at providers that are linked to the account of the signed-in user.
#[endpoint(tag = "auth", returns(200 = Vec<SocialAccountView>))]
#[get("/socialaccounts/")]
pub async fn list_identities(app: Data<App>, user: CurrentUser, request: ReadRequest) -> ApiResult {
    let list = move |conn: &mut PgConnection| -> QueryResult<Vec<SocialAccountView>> {
        let identities = Identity::list(conn, user.0.user_id)?;
        Ok(identities.into_iter().map(SocialAccountView::from).collect())
    };
    request.all(&app, list).await
}

/// Unlink an account
///
/// Unlinks an account at a provider from the account of the signed-in user. Returns 400 if it is the user's last
/// sign-in method: no password, no passkey and no other linked account. Returns 403 `reauthentication_required` if the
/// user signed in more than ten minutes ago. Returns 404 if the user has no such linked account.
#[endpoint(tag = "auth", returns(200 = SocialAccountView))]
#[post("/socialaccounts/{id}/disconnect/")]
pub async fn disconnect(app: Data<App>, user: CurrentUser, id: Path<IdentityId>, request: WriteRequest) -> ApiResult {
    user.0.ensure_recent_sign_in(request.context.at)?;
    let unlink = move |conn: &mut _, context: &_| services::unlink(conn, user.0.user_id, *id, context);
    request.update::<SocialAccountView, _>(&app, unlink).await
}

fn find_provider<'a>(app: &'a App, name: &str) -> Result<&'a Provider, OAuthError> {
    app.oidc.find(name).ok_or(OAuthError::UnknownProvider)
}

/// Verifies the credential with the provider. Runs before the transaction, because it calls the provider.
async fn verify_credential(
    app: &App,
    name: &str,
    body: SocialLoginBody,
    context: &WriteContext,
) -> Result<VerifiedIdentity, Problem> {
    let provider = find_provider(app, name)?;
    let credential = body.into_credential(&app.config.auth_redirect_urls)?;
    Ok(flow::verify(app, provider, credential, context).await?)
}

async fn complete_sign_in(
    app: &App,
    name: &str,
    request: &HttpRequest,
    context: WriteContext,
    body: SocialLoginBody,
) -> Result<HttpResponse, Problem> {
    let delivery = SessionDelivery::from_request(body.cookie, request, app)?;
    let verified = verify_credential(app, name, body, &context).await?;
    match flow::sign_in(app, verified, context).await? {
        SignInOutcome::Accepted { user, result } => login_response(app, *user, result, delivery).await,
        SignInOutcome::Rejected(rejection) => Err(rejection.into()),
    }
}

async fn link(
    app: &App,
    name: &str,
    user: CurrentUser,
    context: WriteContext,
    body: SocialLoginBody,
) -> Result<Json<SocialAccountView>, Problem> {
    user.0.ensure_recent_sign_in(context.at)?;
    let verified = verify_credential(app, name, body, &context).await?;
    let settings = MailSettings::from(app);
    let link = move |conn: &mut PgConnection| services::link(conn, user.0.user_id, &verified, &settings, &context);
    let identity = app.db.write(link).await?;
    Ok(Json(identity.into()))
}
