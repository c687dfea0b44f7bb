//! Middleware that reads the body of a request with an idempotency key, because the fingerprint covers the body.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};

use super::digest::digest;
use crate::platform::api::route_policies::policies_of;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::read_bytes;

const HEADER: &str = "idempotency-key";

/// The key of a request and the request that it identifies.
#[derive(Debug, Clone)]
pub(super) struct KeyedRequest {
    pub key: String,
    pub method: String,
    /// The pattern of the path.
    pub route: String,
    /// SHA-256 of method, path, query and body.
    pub fingerprint: Vec<u8>,
}

/// Middleware that buffers the body of a POST or PATCH with an `Idempotency-Key` and records its fingerprint.
pub async fn buffer_keyed_body(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_post_or_patch = matches!(*request.method(), Method::POST | Method::PATCH);
    let has_key = request.headers().contains_key(HEADER);
    if is_post_or_patch && has_key && policies_of(&request).accepts_idempotency_keys {
        match read_keyed_request(&mut request).await {
            Ok(keyed) => {
                request.extensions_mut().insert(keyed);
            }
            Err(error) => return Ok(request.error_response(error)),
        }
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

async fn read_keyed_request(request: &mut ServiceRequest) -> Result<KeyedRequest, actix_web::Error> {
    let values: Vec<_> = request.headers().get_all(HEADER).collect();
    let key = match values.as_slice() {
        [value] => value.to_str().ok().filter(|key| is_valid_key(key)).map(str::to_owned),
        _ => None,
    };
    let key = key.ok_or_else(invalid_key)?;
    let body = read_body(request).await?;
    let method = request.method().to_string();
    let mut query: Vec<&str> = request.query_string().split('&').collect();
    query.sort_unstable();
    let query = query.join("&");
    let fingerprint = digest(&[method.as_bytes(), request.path().as_bytes(), query.as_bytes(), &body]).to_vec();
    let route = request.match_pattern().unwrap_or_else(|| request.path().to_owned());
    request.set_payload(Payload::from(body));
    Ok(KeyedRequest { key, method, route, fingerprint })
}

async fn read_body(request: &mut ServiceRequest) -> Result<web::Bytes, actix_web::Error> {
    let mut payload = request.take_payload();
    let bytes = read_bytes(request.request(), &mut payload).await?;
    // `read_bytes` has decompressed the body.
    request.headers_mut().remove(actix_web::http::header::CONTENT_ENCODING);
    Ok(bytes)
}

/// Returns true for 1 to 255 visible ASCII characters.
fn is_valid_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn invalid_key() -> Problem {
    let message = ErrorTree::message("invalid", "Enter one key of 1 to 255 visible ASCII characters.");
    Problem::invalid(ErrorTree::member("Idempotency-Key", message))
}
