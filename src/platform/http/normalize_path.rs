//! Normalization of request paths.
//!
//! Below `/api/`, a path works with and without its trailing slash, without a redirect. Unreserved characters are
//! percent-decoded.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::uri::{PathAndQuery, Uri};
use actix_web::middleware::Next;

/// Middleware that normalizes the path. It keeps `//`, and it adds no trailing slash outside `/api/`.
pub async fn normalize_path(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if let Some(uri) = normalized(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

/// Returns the normalized URI if it differs.
fn normalized(uri: &Uri) -> Option<Uri> {
    let mut path = decode_unreserved(uri.path());
    if path.starts_with("/api/") && !path.ends_with('/') && !path.starts_with("/api/docs") {
        path.push('/');
    }
    if path == uri.path() {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

/// Decodes percent-encoded letters, digits and `-._~` (RFC 3986, section 6.2.2.2).
///
/// The router decodes them too. Middleware that inspects the path, such as rate limiting, must see the same path.
fn decode_unreserved(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len() + 1);
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            Some(byte) => {
                decoded.push(char::from(byte));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push('%');
                rest = after;
            }
        }
    }
    decoded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalize(url: &str) -> String {
        let uri = url.parse().unwrap();
        normalized(&uri).unwrap_or(uri).to_string()
    }

    #[test]
    fn paths_are_normalized() {
        for (url, expected) in [
            ("/api/products?a=%61", "/api/products/?a=%61"),
            ("/%61pi/auth/tok%65n", "/api/auth/token/"),
            ("/api/%2D%2e%5F%7e%30/", "/api/-._~0/"),
            ("/api/a%2Fb%00%FF%25%20%2B/", "/api/a%2Fb%00%FF%25%20%2B/"),
            ("/api/%zz%4/", "/api/%zz%4/"),
            ("/health/live", "/health/live"),
            ("/%68ealth/live", "/health/live"),
            ("/api/docs", "/api/docs"),
        ] {
            assert_eq!(normalize(url), expected);
        }
    }
}
