//! Endpoints for registration, sign-in and tokens, at the URLs of dj-rest-auth and simplejwt.

use actix_web::http::header;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};
use diesel::pg::PgConnection;

use super::errors::AuthError;
use super::responses::{SessionDelivery, issue_tokens, login_response, session_response, tokens_or_error};
use super::services::{self, FailedSignIn, SignInFailure};
use super::sign_in::{AuthenticationLevel, SignInResult, sign_in};
use super::views::{
    DetailView, EmptyView, LoginBody, LoginResponse, LoginView, LogoutBody, RefreshBody, RegistrationBody,
    TokenPairView, VerifyBody,
};
use crate::customers::accounts::{self, User};
use crate::customers::passwords::{PasswordCheck, PasswordHash, check_password, hash_password};
use crate::customers::sessions::{self, SessionSettings};
use crate::platform::api::endpoint;
use crate::platform::app::App;
use crate::platform::attempts;
use crate::platform::auth::{CurrentUser, JWKS_MAX_AGE, expired_cookies};
use crate::platform::config::EmailVerification;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::JsonObject;
use crate::platform::write_context::WriteContext;

/// `Location` of a new account.
const USER_URL: &str = "/api/auth/user/";

/// Register a customer
///
/// Creates an account, sends an e-mail with a link that verifies the address, and signs the customer in. With `cookie`,
/// a browser receives the session in cookies, as at `login/`. If the shop requires a verified e-mail address, the
/// response contains only `detail`, and is the same whether or not the address has an account.
#[endpoint(tag = "auth", throttle = login, returns(201 = LoginView))]
#[post("/registration/")]
pub async fn register(
    app: Data<App>,
    context: WriteContext,
    request: HttpRequest,
    body: Body<RegistrationBody>,
) -> Result<HttpResponse, Problem> {
    body.0.check(&app.config.shop_name)?;
    let delivery = SessionDelivery::from_request(body.0.cookie, &request, &app)?;
    let hash = hash_password(body.0.password1.clone().into_inner(), app.config.bcrypt_cost).await?;
    let account = body.0.into_account(hash);

    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, USER_URL));
    if app.config.email_verification == EmailVerification::Required {
        app.db.write(move |conn| accounts::register_unverified(conn, &account, &context)).await?;
        return Ok(response.json(DetailView { detail: "Verification e-mail sent." }));
    }
    let state = app.clone();
    let register =
        move |conn: &mut PgConnection| services::register(conn, &account, SessionSettings::from(&**state), &context);
    let registration = app.db.write(register).await?;
    session_response(&app, response, registration.user, &registration.session, delivery).await
}

/// Sign in
///
/// Returns an access and a refresh token. With `cookie`, a browser receives the session in an `HttpOnly` cookie
/// instead, and `csrf_token` for the header `X-CSRFToken` of its write requests. A user with a second factor receives
/// an `mfa_token` instead of tokens, and completes the sign-in within five minutes at `mfa/verify/` or
/// `mfa/passkeys/verify/finish/`. Returns 400 if the credentials are wrong or the e-mail address must be verified
/// first, and 429 after too many attempts.
#[endpoint(tag = "auth", throttle = login, credentials = ignored_if_invalid, returns(200 = LoginResponse))]
#[post("/login/")]
pub async fn log_in(
    app: Data<App>,
    context: WriteContext,
    request: HttpRequest,
    body: Body<LoginBody>,
) -> Result<HttpResponse, Problem> {
    let delivery = SessionDelivery::from_request(body.0.cookie, &request, &app)?;
    let user = authenticate(&app, body.0, &context).await?.ok_or(AuthError::CannotLogIn)?;
    let result = begin_session(&app, &user, context).await?;
    login_response(&app, user, result, delivery).await
}

/// Obtain a token pair
///
/// Signs in and returns an access and a refresh token. Returns 401 `no_active_account` if the credentials are wrong,
/// 401 `mfa_required` with `mfa_token` and `methods` if the user has a second factor, 400 if the e-mail address must be
/// verified first, and 429 after too many attempts.
#[endpoint(tag = "auth", throttle = login, credentials = ignored_if_invalid, returns(200 = TokenPairView))]
#[post("/token/")]
pub async fn obtain_token(
    app: Data<App>,
    context: WriteContext,
    body: Body<LoginBody>,
) -> Result<Json<TokenPairView>, Problem> {
    obtain(&app, context, body.0).await
}

/// Obtain a token pair (simplejwt URL)
///
/// Same as `/api/auth/token/`.
#[endpoint(tag = "token", throttle = login, credentials = ignored_if_invalid, returns(200 = TokenPairView))]
#[post("/")]
pub async fn obtain_token_alias(
    app: Data<App>,
    context: WriteContext,
    body: Body<LoginBody>,
) -> Result<Json<TokenPairView>, Problem> {
    obtain(&app, context, body.0).await
}

/// Exchange a refresh token for a new pair
///
/// The old refresh token becomes invalid. Using the old token again revokes the session, except in the first five
/// seconds. Returns 401 `token_not_valid` if the token is invalid, expired or revoked.
#[endpoint(tag = "auth", credentials = ignored_if_invalid, returns(200 = TokenPairView))]
#[post("/token/refresh/")]
pub async fn refresh_token(
    app: Data<App>,
    context: WriteContext,
    body: Body<RefreshBody>,
) -> Result<Json<TokenPairView>, Problem> {
    refresh(&app, context, body.0).await
}

/// Refresh a token pair (simplejwt URL)
///
/// Same as `/api/auth/token/refresh/`.
#[endpoint(tag = "token", credentials = ignored_if_invalid, returns(200 = TokenPairView))]
#[post("/refresh/")]
pub async fn refresh_token_alias(
    app: Data<App>,
    context: WriteContext,
    body: Body<RefreshBody>,
) -> Result<Json<TokenPairView>, Problem> {
    refresh(&app, context, body.0).await
}

/// Verify a token
///
/// Accepts an access or a refresh token. Returns 401 `token_not_valid` if the token is invalid or expired, or if its
/// session is revoked.
#[endpoint(tag = "auth", credentials = ignored_if_invalid, returns(200 = EmptyView))]
#[post("/token/verify/")]
pub async fn verify_token(app: Data<App>, body: Body<VerifyBody>) -> Result<Json<EmptyView>, Problem> {
    verify(&app, body.0).await
}

/// Verify a token (simplejwt URL)
///
/// Same as `/api/auth/token/verify/`.
#[endpoint(tag = "token", credentials = ignored_if_invalid, returns(200 = EmptyView))]
#[post("/verify/")]
pub async fn verify_token_alias(app: Data<App>, body: Body<VerifyBody>) -> Result<Json<EmptyView>, Problem> {
    verify(&app, body.0).await
}

/// Sign out
///
/// Revokes the session of the refresh token in the body, or else the session of the request, and removes the session
/// cookies. Returns 401 `token_not_valid` if the refresh token is invalid or expired.
#[endpoint(tag = "auth", credentials = ignored_if_invalid, returns(200 = DetailView))]
#[post("/logout/")]
pub async fn log_out(
    app: Data<App>,
    user: Option<CurrentUser>,
    context: WriteContext,
    body: Body<LogoutBody>,
) -> Result<HttpResponse, Problem> {
    let session = match (body.0.refresh, user) {
        (Some(refresh), _) => app.keys.verify_refresh(&refresh, context.at).await.map_err(AuthError::from)?.session,
        (None, Some(user)) => user.0.session_id,
        (None, None) => return Err(Problem::not_authenticated()),
    };
    app.db.write(move |conn| sessions::revoke(conn, session, "signed out", &context)).await?;
    let mut response = HttpResponse::Ok();
    for cookie in expired_cookies() {
        response.cookie(cookie);
    }
    Ok(response.json(DetailView { detail: "Successfully logged out." }))
}

/// Blacklist a refresh token
///
/// Revokes the session of the token. Returns 401 `token_not_valid` if the token is invalid or expired.
#[endpoint(tag = "auth", credentials = ignored_if_invalid, returns(200 = EmptyView))]
#[post("/token/blacklist/")]
pub async fn blacklist_token(
    app: Data<App>,
    context: WriteContext,
    body: Body<RefreshBody>,
) -> Result<Json<EmptyView>, Problem> {
    let session = app.keys.verify_refresh(&body.0.refresh, context.at).await.map_err(AuthError::from)?.session;
    app.db.write(move |conn| sessions::revoke(conn, session, "blacklisted", &context)).await?;
    Ok(Json(EmptyView {}))
}

/// List the public signing keys
///
/// Returns a JSON Web Key Set (RFC 7517) with the keys that verify access tokens.
#[endpoint(tag = ".well-known", credentials = ignored_if_invalid,
    responses((status = 200, content_type = "application/json", body = JsonObject)))]
#[get("/.well-known/jwks.json")]
pub async fn jwks(app: Data<App>) -> HttpResponse {
    let caching = format!("public, max-age={}", JWKS_MAX_AGE.num_seconds());
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, caching)).json(app.keys.published(app.clock.now()).await)
}

/// Checks e-mail address and password. Returns None if the user cannot sign in with them.
///
/// Every path counts one attempt and then computes one hash, so that the response time does not reveal whether the
/// account exists.
async fn authenticate(app: &App, body: LoginBody, context: &WriteContext) -> Result<Option<User>, Problem> {
    let email = body.email()?;
    let attempt = attempts::start(app, "sign in", &body.account(), context).await?;
    let user = match email.clone() {
        Some(email) => app.db.read(move |conn| accounts::find_by_email(conn, &email)).await?,
        None => None,
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let check = check_password(body.password, hash, app.config.bcrypt_cost);
    let (attempt, check) = attempt.run_check(app, check).await?;

    let requires_verified_email = app.config.email_verification == EmailVerification::Required;
    if let Some(failure) = SignInFailure::find(user.as_ref(), &check, requires_verified_email) {
        let (failed, context) = (FailedSignIn { failure, user, email }, context.clone());
        app.db.write(move |conn| failed.record(conn, &context)).await?;
        if failure != SignInFailure::EmailNotVerified {
            return Ok(None);
        }
        attempt.succeeded(app).await?;
        return Err(AuthError::EmailNotVerified.into());
    }

    attempt.succeeded(app).await?;
    let Some(user) = user else { return Ok(None) };
    match check {
        PasswordCheck::Outdated(new) => Ok(Some(with_upgraded_password(app, user, new, context.clone()).await?)),
        PasswordCheck::Correct | PasswordCheck::Wrong => Ok(Some(user)),
    }
}

/// Stores the new hash of an unchanged password and returns the user with it.
async fn with_upgraded_password(
    app: &App,
    user: User,
    new: PasswordHash,
    context: WriteContext,
) -> Result<User, Problem> {
    let (old, hash) = (user.clone(), new.clone());
    app.db.write(move |conn| services::upgrade_password(conn, &old, &hash, &context)).await?;
    Ok(User { password_hash: Some(new), ..user })
}

/// Opens a session for a user with a correct password, or requires the second factor.
async fn begin_session(app: &App, user: &User, context: WriteContext) -> Result<SignInResult, Problem> {
    let (user, state) = (user.clone(), app.clone());
    let begin = move |conn: &mut PgConnection| {
        sign_in(conn, &user, AuthenticationLevel::OneFactor, SessionSettings::from(&state), &context)
    };
    app.db.write(begin).await
}

async fn obtain(app: &App, context: WriteContext, body: LoginBody) -> Result<Json<TokenPairView>, Problem> {
    let user = authenticate(app, body, &context).await?.ok_or(AuthError::NoActiveAccount)?;
    let result = begin_session(app, &user, context).await?;
    Ok(Json(tokens_or_error(app, result).await?.into()))
}

async fn refresh(app: &App, context: WriteContext, body: RefreshBody) -> Result<Json<TokenPairView>, Problem> {
    let claims = app.keys.verify_refresh(&body.refresh, context.at).await.map_err(AuthError::from)?;
    let keys = app.keys.clone();
    let session = app.db.write(move |conn| sessions::refresh(conn, &claims, &keys, &context)).await?;
    Ok(Json(issue_tokens(app, &session).await?.into()))
}

async fn verify(app: &App, body: VerifyBody) -> Result<Json<EmptyView>, Problem> {
    let now = app.clock.now();
    let (session, _) = app.keys.verify_any(&body.token, now).await.map_err(AuthError::from)?;
    if app.db.read(move |conn| sessions::is_live(conn, session, now)).await? {
        Ok(Json(EmptyView {}))
    } else {
        Err(AuthError::InvalidToken.into())
    }
}
