//! First checks of a request: the size of its URL and headers, and the source of its forwarding headers.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{FORWARDED, HeaderName};
use actix_web::middleware::Next;
use actix_web::{ResponseError, web};

use super::trusted_proxies::TrustedProxies;
use crate::platform::error::Problem;

/// Maximum size of path and query together.
const MAX_URL_BYTES: usize = 8 * 1024;

/// Maximum size of the names and values of all headers together.
const MAX_HEADER_BYTES: usize = 32 * 1024;

const FORWARDED_HEADERS: [HeaderName; 4] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
];

/// Outermost middleware: rejects a URL or headers that are too large, and removes forwarding headers that do not come
/// from a trusted proxy.
pub async fn reject_malformed_requests(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    if let Some(problem) = check_size(&request) {
        let response = problem.error_response();
        return Ok(request.into_response(response).map_into_right_body());
    }
    if !is_from_trusted_proxy(&request) {
        for name in FORWARDED_HEADERS {
            request.headers_mut().remove(name);
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn check_size(request: &ServiceRequest) -> Option<Problem> {
    let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url > MAX_URL_BYTES {
        return Some(Problem::head_too_large(StatusCode::URI_TOO_LONG, "The URL is too long."));
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    (headers > MAX_HEADER_BYTES).then(|| Problem::head_too_large(status, "The headers are too large."))
}

fn is_from_trusted_proxy(request: &ServiceRequest) -> bool {
    let proxies = request.app_data::<web::Data<TrustedProxies>>();
    let peer = request.peer_addr();
    proxies.zip(peer).is_some_and(|(proxies, peer)| proxies.contains(peer.ip()))
}
