//! The order of checks, as Django REST framework has it: what can be answered (406), who is asking (401), what they
//! may (403), how often they ask (429), by which method (405), and only then the body.

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

use super::routes::{Route, RouteTable, sent_method};
use super::throttling::{Permit, Throttled, Verdict};
use crate::platform::app::App;
use crate::platform::audit::{Origin, note_once};
use crate::platform::auth::{Principal, principal_of};
use crate::platform::db::hold_while;
use crate::platform::error::{AsProblemDetails, Problem};
use crate::platform::http::Negotiated;

/// In seconds, for whoever has too many requests in flight: most take far less.
const RETRY_AFTER: u64 = 1;

/// Middleware outside of identity: what the client can read, and what every answer of a route says.
pub async fn negotiate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_api = request.path().starts_with("/api/") && !request.path().starts_with("/api/docs");
    let negotiated = if is_api { Negotiated::of(request.request()) } else { Ok(Negotiated::default()) };
    let allow = route_of(&request).map(|route| route.allow.clone());
    let mut response = match negotiated {
        Ok(negotiated) => {
            if negotiated.wants_problems {
                request.extensions_mut().insert(AsProblemDetails);
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

/// Writes a JSON body with white space between its parts.
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

/// Middleware inside of identity: who may, how often, by which method.
pub async fn check_in_order(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let method = sent_method(&request);
    let principal = request.extensions().get::<Principal>().cloned();
    let (stranger, other_method) = match route_of(&request) {
        Some(route) => (route.refuse_stranger(&method, principal.as_ref()), route.refuse_method(&method)),
        None => (Ok(()), Ok(())),
    };
    if let Err(problem) = stranger {
        return Ok(request.error_response(problem));
    }
    let (verdict, permit) = throttle(&request, principal.as_ref()).await;
    let permit = permit.map(Arc::new);
    note_throttled_login(&request, &verdict).await;
    let mut response = match &verdict {
        Verdict::Refused(throttled) => request.error_response(Problem::throttled(throttled.retry_after())),
        Verdict::TooManyInFlight(_) => request.error_response(Problem::throttled(RETRY_AFTER)),
        Verdict::Passed(_) | Verdict::Unlimited => match other_method {
            Err(problem) => request.error_response(problem),
            Ok(()) => hold_while(permit.clone(), next.call(request)).await?.map_into_boxed_body(),
        },
    };
    if let Verdict::Refused(state) | Verdict::TooManyInFlight(state) | Verdict::Passed(state) = verdict {
        tell_limits(response.headers_mut(), &state);
    }
    Ok(match permit {
        Some(permit) => permit.hold_until_sent(response),
        None => response,
    })
}

/// An address that tries too many passwords is written down.
async fn note_throttled_login(request: &ServiceRequest, verdict: &Verdict) {
    let Verdict::Refused(throttled) = verdict else { return };
    let (Ok(app), Ok(origin)) = (App::of(request.request()), Origin::of(request.request())) else { return };
    if throttled.is_of_login() {
        let address = ("address", origin.address.clone().unwrap_or_default());
        note_once(app, &origin, "address.throttled", address, json!({"policy": throttled.policy()})).await;
    }
}

/// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
fn tell_limits(headers: &mut HeaderMap, state: &Throttled) {
    for (name, value) in [("ratelimit-policy", state.policy()), ("ratelimit", state.remaining())] {
        if let (Ok(name), Ok(value)) = (name.parse::<actix_web::http::header::HeaderName>(), value.parse()) {
            headers.insert(name, value);
        }
    }
}

async fn throttle(request: &ServiceRequest, principal: Option<&Principal>) -> (Verdict, Option<Permit>) {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else { return (Verdict::Unlimited, None) };
    app.throttle.look_at(request.request(), &app, principal).await
}

fn route_of(request: &ServiceRequest) -> Option<&Route> {
    request.app_data::<web::Data<RouteTable>>()?.find(request.path())
}

/// The default service: the metadata of OPTIONS, or 404.
pub async fn unmatched(request: HttpRequest, routes: web::Data<RouteTable>) -> Result<HttpResponse, Problem> {
    // A known URL with a known method lands here only where a path part is of the wrong form: nothing is there.
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
