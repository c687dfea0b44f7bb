//! Token of a guest, in a header that a domain defines.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;

/// Header in which a guest sends a secret token instead of credentials. The application registers it as app data.
#[derive(Debug, Clone)]
pub struct GuestTokenHeader(HeaderName);

impl GuestTokenHeader {
    pub const fn new(name: HeaderName) -> Self {
        Self(name)
    }

    /// Returns the value of `Vary`: the headers that all responses of the API depend on.
    pub(super) fn vary(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("accept, authorization, cookie, {}", self.0)).ok()
    }

    pub(super) const fn name(&self) -> &HeaderName {
        &self.0
    }
}

/// Returns the token that a guest sent.
pub fn guest_token(request: &HttpRequest) -> Option<&str> {
    let GuestTokenHeader(name) = request.app_data::<Data<GuestTokenHeader>>()?.get_ref();
    request.headers().get(name)?.to_str().ok()
}
