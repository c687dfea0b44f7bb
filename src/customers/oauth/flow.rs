//! Verification of credentials with the provider, and the authorization code flow in a browser: the redirect to the
//! provider and the callback.
//!
//! A cookie that is valid for ten minutes binds state, nonce and PKCE verifier to the browser. They can be used once.
//! If the callback fails after the state is verified, the browser is redirected to the page that started the sign-in,
//! with an `error` parameter.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use chrono::TimeDelta;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use tracing::{error, info, warn};

use super::errors::OAuthError;
use super::models::{OAuthAttempt, OAuthAttemptKey, ProviderCredential, VerifiedIdentity};
use super::services::{self, SignInOutcome};
use super::views::ensure_allowed;
use crate::customers::auth::{self, PendingSecondFactor, SignInResult};
use crate::customers::sessions::{OpenSession, SessionSettings};
use crate::platform::app::App;
use crate::platform::auth::{random_token, sha256};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::QueryPairs;
use crate::platform::oidc::{AuthorizationRequest, CodeGrant, OidcError, Provider};
use crate::platform::write_context::WriteContext;

/// Cookie that binds a sign-in attempt to the browser that started it.
const ATTEMPT_COOKIE: &str = "__Host-sign-in";

/// Time that the user has to sign in at the provider.
const ATTEMPT_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// Maximum length of an authorization code. Real codes have about a hundred characters.
const MAX_CODE_LENGTH: usize = 2048;

/// Encryption context of a stored [`PendingSignIn`].
const ENCRYPTION_CONTEXT: &str = "oauth attempt";

/// State of a sign-in attempt, stored encrypted until the callback.
#[derive(Debug, Serialize, Deserialize)]
struct PendingSignIn {
    authorization: AuthorizationRequest,
    next: String,
}

/// Verifies the credential with the provider and records a rejection in the audit log. Must not be called inside a
/// transaction, because it calls the provider.
pub(super) async fn verify(
    app: &App,
    provider: &Provider,
    credential: ProviderCredential,
    context: &WriteContext,
) -> Result<VerifiedIdentity, OAuthError> {
    let result = request_claims(provider, credential).await;
    if let Some(rejection) = result.as_ref().err().filter(|error| error.is_rejection()) {
        let (name, reason, context) = (provider.name().to_owned(), rejection.to_string(), context.clone());
        let record = move |conn: &mut PgConnection| services::record_rejection(conn, &name, &reason, &context);
        app.db.write(record).await.map_err(|problem| OAuthError::Unavailable(problem.to_string()))?;
    }
    result
}

async fn request_claims(provider: &Provider, credential: ProviderCredential) -> Result<VerifiedIdentity, OAuthError> {
    let is_from_client = matches!(credential, ProviderCredential::IdToken { .. });
    let result = match credential {
        ProviderCredential::Code(code) => provider.exchange_code(code).await,
        ProviderCredential::IdToken { id_token, nonce } => provider.verify_id_token(&id_token, &nonce).await,
    };
    let claims = result.inspect_err(|error| log_failure(provider, error))?;
    Ok(VerifiedIdentity { provider: provider.name().to_owned(), claims, is_from_client })
}

/// Logs the reason of a failure. The client receives only a general message.
fn log_failure(provider: &Provider, error: &OidcError) {
    match error {
        OidcError::Unavailable(_) => warn!(provider = provider.name(), "Identity provider unavailable: {error}"),
        _ => info!(provider = provider.name(), "Identity not verified: {error}"),
    }
}

/// Redirects the browser to the provider, which redirects it to `callback`, a path of this server.
pub(super) async fn redirect_to_provider(
    app: &App,
    provider: &Provider,
    callback: &str,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let next = QueryPairs::from_request(request).last("next").unwrap_or_default().to_owned();
    if next.is_empty() {
        return Err(Problem::invalid(ErrorTree::member("next", ErrorTree::required())));
    }
    ensure_allowed("next", &next, &app.config.auth_redirect_urls)?;
    let authorization = AuthorizationRequest {
        state: secret()?,
        nonce: secret()?,
        verifier: secret()?,
        redirect_uri: format!("{}{callback}", app.config.public_url),
    };
    let url = match provider.authorization_url(&authorization).await {
        Ok(url) => url,
        Err(error) => return Ok(redirect_with_error(&next, OAuthError::from(error).code())),
    };
    let browser = secret()?;
    let attempt = encrypt_attempt(app, provider, &browser, PendingSignIn { authorization, next })?;
    app.db.write(move |conn| attempt.insert(conn)).await?;
    Ok(redirect(url.as_str(), [cookie(&browser, ATTEMPT_LIFETIME)]))
}

fn encrypt_attempt(
    app: &App,
    provider: &Provider,
    browser: &str,
    pending: PendingSignIn,
) -> Result<OAuthAttempt, Problem> {
    let plain = serde_json::to_vec(&pending).map_err(|error| Problem::internal(error.into()))?;
    let now = app.clock.now();
    Ok(OAuthAttempt {
        state_hash: sha256(&pending.authorization.state),
        browser_hash: sha256(browser),
        provider: provider.name().to_owned(),
        sealed: app.master_key.encrypt(ENCRYPTION_CONTEXT, &plain).map_err(Problem::internal)?,
        created_at: now,
        expires_at: now + ATTEMPT_LIFETIME,
    })
}

/// Completes the sign-in of a browser that the provider redirected to the callback.
pub(super) async fn handle_callback(
    app: &App,
    provider: &Provider,
    request: &HttpRequest,
    context: WriteContext,
) -> Result<HttpResponse, Problem> {
    let query = QueryPairs::from_request(request);
    let PendingSignIn { authorization, next } =
        take_pending(app, provider, request, query.last("state").unwrap_or_default()).await?;
    let verified = match verify_callback(app, provider, authorization, &query, &context).await {
        Ok(verified) => verified,
        Err(error) => return Ok(redirect_with_error(&next, error.code())),
    };
    match sign_in(app, verified, context).await {
        Ok(SignInOutcome::Accepted { result: SignInResult::Completed(session), .. }) => {
            Ok(redirect_signed_in(app, &next, &session))
        }
        Ok(SignInOutcome::Accepted { result: SignInResult::SecondFactorRequired(pending), .. }) => {
            Ok(redirect_to_second_factor(&next, &pending))
        }
        Ok(SignInOutcome::Rejected(rejection)) => Ok(redirect_with_error(&next, rejection.code())),
        Err(problem) => {
            error!(provider = provider.name(), "Sign-in with a verified identity failed: {problem}");
            Ok(redirect_with_error(&next, "server_error"))
        }
    }
}

/// Signs in the user of a verified identity in a transaction.
pub(super) async fn sign_in(
    app: &App,
    verified: VerifiedIdentity,
    context: WriteContext,
) -> Result<SignInOutcome, Problem> {
    let owned_app = app.clone();
    let sign_in =
        move |conn: &mut PgConnection| services::sign_in(conn, &verified, SessionSettings::from(&owned_app), &context);
    app.db.write(sign_in).await
}

/// Deletes and returns the attempt with this state, if this browser started it.
async fn take_pending(
    app: &App,
    provider: &Provider,
    request: &HttpRequest,
    state: &str,
) -> Result<PendingSignIn, Problem> {
    let browser = request.cookie(ATTEMPT_COOKIE).ok_or(OAuthError::InvalidState)?;
    let (state_hash, browser_hash) = (sha256(state), sha256(browser.value()));
    let (provider, now) = (provider.name().to_owned(), app.clock.now());
    let take = move |conn: &mut PgConnection| {
        let key = OAuthAttemptKey { state_hash: &state_hash, browser_hash: &browser_hash, provider: &provider };
        OAuthAttempt::take(conn, &key, now)
    };
    let encrypted = app.db.write(take).await?.ok_or(OAuthError::InvalidState)?;
    let plain = app.master_key.decrypt(ENCRYPTION_CONTEXT, &encrypted).map_err(Problem::internal)?;
    serde_json::from_slice(&plain).map_err(|error| Problem::internal(error.into()))
}

/// Exchanges the code of the callback for a verified identity.
async fn verify_callback(
    app: &App,
    provider: &Provider,
    authorization: AuthorizationRequest,
    query: &QueryPairs,
    context: &WriteContext,
) -> Result<VerifiedIdentity, OAuthError> {
    if let Some(error) = query.last("error") {
        return Err(OAuthError::Declined(known_error(error)));
    }
    // If the provider sends its issuer (RFC 9207), it must be the provider that the browser was sent to.
    let is_expected_issuer = query.last("iss").is_none_or(|issuer| issuer == provider.issuer());
    let is_valid = |code: &&str| is_expected_issuer && !code.is_empty() && code.len() <= MAX_CODE_LENGTH;
    let code = query.last("code").filter(is_valid);
    let code = code.ok_or(OAuthError::CodeRejected)?.to_owned();
    let AuthorizationRequest { redirect_uri, verifier, nonce, .. } = authorization;
    let credential = ProviderCredential::Code(CodeGrant { code, redirect_uri, verifier, nonce: Some(nonce) });
    verify(app, provider, credential, context).await
}

/// Redirects to the page with the MFA token and the available methods. The page completes the sign-in with a second
/// factor. Both values are in the fragment, which browsers do not send to servers.
fn redirect_to_second_factor(next: &str, pending: &PendingSecondFactor) -> HttpResponse {
    let methods: Vec<&str> = pending.methods.iter().map(|method| method.as_str()).collect();
    let fragment = format!("mfa_token={}&methods={}", pending.token, methods.join(","));
    redirect(&format!("{next}#{fragment}"), [cookie("", TimeDelta::zero())])
}

/// Redirects to the page with session cookies. The URL contains no secrets.
fn redirect_signed_in(app: &App, next: &str, session: &OpenSession) -> HttpResponse {
    redirect(next, auth::session_cookies(app, session).into_iter().chain([cookie("", TimeDelta::zero())]))
}

/// Redirects to the page that started the sign-in, with an OAuth error code.
fn redirect_with_error(next: &str, code: &str) -> HttpResponse {
    let mark = if next.contains('?') { '&' } else { '?' };
    redirect(&format!("{next}{mark}error={code}"), [cookie("", TimeDelta::zero())])
}

fn redirect(url: &str, cookies: impl IntoIterator<Item = Cookie<'static>>) -> HttpResponse {
    let mut response = HttpResponse::Found();
    response.insert_header((LOCATION, url));
    for cookie in cookies {
        response.cookie(cookie);
    }
    response.finish()
}

/// Returns the attempt cookie. `SameSite=Lax`, because the callback is a cross-site navigation.
fn cookie(value: &str, age: TimeDelta) -> Cookie<'static> {
    let cookie = Cookie::build(ATTEMPT_COOKIE, value.to_owned()).path("/").secure(true).http_only(true);
    cookie.same_site(SameSite::Lax).max_age(Duration::seconds(age.num_seconds())).finish()
}

fn secret() -> Result<String, Problem> {
    random_token().map_err(Problem::internal)
}

/// Returns a standard error code of OAuth 2.0 or OpenID Connect unchanged, and `provider_error` for any other value.
fn known_error(error: &str) -> &'static str {
    let known =
        ["access_denied", "login_required", "consent_required", "interaction_required", "temporarily_unavailable"];
    known.into_iter().find(|known| *known == error).unwrap_or("provider_error")
}
