//! Checks of a request in the order of Django REST framework: media type (406), authentication (401), permission (403),
//! rate limit (429), method (405), and then the body.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::{Value, json};

use super::routes::{Policies, Route, RouteTable, sent_method};
use super::throttling::{Permit, RateLimitState, Verdict};
use crate::platform::app::App;
use crate::platform::audit::{AuditObject, record_denial_once};
use crate::platform::auth::{IgnoreInvalidCredentials, Principal, principal_of};
use crate::platform::db::with_guard;
use crate::platform::error::{Problem, WantsProblemDetails};
use crate::platform::http::ResponseFormat;
use crate::platform::write_context::WriteContext;

/// Seconds until a client with too many concurrent requests should retry. Most requests take far less.
const CONCURRENCY_RETRY_AFTER: u64 = 1;

/// Middleware that negotiates the media type and adds `Allow` to the responses of a route. Runs before authentication.
pub async fn negotiate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_api = request.path().starts_with("/api/") && !request.path().starts_with("/api/docs");
    let negotiated = if is_api { ResponseFormat::negotiate(request.request()) } else { Ok(ResponseFormat::default()) };
    let found = route_of(&request).map(|route| (route.allow.clone(), route.policies(&sent_method(&request))));
    let (allow, policies) = found.unzip();
    store_policies(&request, policies.unwrap_or_default());
    let mut response = match negotiated {
        Ok(negotiated) => {
            if negotiated.wants_problem_details {
                request.extensions_mut().insert(WantsProblemDetails);
            }
            let response = next.call(request).await?.map_into_boxed_body();
            match negotiated.indent {
                Some(indent) => indented(response, indent).await,
                None => response,
            }
        }
        Err(problem) => request.error_response(problem),
    };
    let headers = response.headers_mut();
    if let Some(allow) = allow.and_then(|allow| HeaderValue::from_str(&allow).ok())
        && !headers.contains_key(ALLOW)
    {
        headers.insert(ALLOW, allow);
    }
    Ok(response)
}

/// Formats a JSON body with this indentation.
async fn indented(response: ServiceResponse<BoxBody>, indent: usize) -> ServiceResponse<BoxBody> {
    let is_json = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !is_json.is_some_and(|kind| kind.ends_with("json")) {
        return response;
    }
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let bytes = to_bytes(body).await.unwrap_or_default();
    let bytes = pretty(&bytes, indent).map_or(bytes, web::Bytes::from);
    ServiceResponse::new(request, response.set_body(bytes).map_into_boxed_body())
}

fn pretty(json: &[u8], indent: usize) -> Option<Vec<u8>> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let spaces = " ".repeat(indent);
    let formatter = serde_json::ser::PrettyFormatter::with_indent(spaces.as_bytes());
    let mut out = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter)).ok()?;
    Some(out)
}

/// Middleware that checks permission, rate limit and method of a route. Runs after authentication.
pub async fn enforce_route_policies(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let method = sent_method(&request);
    let principal = request.extensions().get::<Principal>().cloned();
    let (access, method_allowed) = match route_of(&request) {
        Some(route) => (route.check_access(&method, principal.as_ref()), route.check_method(&method)),
        None => (Ok(()), Ok(())),
    };
    if let Err(problem) = access {
        return Ok(request.error_response(problem));
    }
    let (verdict, permit) = throttle(&request, principal.as_ref()).await;
    let permit = permit.map(Arc::new);
    record_throttled_login(&request, &verdict).await;
    let mut response = match &verdict {
        Verdict::RateExceeded(state) => request.error_response(Problem::throttled(state.retry_after())),
        Verdict::TooManyConcurrent(_) => request.error_response(Problem::throttled(CONCURRENCY_RETRY_AFTER)),
        Verdict::Allowed(_) | Verdict::Unlimited => match method_allowed {
            Err(problem) => request.error_response(problem),
            Ok(()) => with_guard(permit.clone(), next.call(request)).await?.map_into_boxed_body(),
        },
    };
    if let Verdict::RateExceeded(state) | Verdict::TooManyConcurrent(state) | Verdict::Allowed(state) = verdict {
        add_rate_limit_headers(response.headers_mut(), &state);
    }
    Ok(match permit {
        Some(permit) => permit.keep_until_sent(response),
        None => response,
    })
}

/// Records an address that exceeds the rate limit of sign-ins in the audit log.
async fn record_throttled_login(request: &ServiceRequest, verdict: &Verdict) {
    let Verdict::RateExceeded(state) = verdict else { return };
    let (Ok(app), Ok(context)) = (App::from_request(request.request()), WriteContext::from_http(request.request()))
    else {
        return;
    };
    if state.is_login_limit() {
        let address = AuditObject::new("address", context.address.clone().unwrap_or_default());
        record_denial_once(app, &context, "address.throttled", address, json!({"policy": state.policy()})).await;
    }
}

/// Adds `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
fn add_rate_limit_headers(headers: &mut HeaderMap, state: &RateLimitState) {
    for (name, value) in [("ratelimit-policy", state.policy()), ("ratelimit", state.remaining())] {
        if let (Ok(name), Ok(value)) = (name.parse::<actix_web::http::header::HeaderName>(), value.parse()) {
            headers.insert(name, value);
        }
    }
}

async fn throttle(request: &ServiceRequest, principal: Option<&Principal>) -> (Verdict, Option<Permit>) {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else { return (Verdict::Unlimited, None) };
    let rate_limit = policies_of(request).rate_limit;
    app.throttle.check(request.request(), &app, principal, rate_limit).await
}

/// Stores the policies of the endpoint in the request, for the middleware that runs after this one.
fn store_policies(request: &ServiceRequest, policies: Policies) {
    if policies.ignores_invalid_credentials {
        request.extensions_mut().insert(IgnoreInvalidCredentials);
    }
    request.extensions_mut().insert(policies);
}

/// Returns the policies that the endpoint of a request declares.
pub(super) fn policies_of(request: &ServiceRequest) -> Policies {
    request.extensions().get::<Policies>().copied().unwrap_or_default()
}

fn route_of(request: &ServiceRequest) -> Option<&Route> {
    request.app_data::<web::Data<RouteTable>>()?.find(request.path())
}

/// Default service: returns the metadata of a URL for OPTIONS, otherwise 404.
pub async fn handle_unmatched(request: HttpRequest, routes: web::Data<RouteTable>) -> Result<HttpResponse, Problem> {
    // A known URL with an allowed method reaches this service only if a path parameter is malformed.
    let route = routes.find(request.path()).filter(|_| request.method() == Method::OPTIONS);
    let route = route.ok_or_else(Problem::not_found)?;
    let principal = principal_of(&request);
    let parses = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];
    let mut metadata = BTreeMap::from([
        ("name", json!(route.name)),
        ("description", json!(route.description)),
        ("renders", json!(["application/json"])),
        ("parses", json!(parses)),
    ]);
    let actions = route.actions(principal.as_ref());
    if !actions.is_empty() {
        metadata.insert("actions", Value::Object(actions));
    }
    Ok(HttpResponse::Ok().json(metadata))
}
