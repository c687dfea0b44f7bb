//! Reads who is asking, before anything else is looked at, and offers it to handlers.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde_json::json;

use super::app_tokens::{is_app_token, is_ours};
use super::browser::{ensure_own_origin, ensure_own_page, session_of_cookie};
use super::{PermissionType, Principal, SignedIn};
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::http::client_address;
use crate::platform::types::CustomerId;

/// Where nobody's identity matters: signing in and refreshing happens when the old token is no good any more, and
/// monitors must not depend on sessions.
const WITHOUT_IDENTITY: [&str; 9] = [
    "/health",
    "/.well-known/",
    "/api/token/",
    "/api/auth/token/",
    "/api/auth/login/",
    "/api/auth/logout/",
    "/api/auth/mfa/verify/",
    "/api/auth/mfa/passkeys/login/",
    "/api/auth/mfa/passkeys/verify/",
];

/// Middleware: good credentials make the request its user's or program's; a bad token is refused even where none is
/// needed, a cookie whose session has ended is nobody's.
pub async fn identify(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match find_principal(&request).await {
        Ok(None) => {}
        Ok(Some(principal)) => {
            tracing::Span::current().record("user.id", tracing::field::display(principal.key()));
            request.extensions_mut().insert(principal);
        }
        Err(_) if WITHOUT_IDENTITY.iter().any(|prefix| request.path().starts_with(prefix)) => {}
        Err(problem) => return Ok(request.error_response(problem)),
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

async fn find_principal(request: &ServiceRequest) -> Result<Option<Principal>, Problem> {
    let app = App::of(request.request())?.clone();
    match bearer_token(request)? {
        Some(token) if is_app_token(&token) => {
            if !is_ours(&app.master_key, &token) {
                return Err(bad_token());
            }
            let address = client_address(request.request(), &app);
            app.principals.of_app(&token, address).await?.ok_or_else(bad_token).map(Some)
        }
        Some(token) => {
            let session = app.keys.check_access(&token, app.clock.now()).await.map_err(|_| bad_token())?;
            app.principals.of_session(session).await?.ok_or_else(bad_token).map(Some)
        }
        None => of_cookie(request.request(), &app).await,
    }
}

async fn of_cookie(request: &HttpRequest, app: &App) -> Result<Option<Principal>, Problem> {
    let Some(session) = session_of_cookie(request, &app.master_key) else { return Ok(None) };
    let Some(principal) = app.principals.of_session(session).await? else { return Ok(None) };
    if !request.method().is_safe() {
        ensure_own_origin(request, &app.config)?;
        ensure_own_page(request, &app.master_key, session)?;
    }
    Ok(Some(principal))
}

/// Who sends a request; none for nobody.
pub fn principal_of(request: &HttpRequest) -> Option<Principal> {
    request.extensions().get::<Principal>().cloned()
}

/// The token of an `Authorization` header in a scheme of ours; any other scheme is nobody.
fn bearer_token(request: &ServiceRequest) -> Result<Option<String>, Problem> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok(None);
    };
    let header = header.to_str().map_err(|_| bad_header())?;
    let mut words = header.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("Bearer" | "JWT" | "Token"), Some(token), None) => Ok(Some(token.to_owned())),
        (Some("Bearer" | "JWT" | "Token"), _, _) => Err(bad_header()),
        _ => Ok(None),
    }
}

fn bad_header() -> Problem {
    Problem::unauthorized("bad_authorization_header", "Authorization header must contain two space-delimited values")
}

/// simplejwt's words, which its clients look for.
fn bad_token() -> Problem {
    let messages = json!([{"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid"}]);
    Problem::refused(
        actix_web::http::StatusCode::UNAUTHORIZED,
        "token_not_valid",
        "Given token not valid for any token type".to_owned(),
        serde_json::Map::from_iter([("messages".to_owned(), messages)]),
    )
}

/// Whoever is asking: somebody signed in, or nobody we know.
#[derive(Debug, Clone)]
pub struct Viewer(pub Option<Principal>);

/// Somebody or some program: whoever is not a stranger.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Principal);

/// Somebody who is signed in; no program.
#[derive(Debug, Clone)]
pub struct CurrentUser(pub SignedIn);

/// Somebody who is signed in and buys here.
#[derive(Debug, Clone)]
pub struct CurrentCustomer {
    pub id: CustomerId,
}

/// Somebody who is signed in and has this permission.
#[derive(Debug, Clone)]
pub struct Allowed<P> {
    pub principal: Principal,
    permission: PhantomData<P>,
}

fn somebody(request: &HttpRequest) -> Result<Principal, Problem> {
    principal_of(request).ok_or_else(Problem::not_authenticated)
}

impl FromRequest for Viewer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(principal_of(request))))
    }
}

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(somebody(request).map(Self))
    }
}

impl FromRequest for CurrentUser {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user = somebody(request)
            .and_then(|principal| principal.user().cloned().map(Self).ok_or_else(Problem::permission_denied));
        ready(user)
    }
}

impl FromRequest for CurrentCustomer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let customer = somebody(request).and_then(|principal| {
            let id = principal.customer_id().ok_or_else(Problem::permission_denied)?;
            Ok(Self { id })
        });
        ready(customer)
    }
}

impl<P: PermissionType> FromRequest for Allowed<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let allowed = somebody(request).and_then(|principal| {
            if principal.may(P::PERMISSION) {
                Ok(Self { principal, permission: PhantomData })
            } else {
                Err(principal.refusal())
            }
        });
        ready(allowed)
    }
}
