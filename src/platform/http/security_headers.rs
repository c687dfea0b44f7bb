//! Security headers of all responses, and the default caching policy.

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use tracing_actix_web::RequestId;

use super::guest_token::GuestTokenHeader;

/// Content security policy of the API: browsers must not frame a response or run code from it.
const API_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Content security policy of the documentation page: it runs its own script and uses inline styles.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Middleware that adds the security headers, and `no-store` to responses that can be private.
pub async fn security_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let is_docs = request.path().starts_with("/api/docs");
    let is_api = request.path().starts_with("/api/") && !is_docs;
    let guest_token = request.app_data::<Data<GuestTokenHeader>>().cloned();
    let is_anonymous_read = request.method() == Method::GET
        && !has_credentials(&request, guest_token.as_ref().map(|header| header.get_ref()));
    let is_secure = request.connection_info().scheme() == "https";
    let request_id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let policy = if is_docs { DOCS_POLICY } else { API_POLICY };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    if let Some(id) = request_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if is_secure {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    // Without an allowed origin, this header has no effect.
    if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    }
    if let Some(vary) = guest_token.and_then(|header| header.vary()).filter(|_| is_api) {
        headers.append(header::VARY, vary);
    }
    if !is_docs && !headers.contains_key(header::CACHE_CONTROL) {
        // Caches can store a public response, but must revalidate it by its ETag.
        let is_public = is_anonymous_read && headers.contains_key(header::ETAG);
        let value = if is_public { "no-cache" } else { "no-store" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Returns true if the request identifies its client. The response is then private.
fn has_credentials(request: &ServiceRequest, guest_token: Option<&GuestTokenHeader>) -> bool {
    let names = [Some(&header::AUTHORIZATION), Some(&header::COOKIE), guest_token.map(GuestTokenHeader::name)];
    names.into_iter().flatten().any(|name| request.headers().contains_key(name))
}
