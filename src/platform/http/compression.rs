//! Compression of responses: small bodies are sent uncompressed.

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, HeaderValue};
use actix_web::middleware::Next;

/// Maximum size of a body that is not compressed.
const MAX_UNCOMPRESSED_BYTES: u64 = 1024;

/// Marker for `Compress` of actix-web, which skips a body that already has an encoding.
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// Middleware inside `Compress` that marks small bodies with the encoding `identity`.
pub async fn skip_small_body_compression(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let is_small = matches!(response.response().body().size(), BodySize::Sized(size) if size <= MAX_UNCOMPRESSED_BYTES);
    if is_small && !response.headers().contains_key(CONTENT_ENCODING) {
        response.headers_mut().insert(CONTENT_ENCODING, IDENTITY);
    }
    Ok(response)
}

/// Middleware outside `Compress` that removes the marker, because RFC 9110 advises against sending it.
pub async fn remove_identity_encoding(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    if response.headers().get(CONTENT_ENCODING) == Some(&IDENTITY) {
        response.headers_mut().remove(CONTENT_ENCODING);
    }
    Ok(response)
}
