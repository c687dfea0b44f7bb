//! Signing in from a browser: the session goes into a cookie instead of tokens that scripts could read.

use actix_web::cookie::Cookie;

use super::services::OpenSession;
use crate::platform::app::App;
use crate::platform::auth::session_cookies;

/// The cookies that make a session the browser's.
pub fn cookies_of(app: &App, session: &OpenSession) -> [Cookie<'static>; 2] {
    let seconds = (session.expires_at - session.issued_at).num_seconds();
    session_cookies(&app.master_key, session.id, seconds)
}
