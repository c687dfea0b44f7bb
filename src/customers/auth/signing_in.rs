//! The one way in, whatever somebody has shown: a password, another's word, a passkey.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use diesel::pg::PgConnection;

use super::browser::cookies_of;
use super::challenges::{Challenge, Method, methods_of};
use super::errors::AuthError;
use super::services::{self, OpenSession};
use super::views::{LoginAnswer, LoginView};
use crate::customers::accounts::{self, User};
use crate::platform::app::App;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::{IssuedTokens, TokenKeys, csrf_token, ensure_own_origin, random_token, sha256};
use crate::platform::error::Problem;
use crate::platform::types::Actor;

/// What somebody has shown so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A password, or the word of another who knows them.
    OneFactor,
    /// As much as there is to show: nothing more is asked for.
    TwoFactors,
}

/// What sessions are opened with.
pub struct Terms<'a> {
    pub keys: &'a TokenKeys,
    /// How long they last.
    pub days: u32,
}

impl<'a> From<&'a App> for Terms<'a> {
    fn from(app: &'a App) -> Self {
        Self { keys: &app.keys, days: app.config.refresh_token_days }
    }
}

/// What a sign-in leads to.
#[derive(Debug, Clone)]
pub enum SignIn {
    Open(OpenSession),
    /// First the second factor.
    Challenged(Challenged),
}

/// What finishes the sign-in, and how.
#[derive(Debug, Clone)]
pub struct Challenged {
    /// For this once; only its hash is kept.
    pub token: String,
    pub methods: Vec<Method>,
}

/// Opens a session for an active user, or asks for the second factor that they have.
pub fn sign_in(
    conn: &mut PgConnection,
    user: &User,
    proof: Proof,
    terms: &Terms<'_>,
    origin: &Origin,
) -> Result<SignIn, AuthError> {
    let methods = match proof {
        Proof::OneFactor => methods_of(conn, user.id)?,
        Proof::TwoFactors => Vec::new(),
    };
    if methods.is_empty() {
        return Ok(SignIn::Open(services::open(conn, user, terms.keys, terms.days, origin)?));
    }
    // Whoever changes the password ends what was begun with the old one: nothing is begun behind them.
    let is_same = |now: &User| now.is_active && now.credentials() == user.credentials();
    accounts::lock_user(conn, user.id)?.filter(is_same).ok_or(AuthError::CannotLogIn)?;
    let token = random_token().map_err(AuthError::NoSecret)?;
    Challenge::insert(conn, user.id, &sha256(&token), origin.at)?;
    let origin = Origin { actor: Actor::User(user.id), ..origin.clone() };
    audit::record(conn, &origin, "user.second_factor_asked", ("user", user.id.to_string()), Changes::none())?;
    Ok(SignIn::Challenged(Challenged { token, methods }))
}

/// The sign-in that waits for a second factor, locked, by the token that its client got.
pub fn lock_challenge(
    conn: &mut PgConnection,
    token: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> diesel::QueryResult<Option<Challenge>> {
    Challenge::lock(conn, &sha256(token), now)
}

/// Opens the session that a challenge stood before. It is met, and opens no second one.
pub fn meet(
    conn: &mut PgConnection,
    challenge: &Challenge,
    user: &User,
    terms: &Terms<'_>,
    origin: &Origin,
) -> Result<SignIn, AuthError> {
    challenge.meet(conn, origin.at)?;
    sign_in(conn, user, Proof::TwoFactors, terms, origin)
}

/// Where a client keeps its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    Tokens,
    /// In a browser, in a cookie that no script reads.
    Cookie,
}

impl Keeping {
    /// As the body of a sign-in says. A page of another origin must not sign the browser in as somebody of its choice.
    pub fn of(cookie: Option<bool>, request: &HttpRequest, app: &App) -> Result<Self, Problem> {
        if !cookie.unwrap_or(false) {
            return Ok(Self::Tokens);
        }
        ensure_own_origin(request, &app.config)?;
        Ok(Self::Cookie)
    }
}

/// The answer to whoever signs in the way dj-rest-auth's clients do: tokens, cookies, or what is still missing.
pub async fn answer(app: &App, user: User, sign_in: SignIn, keeping: Keeping) -> Result<HttpResponse, Problem> {
    match sign_in {
        SignIn::Challenged(challenged) => Ok(HttpResponse::Ok().json(LoginAnswer::Waiting(challenged.into()))),
        SignIn::Open(session) => welcome(app, HttpResponse::Ok(), (user, session), keeping).await,
    }
}

/// The answer to somebody whose session is open.
pub(super) async fn welcome(
    app: &App,
    mut answer: HttpResponseBuilder,
    (user, session): (User, OpenSession),
    keeping: Keeping,
) -> Result<HttpResponse, Problem> {
    let view = match keeping {
        Keeping::Tokens => LoginView::new(tokens_of(app, &session).await?, user),
        Keeping::Cookie => {
            for cookie in cookies_of(app, &session) {
                answer.cookie(cookie);
            }
            LoginView::in_cookie(csrf_token(&app.master_key, session.id), user)
        }
    };
    Ok(answer.json(LoginAnswer::SignedIn(view)))
}

/// The tokens of a sign-in the way simplejwt's clients do; they look for tokens in every 200, so that a second factor
/// is a refusal to them.
pub(super) async fn tokens_or_refusal(app: &App, sign_in: SignIn) -> Result<IssuedTokens, Problem> {
    match sign_in {
        SignIn::Open(session) => tokens_of(app, &session).await,
        SignIn::Challenged(challenged) => Err(AuthError::SecondFactorAsked(challenged).into()),
    }
}

pub(super) async fn tokens_of(app: &App, session: &OpenSession) -> Result<IssuedTokens, Problem> {
    let times = (session.issued_at, session.expires_at);
    Ok(app.keys.issue(session.user, session.id, session.generation, times).await.map_err(AuthError::from)?)
}
