//! Registration and sign-in over HTTP, under the names that dj-rest-auth and simplejwt gave them.

use actix_web::http::header;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};

use super::browser::{cookies_of, ensure_may_sign_in};
use super::errors::AuthError;
use super::services::{self, OpenSession, Refresh, SignInFailure};
use super::views::{
    DetailView, EmptyView, LoginBody, LoginView, LogoutBody, RefreshBody, RegistrationBody, TokenPairView, VerifyBody,
};
use crate::customers::accounts::{self, Checked, NewAccount, User, check_password, hash_password};
use crate::platform::app::App;
use crate::platform::attempts;
use crate::platform::audit::Origin;
use crate::platform::auth::{CurrentUser, IssuedTokens, csrf_token, ended_cookies};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::Paragraph;

/// Register a new customer, and sign them in.
#[utoipa::path(tag = "auth", request_body = RegistrationBody, responses((status = 201, body = LoginView)))]
#[post("/registration/")]
pub async fn register(app: Data<App>, origin: Origin, body: Body<RegistrationBody>) -> Result<HttpResponse, Problem> {
    body.0.check(&app.config.shop_name)?;
    let RegistrationBody { email, password1, first_name, last_name, phone, .. } = body.0;
    let account = NewAccount {
        email,
        password_hash: Some(hash_password(password1.into_inner(), app.config.bcrypt_cost).await?),
        first_name: first_name.map(Paragraph::into_inner).unwrap_or_default(),
        last_name: last_name.map(Paragraph::into_inner).unwrap_or_default(),
        phone,
        is_staff: false,
        is_superuser: false,
    };
    let (keys, days) = (app.keys.clone(), app.config.refresh_token_days);
    let registered = app.db.write(move |conn| services::register(conn, &account, &keys, days, &origin)).await?;
    let (profile, session) = registered;
    let view = LoginView::new(tokens_of(&app, &session)?, profile.user);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, "/api/auth/user/")).json(view))
}

/// Sign in.
///
/// Answers 400 when e-mail and password do not fit, as dj-rest-auth does. With `cookie`, a browser gets the session in
/// a cookie that no script reads, and `csrf_token` for the header `X-CSRFToken` of whatever it writes.
#[utoipa::path(tag = "auth", request_body = LoginBody, responses((status = 200, body = LoginView)))]
#[post("/login/")]
pub async fn log_in(
    app: Data<App>,
    origin: Origin,
    request: HttpRequest,
    body: Body<LoginBody>,
) -> Result<HttpResponse, Problem> {
    let in_cookie = body.0.cookie.unwrap_or(false);
    if in_cookie {
        ensure_may_sign_in(&request, &app)?;
    }
    let user = authenticate(&app, body.0, &origin).await?.ok_or(AuthError::CannotLogIn)?;
    let session = open(&app, &user, origin).await?;
    signed_in(&app, &session, user, in_cookie)
}

/// Sign in and get a pair of tokens.
///
/// Answers 401 when e-mail and password do not fit, as simplejwt does.
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
        (Some(refresh), _) => app.keys.check_refresh(&refresh, origin.at).map_err(AuthError::from)?.session,
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
    let session = app.keys.check_refresh(&body.0.refresh, origin.at).map_err(AuthError::from)?.session;
    app.db.write(move |conn| services::end(conn, session, "blacklisted", &origin)).await?;
    Ok(Json(EmptyView {}))
}

/// List the public keys that tokens are signed with.
#[utoipa::path(tag = ".well-known", responses((status = 200, content_type = "application/json", body = Object)))]
#[get("/.well-known/jwks.json")]
pub async fn jwks(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(app.keys.public_set())
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
    let checked = check_password(body.password, hash, app.config.bcrypt_cost).await?;
    let origin = origin.clone();
    if let Some(failure) = SignInFailure::of(user.as_ref(), &checked) {
        app.db
            .write(move |conn| services::note_failure(conn, failure, (user.as_ref(), email.as_ref()), &origin))
            .await?;
        return Ok(None);
    }
    attempt.succeeded(app).await?;
    if let (Checked::Outdated(new), Some(user)) = (checked, user.clone()) {
        app.db.write(move |conn| services::upgrade_password(conn, &user, &new, &origin)).await?;
    }
    Ok(user)
}

async fn open(app: &App, user: &User, origin: Origin) -> Result<OpenSession, Problem> {
    let (user, keys, days) = (user.clone(), app.keys.clone(), app.config.refresh_token_days);
    app.db.write(move |conn| services::open(conn, &user, &keys, days, &origin)).await
}

/// What somebody gets who has signed in: tokens, or, in a browser, cookies.
fn signed_in(app: &App, session: &OpenSession, user: User, in_cookie: bool) -> Result<HttpResponse, Problem> {
    if !in_cookie {
        return Ok(HttpResponse::Ok().json(LoginView::new(tokens_of(app, session)?, user)));
    }
    let mut answer = HttpResponse::Ok();
    for cookie in cookies_of(app, session) {
        answer.cookie(cookie);
    }
    Ok(answer.json(LoginView::in_cookie(csrf_token(&app.master_key, session.id), user)))
}

fn tokens_of(app: &App, session: &OpenSession) -> Result<IssuedTokens, Problem> {
    let times = (app.clock.now(), session.expires_at);
    Ok(app.keys.issue(session.user, session.id, session.generation, times).map_err(AuthError::from)?)
}

async fn obtain(app: &App, origin: Origin, body: LoginBody) -> Result<Json<TokenPairView>, Problem> {
    let user = authenticate(app, body, &origin).await?.ok_or(AuthError::NoActiveAccount)?;
    let session = open(app, &user, origin).await?;
    Ok(Json(tokens_of(app, &session)?.into()))
}

async fn refresh(app: &App, origin: Origin, body: RefreshBody) -> Result<Json<TokenPairView>, Problem> {
    let claims = app.keys.check_refresh(&body.refresh, origin.at).map_err(AuthError::from)?;
    let keys = app.keys.clone();
    let refreshed = app.db.write(move |conn| services::refresh(conn, &claims, &keys, &origin)).await?;
    match refreshed {
        Refresh::Rotated(session) => Ok(Json(tokens_of(app, &session)?.into())),
        Refresh::Refused => Err(AuthError::TokenNotValid.into()),
    }
}

async fn verify(app: &App, body: VerifyBody) -> Result<Json<EmptyView>, Problem> {
    let now = app.clock.now();
    let (session, _) = app.keys.check_any(&body.token, now).map_err(AuthError::from)?;
    if app.db.read(move |conn| services::is_live(conn, session, now)).await? {
        Ok(Json(EmptyView {}))
    } else {
        Err(AuthError::TokenNotValid.into())
    }
}
