//! Signing in from a browser: the session goes into a cookie instead of tokens that scripts could read.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;

use super::services::OpenSession;
use crate::platform::app::App;
use crate::platform::auth::{ensure_own_origin, session_cookies};
use crate::platform::error::Problem;

/// The cookies that make a session the browser's.
pub fn cookies_of(app: &App, session: &OpenSession) -> [Cookie<'static>; 2] {
    let seconds = (session.expires_at - app.clock.now()).num_seconds();
    session_cookies(&app.master_key, session.id, seconds)
}

/// A page of another origin must not sign the browser in as somebody of its own choice.
pub fn ensure_may_sign_in(request: &HttpRequest, app: &App) -> Result<(), Problem> {
    ensure_own_origin(request, &app.config)
}
