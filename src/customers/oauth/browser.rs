//! Sending a browser to a provider, and taking it in again.
//!
//! State, nonce and PKCE verifier are bound to the browser by a cookie of ten minutes, and count once. On the way back
//! whatever goes wrong leads to the page that the sign-in was begun for, with an `error`, if it is known which that is.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use chrono::TimeDelta;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use tracing::error;

use super::errors::OAuthError;
use super::models::Attempt;
use super::services;
use super::views::ensure_allowed;
use super::vouching::{Proof, Voucher};
use crate::customers::auth::{self, Challenged, OpenSession, SignIn, Terms};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{random_token, sha256};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::QueryPairs;
use crate::platform::oidc::{Challenge, Code, Provider};

/// Ties an attempt to the browser that began it.
const COOKIE: &str = "__Host-sign-in";

/// How long somebody may take to remember their password elsewhere.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// Codes have a hundred letters or so.
const LONGEST_CODE: usize = 2048;

/// Binds what is sealed to what it is for.
const PURPOSE: &str = "sign-in elsewhere";

/// What is kept of an attempt until the browser is back.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    challenge: Challenge,
    next: String,
}

/// Sends the browser to the provider, which sends it back to `callback`, a path of ours.
pub(super) async fn begin(
    app: &App,
    provider: &Provider,
    callback: &str,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let next = QueryPairs::of(request).last("next").unwrap_or_default().to_owned();
    if next.is_empty() {
        return Err(Problem::invalid(ErrorTree::member("next", ErrorTree::required())));
    }
    ensure_allowed("next", &next, &app.config.auth_redirect_urls)?;
    let challenge = Challenge {
        state: secret()?,
        nonce: secret()?,
        verifier: secret()?,
        redirect_uri: format!("{}{callback}", app.config.public_url),
    };
    let url = match provider.authorization_url(&challenge).await {
        Ok(url) => url,
        Err(error) => return Ok(send_back(&next, OAuthError::from(error).code())),
    };
    let browser = secret()?;
    let attempt = attempt(app, provider, &browser, Kept { challenge, next })?;
    app.db.write(move |conn| attempt.insert(conn)).await?;
    Ok(redirect(url.as_str(), [cookie(&browser, PATIENCE)]))
}

fn attempt(app: &App, provider: &Provider, browser: &str, kept: Kept) -> Result<Attempt, Problem> {
    let plain = serde_json::to_vec(&kept).map_err(|error| Problem::internal(error.into()))?;
    let now = app.clock.now();
    Ok(Attempt {
        state_hash: sha256(&kept.challenge.state),
        browser_hash: sha256(browser),
        provider: provider.name().to_owned(),
        sealed: app.master_key.seal(PURPOSE, &plain).map_err(Problem::internal)?,
        created_at: now,
        expires_at: now + PATIENCE,
    })
}

/// Takes in a browser that the provider sent back.
pub(super) async fn come_back(
    app: &App,
    provider: &Provider,
    request: &HttpRequest,
    origin: Origin,
) -> Result<HttpResponse, Problem> {
    let query = QueryPairs::of(request);
    let kept = take(app, provider, request, query.last("state").unwrap_or_default()).await?;
    let next = kept.next.clone();
    let voucher = match ask(app, provider, kept.challenge, (&query, &origin)).await {
        Ok(voucher) => voucher,
        Err(refused) => return Ok(send_back(&next, refused.code())),
    };
    let shop = app.clone();
    let sign_in = move |conn: &mut PgConnection| services::sign_in(conn, &voucher, &Terms::from(&shop), &origin);
    match app.db.write(sign_in).await {
        Ok(Ok((_, SignIn::Open(session)))) => Ok(welcome(app, &next, &session)),
        Ok(Ok((_, SignIn::Challenged(challenged)))) => Ok(ask_for_more(&next, &challenged)),
        Ok(Err(refused)) => Ok(send_back(&next, refused.code())),
        Err(problem) => {
            error!("A sign-in that a provider vouched for failed: {problem}");
            Ok(send_back(&next, "server_error"))
        }
    }
}

/// The attempt of this state, if it is this browser's; it is forgotten.
async fn take(app: &App, provider: &Provider, request: &HttpRequest, state: &str) -> Result<Kept, Problem> {
    let browser = request.cookie(COOKIE).ok_or(OAuthError::StateRefused)?;
    let (state, browser) = (sha256(state), sha256(browser.value()));
    let (name, now) = (provider.name().to_owned(), app.clock.now());
    let sealed = app.db.write(move |conn| Attempt::take(conn, (&state, &browser), &name, now)).await?;
    let plain = app.master_key.open(PURPOSE, &sealed.ok_or(OAuthError::StateRefused)?).map_err(Problem::internal)?;
    serde_json::from_slice(&plain).map_err(|error| Problem::internal(error.into()))
}

/// Who came back, by the code that they bring.
async fn ask(
    app: &App,
    provider: &Provider,
    challenge: Challenge,
    (query, origin): (&QueryPairs, &Origin),
) -> Result<Voucher, OAuthError> {
    if let Some(error) = query.last("error") {
        return Err(OAuthError::Declined(known_error(error)));
    }
    // Where the provider says who it is (RFC 9207), it must be the one that was asked.
    let is_meant = query.last("iss").is_none_or(|issuer| issuer == provider.issuer());
    let code = query.last("code").filter(|code| is_meant && !code.is_empty() && code.len() <= LONGEST_CODE);
    let code = code.ok_or(OAuthError::CodeRefused)?.to_owned();
    let Challenge { redirect_uri, verifier, nonce, .. } = challenge;
    Proof::Code(Code { code, redirect_uri, verifier, nonce: Some(nonce) }).check(app, provider, origin).await
}

/// The page asks for the second factor by one of the methods, and finishes the sign-in with the token. Both are in the
/// fragment, which browsers send to no server.
fn ask_for_more(next: &str, challenged: &Challenged) -> HttpResponse {
    let methods: Vec<&str> = challenged.methods.iter().map(|method| method.as_str()).collect();
    let fragment = format!("mfa_token={}&methods={}", challenged.token, methods.join(","));
    redirect(&format!("{next}#{fragment}"), [cookie("", TimeDelta::zero())])
}

/// Signed in by the session's cookies; the page finds nothing in its address.
fn welcome(app: &App, next: &str, session: &OpenSession) -> HttpResponse {
    redirect(next, auth::cookies_of(app, session).into_iter().chain([cookie("", TimeDelta::zero())]))
}

/// Back to the page that the sign-in was begun for, with what OAuth calls an error.
fn send_back(next: &str, code: &str) -> HttpResponse {
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

/// `Lax`, for the provider sends the browser here from a page of its own.
fn cookie(value: &str, age: TimeDelta) -> Cookie<'static> {
    let cookie = Cookie::build(COOKIE, value.to_owned()).path("/").secure(true).http_only(true);
    cookie.same_site(SameSite::Lax).max_age(Duration::seconds(age.num_seconds())).finish()
}

fn secret() -> Result<String, Problem> {
    random_token().map_err(Problem::internal)
}

/// Words of OAuth 2.0 and OpenID Connect go on to the page; a provider's own do not.
fn known_error(error: &str) -> &'static str {
    let known =
        ["access_denied", "login_required", "consent_required", "interaction_required", "temporarily_unavailable"];
    known.into_iter().find(|known| *known == error).unwrap_or("provider_error")
}
