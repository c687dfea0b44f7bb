//! Registration and sign-in over HTTP, under the names that dj-rest-auth and simplejwt gave them.

use actix_web::http::header;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};
use diesel::pg::PgConnection;

use super::errors::AuthError;
use super::services::{self, Refresh, SignInFailure};
use super::signing_in::{Keeping, Proof, SignIn, Terms, answer, sign_in, tokens_of, tokens_or_refusal, welcome};
use super::views::{
    DetailView, EmptyView, LoginAnswer, LoginBody, LoginView, LogoutBody, RefreshBody, RegistrationBody, TokenPairView,
    VerifyBody,
};
use crate::customers::accounts::{self, Checked, NewAccount, User, check_password, hash_password};
use crate::platform::app::App;
use crate::platform::attempts;
use crate::platform::audit::Origin;
use crate::platform::auth::{CurrentUser, SET_MAX_AGE, ended_cookies};
use crate::platform::config::EmailVerification;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::Paragraph;

/// Register a new customer, and sign them in.
///
/// Where the shop wants the e-mail address to be verified first, this answers 201 with `detail` alone, whether or not
/// the address has an account; the rest comes by mail. With `cookie`, a browser gets the session as at `login/`.
#[utoipa::path(tag = "auth", request_body = RegistrationBody, responses((status = 201, body = LoginView)))]
#[post("/registration/")]
pub async fn register(
    app: Data<App>,
    origin: Origin,
    request: HttpRequest,
    body: Body<RegistrationBody>,
) -> Result<HttpResponse, Problem> {
    body.0.check(&app.config.shop_name)?;
    let keeping = Keeping::of(body.0.cookie, &request, &app)?;
    let RegistrationBody { email, password1, first_name, last_name, phone, language, .. } = body.0;
    let account = NewAccount {
        email,
        password_hash: Some(hash_password(password1.into_inner(), app.config.bcrypt_cost).await?),
        first_name: first_name.map(Paragraph::into_inner).unwrap_or_default(),
        last_name: last_name.map(Paragraph::into_inner).unwrap_or_default(),
        phone,
        language: language.unwrap_or_default(),
        is_staff: false,
        is_superuser: false,
    };
    if app.config.email_verification == EmailVerification::Required {
        app.db.write(move |conn| accounts::register_unseen(conn, &account, &origin)).await?;
        let told = DetailView { detail: "Verification e-mail sent." };
        return Ok(HttpResponse::Created().insert_header((header::LOCATION, "/api/auth/user/")).json(told));
    }
    let (keys, days) = (app.keys.clone(), app.config.refresh_token_days);
    let registered = app.db.write(move |conn| services::register(conn, &account, &keys, days, &origin)).await?;
    let (profile, session) = registered;
    let mut made = HttpResponse::Created();
    made.insert_header((header::LOCATION, "/api/auth/user/"));
    welcome(&app, made, (profile.user, session), keeping).await
}

/// Sign in.
///
/// Somebody with a second factor gets an `mfa_token` in place of tokens: `mfa/verify/` or `mfa/passkeys/verify/`
/// finishes the sign-in with it, within five minutes. Answers 400 when e-mail and password do not fit, as dj-rest-auth
/// does. With `cookie`, a browser gets the session in a cookie that no script reads, and `csrf_token` for the header
/// `X-CSRFToken` of whatever it writes.
#[utoipa::path(tag = "auth", request_body = LoginBody, responses((status = 200, body = LoginAnswer)))]
#[post("/login/")]
pub async fn log_in(
    app: Data<App>,
    origin: Origin,
    request: HttpRequest,
    body: Body<LoginBody>,
) -> Result<HttpResponse, Problem> {
    let keeping = Keeping::of(body.0.cookie, &request, &app)?;
    let user = authenticate(&app, body.0, &origin).await?.ok_or(AuthError::CannotLogIn)?;
    let sign_in = begin(&app, &user, origin).await?;
    answer(&app, user, sign_in, keeping).await
}

/// Sign in and get a pair of tokens.
///
/// Answers 401 when e-mail and password do not fit, as simplejwt does; and 401 `mfa_required`, with an `mfa_token` and
/// the `methods` beside it, where a second factor is asked for.
#[utoipa::path(tag = "auth", request_body = LoginBody, responses((status = 200, body = TokenPairView)))]
#[post("/token/")]
pub async fn obtain_token(
    app: Data<App>,
    origin: Origin,
    body: Body<LoginBody>,
) -> Result<Json<TokenPairView>, Problem> {
    obtain(&app, origin, body.0).await
}

/// Sign in and get a pair of tokens (simplejwt's usual address).
///
/// Answers 401 `mfa_required`, with an `mfa_token` and the `methods` beside it, where a second factor is asked for.
#[utoipa::path(tag = "token", request_body = LoginBody, responses((status = 200, body = TokenPairView)))]
#[post("/")]
pub async fn obtain_token_alias(
    app: Data<App>,
    origin: Origin,
    body: Body<LoginBody>,
) -> Result<Json<TokenPairView>, Problem> {
    obtain(&app, origin, body.0).await
}

/// Exchange a refresh token for a new pair.
///
/// The old one is spent: showing it again later ends the session.
#[utoipa::path(tag = "auth", request_body = RefreshBody, responses((status = 200, body = TokenPairView)))]
#[post("/token/refresh/")]
pub async fn refresh_token(
    app: Data<App>,
    origin: Origin,
    body: Body<RefreshBody>,
) -> Result<Json<TokenPairView>, Problem> {
    refresh(&app, origin, body.0).await
}

/// Exchange a refresh token for a new pair (simplejwt's usual address).
#[utoipa::path(tag = "token", request_body = RefreshBody, responses((status = 200, body = TokenPairView)))]
#[post("/refresh/")]
pub async fn refresh_token_alias(
    app: Data<App>,
    origin: Origin,
    body: Body<RefreshBody>,
) -> Result<Json<TokenPairView>, Problem> {
    refresh(&app, origin, body.0).await
}

/// Tell whether a token is good.
#[utoipa::path(tag = "auth", request_body = VerifyBody, responses((status = 200, body = EmptyView)))]
#[post("/token/verify/")]
pub async fn verify_token(app: Data<App>, body: Body<VerifyBody>) -> Result<Json<EmptyView>, Problem> {
    verify(&app, body.0).await
}

/// Tell whether a token is good (simplejwt's usual address).
#[utoipa::path(tag = "token", request_body = VerifyBody, responses((status = 200, body = EmptyView)))]
#[post("/verify/")]
pub async fn verify_token_alias(app: Data<App>, body: Body<VerifyBody>) -> Result<Json<EmptyView>, Problem> {
    verify(&app, body.0).await
}

/// Sign out: end the session of a refresh token, or of the access token.
#[utoipa::path(tag = "auth", request_body = LogoutBody, responses((status = 200, body = DetailView)))]
#[post("/logout/")]
pub async fn log_out(
    app: Data<App>,
    user: Option<CurrentUser>,
    origin: Origin,
    body: Body<LogoutBody>,
) -> Result<HttpResponse, Problem> {
    let session = match (body.0.refresh, user) {
        (Some(refresh), _) => app.keys.check_refresh(&refresh, origin.at).await.map_err(AuthError::from)?.session,
        (None, Some(user)) => user.0.session_id,
        (None, None) => return Err(Problem::not_authenticated()),
    };
    app.db.write(move |conn| services::end(conn, session, "signed out", &origin)).await?;
    let mut answer = HttpResponse::Ok();
    for cookie in ended_cookies() {
        answer.cookie(cookie);
    }
    Ok(answer.json(DetailView { detail: "Successfully logged out." }))
}

/// End the session of a refresh token.
#[utoipa::path(tag = "auth", request_body = RefreshBody, responses((status = 200, body = EmptyView)))]
#[post("/token/blacklist/")]
pub async fn blacklist_token(
    app: Data<App>,
    origin: Origin,
    body: Body<RefreshBody>,
) -> Result<Json<EmptyView>, Problem> {
    let session = app.keys.check_refresh(&body.0.refresh, origin.at).await.map_err(AuthError::from)?.session;
    app.db.write(move |conn| services::end(conn, session, "blacklisted", &origin)).await?;
    Ok(Json(EmptyView {}))
}

/// List the public keys that tokens are signed with.
#[utoipa::path(tag = ".well-known", responses((status = 200, content_type = "application/json", body = Object)))]
#[get("/.well-known/jwks.json")]
pub async fn jwks(app: Data<App>) -> HttpResponse {
    let caching = format!("public, max-age={}", SET_MAX_AGE.num_seconds());
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, caching)).json(app.keys.published(app.clock.now()).await)
}

/// The user, if e-mail and password fit. Every way through costs one hash, and an attempt that is taken before it.
async fn authenticate(app: &App, body: LoginBody, origin: &Origin) -> Result<Option<User>, Problem> {
    let email = body.email()?;
    let attempt = attempts::begin(app, "sign in", &body.account(), origin).await?;
    let user = match email.clone() {
        Some(email) => app.db.read(move |conn| accounts::find_by_email(conn, &email)).await?,
        None => None,
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let check = check_password(body.password, hash, app.config.bcrypt_cost);
    let (attempt, checked) = attempt.check_with(app, check).await?;
    let origin = origin.clone();
    let needs_verified_email = app.config.email_verification == EmailVerification::Required;
    if let Some(failure) = SignInFailure::of(user.as_ref(), &checked, needs_verified_email) {
        app.db
            .write(move |conn| services::note_failure(conn, failure, (user.as_ref(), email.as_ref()), &origin))
            .await?;
        if failure != SignInFailure::EmailNotVerified {
            return Ok(None);
        }
        attempt.succeeded(app).await?;
        return Err(AuthError::EmailNotVerified.into());
    }
    attempt.succeeded(app).await?;
    if let (Checked::Outdated(new), Some(mut user)) = (checked, user.clone()) {
        let (old, kept) = (user.clone(), new.clone());
        app.db.write(move |conn| services::upgrade_password(conn, &old, &kept, &origin)).await?;
        user.password_hash = Some(new);
        return Ok(Some(user));
    }
    Ok(user)
}

async fn begin(app: &App, user: &User, origin: Origin) -> Result<SignIn, Problem> {
    let (user, shop) = (user.clone(), app.clone());
    let begin = move |conn: &mut PgConnection| sign_in(conn, &user, Proof::OneFactor, &Terms::from(&shop), &origin);
    app.db.write(begin).await
}

async fn obtain(app: &App, origin: Origin, body: LoginBody) -> Result<Json<TokenPairView>, Problem> {
    let user = authenticate(app, body, &origin).await?.ok_or(AuthError::NoActiveAccount)?;
    let sign_in = begin(app, &user, origin).await?;
    Ok(Json(tokens_or_refusal(app, sign_in).await?.into()))
}

async fn refresh(app: &App, origin: Origin, body: RefreshBody) -> Result<Json<TokenPairView>, Problem> {
    let claims = app.keys.check_refresh(&body.refresh, origin.at).await.map_err(AuthError::from)?;
    let keys = app.keys.clone();
    let refreshed = app.db.write(move |conn| services::refresh(conn, &claims, &keys, &origin)).await?;
    match refreshed {
        Refresh::Rotated(session) => Ok(Json(tokens_of(app, &session).await?.into())),
        Refresh::Refused => Err(AuthError::TokenNotValid.into()),
    }
}

async fn verify(app: &App, body: VerifyBody) -> Result<Json<EmptyView>, Problem> {
    let now = app.clock.now();
    let (session, _) = app.keys.check_any(&body.token, now).await.map_err(AuthError::from)?;
    if app.db.read(move |conn| services::is_live(conn, session, now)).await? {
        Ok(Json(EmptyView {}))
    } else {
        Err(AuthError::TokenNotValid.into())
    }
}
