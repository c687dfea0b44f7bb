//! Authentication of requests: the middleware and the extractors for handlers.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde_json::json;

use super::app_tokens::{has_valid_checksum, is_app_token};
use super::browser::{ensure_csrf_token, ensure_trusted_origin, session_from_cookie};
use super::{PermissionType, Principal, SignedIn};
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::http::client_address;
use crate::platform::types::CustomerId;

/// Extension of requests to endpoints that treat a request with invalid credentials as anonymous.
///
/// Clients sign in and refresh tokens when their access token has expired, and monitoring must not depend on sessions.
#[derive(Debug, Clone, Copy)]
pub struct IgnoreInvalidCredentials;

/// Middleware that authenticates a request by its bearer token or session cookie.
///
/// An invalid token is rejected even if the endpoint allows anonymous requests. A cookie of an ended session is
/// ignored.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match find_principal(&request).await {
        Ok(None) => {}
        Ok(Some(principal)) => {
            tracing::Span::current().record("user.id", tracing::field::display(principal.key()));
            request.extensions_mut().insert(principal);
        }
        Err(_) if request.extensions().contains::<IgnoreInvalidCredentials>() => {}
        Err(problem) => return Ok(request.error_response(problem)),
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

async fn find_principal(request: &ServiceRequest) -> Result<Option<Principal>, Problem> {
    let app = App::from_request(request.request())?.clone();
    match bearer_token(request)? {
        Some(token) if is_app_token(&token) => {
            if !has_valid_checksum(&app.master_key, &token) {
                return Err(invalid_token());
            }
            let address = client_address(request.request(), &app.config.trusted_proxies);
            app.principals.find_by_app_token(&token, address).await?.ok_or_else(invalid_token).map(Some)
        }
        Some(token) => {
            let session = app.keys.verify_access(&token, app.clock.now()).await.map_err(|_| invalid_token())?;
            app.principals.find_by_session(session).await?.ok_or_else(invalid_token).map(Some)
        }
        None => find_by_cookie(request.request(), &app).await,
    }
}

async fn find_by_cookie(request: &HttpRequest, app: &App) -> Result<Option<Principal>, Problem> {
    let Some(session) = session_from_cookie(request, &app.master_key) else { return Ok(None) };
    let Some(principal) = app.principals.find_by_session(session).await? else { return Ok(None) };
    if !request.method().is_safe() {
        ensure_trusted_origin(request, &app.config)?;
        ensure_csrf_token(request, &app.master_key, session)?;
    }
    Ok(Some(principal))
}

/// Returns the principal of a request. None for an anonymous request.
pub fn principal_of(request: &HttpRequest) -> Option<Principal> {
    request.extensions().get::<Principal>().cloned()
}

/// Returns the token of the `Authorization` header. A header with an unknown scheme is ignored.
fn bearer_token(request: &ServiceRequest) -> Result<Option<String>, Problem> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok(None);
    };
    let header = header.to_str().map_err(|_| invalid_header())?;
    let mut words = header.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("Bearer" | "JWT" | "Token"), Some(token), None) => Ok(Some(token.to_owned())),
        (Some("Bearer" | "JWT" | "Token"), _, _) => Err(invalid_header()),
        _ => Ok(None),
    }
}

fn invalid_header() -> Problem {
    Problem::unauthorized("bad_authorization_header", "Authorization header must contain two space-delimited values")
}

/// Returns 401 in the wording of simplejwt, which clients depend on.
fn invalid_token() -> Problem {
    let messages = json!([{"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid"}]);
    Problem::rejected(
        actix_web::http::StatusCode::UNAUTHORIZED,
        "token_not_valid",
        "Given token not valid for any token type".to_owned(),
        serde_json::Map::from_iter([("messages".to_owned(), messages)]),
    )
}

/// Extractor of the principal of a request, or None for an anonymous request.
#[derive(Debug, Clone)]
pub struct OptionalPrincipal(pub Option<Principal>);

/// Extractor of an authenticated principal: a user or an app.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Principal);

/// Extractor of a signed-in user. Apps are rejected.
#[derive(Debug, Clone)]
pub struct CurrentUser(pub SignedIn);

/// Extractor of a signed-in user with a customer profile.
#[derive(Debug, Clone)]
pub struct CurrentCustomer {
    pub id: CustomerId,
}

/// Extractor of a principal with the permission `P`.
#[derive(Debug, Clone)]
pub struct Allowed<P> {
    pub principal: Principal,
    permission: PhantomData<P>,
}

fn require_principal(request: &HttpRequest) -> Result<Principal, Problem> {
    principal_of(request).ok_or_else(Problem::not_authenticated)
}

impl FromRequest for OptionalPrincipal {
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
        ready(require_principal(request).map(Self))
    }
}

impl FromRequest for CurrentUser {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user = require_principal(request)
            .and_then(|principal| principal.user().cloned().map(Self).ok_or_else(Problem::permission_denied));
        ready(user)
    }
}

impl FromRequest for CurrentCustomer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let customer = require_principal(request).and_then(|principal| {
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
        let allowed = require_principal(request).and_then(|principal| {
            if principal.has_permission(P::PERMISSION) {
                Ok(Self { principal, permission: PhantomData })
            } else {
                Err(principal.denial())
            }
        });
        ready(allowed)
    }
}
