//! HTTP responses to a sign-in: tokens, session cookies, or the required second factor.

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use super::errors::AuthError;
use super::sign_in::SignInResult;
use super::views::{LoginResponse, LoginView};
use crate::customers::accounts::User;
use crate::customers::sessions::OpenSession;
use crate::platform::app::App;
use crate::platform::auth::{self, IssueTokens, IssuedTokens, csrf_token, ensure_trusted_origin};
use crate::platform::error::Problem;

/// Form in which the client receives its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionDelivery {
    /// Access and refresh token in the response body.
    Tokens,
    /// `HttpOnly` cookie, for browsers.
    Cookie,
}

impl SessionDelivery {
    /// Reads the `cookie` field of a request body.
    ///
    /// A request for cookies must come from a trusted origin: otherwise a page of another origin could sign the browser
    /// in to an account of the attacker.
    pub fn from_request(cookie: Option<bool>, request: &HttpRequest, app: &App) -> Result<Self, Problem> {
        if !cookie.unwrap_or(false) {
            return Ok(Self::Tokens);
        }
        ensure_trusted_origin(request, &app.config)?;
        Ok(Self::Cookie)
    }
}

/// Returns the response of dj-rest-auth to a sign-in, or the required second factor.
pub async fn login_response(
    app: &App,
    user: User,
    result: SignInResult,
    delivery: SessionDelivery,
) -> Result<HttpResponse, Problem> {
    match result {
        SignInResult::SecondFactorRequired(pending) => {
            Ok(HttpResponse::Ok().json(LoginResponse::SecondFactorRequired(pending.into())))
        }
        SignInResult::Completed(session) => session_response(app, HttpResponse::Ok(), user, &session, delivery).await,
    }
}

/// Returns the response with an open session.
pub(super) async fn session_response(
    app: &App,
    mut response: HttpResponseBuilder,
    user: User,
    session: &OpenSession,
    delivery: SessionDelivery,
) -> Result<HttpResponse, Problem> {
    let view = match delivery {
        SessionDelivery::Tokens => LoginView::with_tokens(issue_tokens(app, session).await?, user),
        SessionDelivery::Cookie => {
            for cookie in session_cookies(app, session) {
                response.cookie(cookie);
            }
            LoginView::with_cookies(csrf_token(&app.master_key, session.id), user)
        }
    };
    Ok(response.json(LoginResponse::SignedIn(view)))
}

/// Returns the cookies of a session: the session itself and its CSRF token.
pub fn session_cookies(app: &App, session: &OpenSession) -> [Cookie<'static>; 2] {
    let seconds = (session.expires_at - session.issued_at).num_seconds();
    auth::session_cookies(&app.master_key, session.id, seconds)
}

/// Returns the tokens of a sign-in for clients of simplejwt. They expect tokens in every 200 response, so a required
/// second factor is an error.
pub(super) async fn tokens_or_error(app: &App, result: SignInResult) -> Result<IssuedTokens, Problem> {
    match result {
        SignInResult::Completed(session) => issue_tokens(app, &session).await,
        SignInResult::SecondFactorRequired(pending) => Err(AuthError::SecondFactorRequired(pending).into()),
    }
}

/// Signs the access and the refresh token of a session.
pub(super) async fn issue_tokens(app: &App, session: &OpenSession) -> Result<IssuedTokens, Problem> {
    let command = IssueTokens {
        user: session.user,
        session: session.id,
        generation: session.generation,
        issued_at: session.issued_at,
        session_expires_at: session.expires_at,
    };
    Ok(app.keys.issue(command).await.map_err(AuthError::from)?)
}
