//! One spelling of every URL: below `/api/` it is served with and without its last slash, with no redirect, and no
//! letter of a path hides behind a percent sign.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::uri::{PathAndQuery, Uri};
use actix_web::middleware::Next;

/// Middleware: spells the path as routes do. `//` is left alone, and so is the last slash outside `/api/`.
pub async fn serve_both_slashes(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if let Some(uri) = respelled(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

fn respelled(uri: &Uri) -> Option<Uri> {
    let mut path = plain(uri.path());
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

/// With letters, digits and `-._~` as they are (RFC 3986, 6.2.2.2). The router reads them so anyway: whoever looks at
/// a path, to count or to forbid, must see the one that is served.
fn plain(path: &str) -> String {
    let mut plain = String::with_capacity(path.len() + 1);
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let hidden = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match hidden.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            Some(byte) => {
                plain.push(char::from(byte));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                plain.push('%');
                rest = after;
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(url: &str) -> String {
        let uri = url.parse().unwrap();
        respelled(&uri).unwrap_or(uri).to_string()
    }

    #[test]
    fn a_url_has_one_spelling() {
        for (url, spelling) in [
            ("/api/products?a=%61", "/api/products/?a=%61"),
            ("/%61pi/auth/tok%65n", "/api/auth/token/"),
            ("/api/%2D%2e%5F%7e%30/", "/api/-._~0/"),
            ("/api/a%2Fb%00%FF%25%20%2B/", "/api/a%2Fb%00%FF%25%20%2B/"),
            ("/api/%zz%4/", "/api/%zz%4/"),
            ("/health/live", "/health/live"),
            ("/%68ealth/live", "/health/live"),
            ("/api/docs", "/api/docs"),
        ] {
            assert_eq!(spelled(url), spelling);
        }
    }
}
