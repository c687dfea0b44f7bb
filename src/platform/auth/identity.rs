//! Reads who is asking, before anything else is looked at, and offers it to handlers.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use serde_json::json;

use super::{PermissionType, Principal};
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::types::CustomerId;

/// What a request says of who sends it: somebody, or credentials that are no good. Nobody is no identity at all.
type Identity = Result<Principal, Refusal>;

/// Why credentials are no good.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    BadHeader,
    BadToken,
    /// They could not be looked at.
    Unavailable,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::BadHeader => bad_header(),
            Refusal::BadToken => bad_token(),
            Refusal::Unavailable => Self::unavailable(anyhow::anyhow!("sessions cannot be looked up")),
        }
    }
}

/// Middleware: reads who is asking. Bad credentials are refused by whoever asks for an identity, be it only to show
/// more to some; where nobody does (signing in, refreshing, health), they do not matter.
pub async fn identify(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let identity: Option<Identity> = match bearer_token(&request) {
        Ok(None) => None,
        Ok(Some(token)) => Some(find_principal(&request, &token).await),
        Err(refusal) => Some(Err(refusal)),
    };
    if let Some(identity) = identity {
        if let Ok(principal) = &identity {
            tracing::Span::current().record("user.id", tracing::field::display(principal.user_id));
        }
        request.extensions_mut().insert(identity);
    }
    next.call(request).await
}

async fn find_principal(request: &ServiceRequest, token: &str) -> Identity {
    let app = request.app_data::<web::Data<App>>().cloned().ok_or(Refusal::Unavailable)?;
    let session = app.keys.check_access(token, app.clock.now()).map_err(|_| Refusal::BadToken)?;
    match app.principals.find(session).await {
        Ok(principal) => principal.ok_or(Refusal::BadToken),
        Err(problem) => {
            tracing::warn!("A session cannot be looked up: {problem}");
            Err(Refusal::Unavailable)
        }
    }
}

/// Who sends a request; none for nobody, and the refusal of credentials that are no good.
pub fn principal_of(request: &HttpRequest) -> Result<Option<Principal>, Problem> {
    let identity = request.extensions().get::<Identity>().cloned();
    Ok(identity.transpose()?)
}

/// The token of an `Authorization` header in a scheme of ours; any other scheme is nobody.
fn bearer_token(request: &ServiceRequest) -> Result<Option<String>, Refusal> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok(None);
    };
    let header = header.to_str().map_err(|_| Refusal::BadHeader)?;
    let mut words = header.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("Bearer" | "JWT" | "Token"), Some(token), None) => Ok(Some(token.to_owned())),
        (Some("Bearer" | "JWT" | "Token"), _, _) => Err(Refusal::BadHeader),
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

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct CurrentUser(pub Principal);

/// Somebody who is signed in and buys here.
#[derive(Debug, Clone)]
pub struct CurrentCustomer {
    pub id: CustomerId,
    pub principal: Principal,
}

/// Somebody who is signed in and has this permission.
#[derive(Debug, Clone)]
pub struct Allowed<P> {
    pub principal: Principal,
    permission: PhantomData<P>,
}

fn somebody(request: &HttpRequest) -> Result<Principal, Problem> {
    principal_of(request)?.ok_or_else(Problem::not_authenticated)
}

impl FromRequest for Viewer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(principal_of(request).map(Self))
    }
}

impl FromRequest for CurrentUser {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(somebody(request).map(Self))
    }
}

impl FromRequest for CurrentCustomer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let customer = somebody(request).and_then(|principal| {
            let id = principal.customer_id.ok_or_else(Problem::permission_denied)?;
            Ok(Self { id, principal })
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
                Err(Problem::permission_denied())
            }
        });
        ready(allowed)
    }
}
