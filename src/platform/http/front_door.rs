//! What is looked at before anything else: how large a request's head is, and whose word on its origin counts.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{FORWARDED, HeaderName};
use actix_web::middleware::Next;
use actix_web::{ResponseError, web};

use crate::platform::app::App;
use crate::platform::error::Problem;

/// Longer URLs are nobody's filter.
const MOST_URL_BYTES: usize = 8 * 1024;

/// Names and values of all headers together.
const MOST_HEADER_BYTES: usize = 32 * 1024;

const FORWARDED_HEADERS: [HeaderName; 4] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
];

/// Middleware, the outermost: refuses large heads, and forgets what a peer that is no trusted proxy says it forwards.
pub async fn guard_front_door(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    if let Some(problem) = too_large(&request) {
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

fn too_large(request: &ServiceRequest) -> Option<Problem> {
    let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url > MOST_URL_BYTES {
        return Some(Problem::too_long(StatusCode::URI_TOO_LONG, "The URL is too long."));
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    (headers > MOST_HEADER_BYTES).then(|| Problem::too_long(status, "The headers are too large."))
}

fn is_from_trusted_proxy(request: &ServiceRequest) -> bool {
    let Some(app) = request.app_data::<web::Data<App>>() else { return false };
    let Some(peer) = request.peer_addr() else { return false };
    app.config.is_trusted_proxy(peer.ip())
}
