//! Browser sessions: a session cookie that scripts cannot read, and a CSRF token.
//!
//! The session cookie contains the session id and its signature. A write with this cookie must repeat the CSRF token of
//! the session in the header `X-CSRFToken` (the name that Django's clients send). Pages read the token from a second
//! cookie. If the browser sends `Origin`, it must be the shop's own origin or an allowed one.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HOST, ORIGIN};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::MasterKey;
use crate::platform::config::Config;
use crate::platform::error::Problem;
use crate::platform::types::SessionId;

/// Session cookie. The prefix `__Host-` (RFC 6265bis) requires this host, TLS and the path `/`.
pub const SESSION_COOKIE: &str = "__Host-session";

/// CSRF cookie. The page reads it and sends its value in a header.
pub const CSRF_COOKIE: &str = "__Host-csrftoken";

const CSRF_HEADERS: [&str; 2] = ["x-csrftoken", "x-csrf-token"];

/// Returns the two cookies of a session that expires in `seconds`.
pub fn session_cookies(key: &MasterKey, session: SessionId, seconds: i64) -> [Cookie<'static>; 2] {
    let signed = format!("{session}.{}", signature(key, "session cookie", session));
    let cookie = |name: &'static str, value: String| {
        let cookie = Cookie::build(name, value).path("/").secure(true).same_site(SameSite::Lax);
        cookie.max_age(Duration::seconds(seconds.max(0)))
    };
    [cookie(SESSION_COOKIE, signed).http_only(true).finish(), cookie(CSRF_COOKIE, csrf_token(key, session)).finish()]
}

/// Returns expired cookies, which make the browser delete both.
pub fn expired_cookies() -> [Cookie<'static>; 2] {
    let cookie = |name: &'static str| {
        let cookie = Cookie::build(name, "").path("/").secure(true).same_site(SameSite::Lax);
        cookie.max_age(Duration::ZERO)
    };
    [cookie(SESSION_COOKIE).http_only(true).finish(), cookie(CSRF_COOKIE).finish()]
}

/// Returns the CSRF token of a session.
pub fn csrf_token(key: &MasterKey, session: SessionId) -> String {
    signature(key, "csrf token", session)
}

fn signature(key: &MasterKey, purpose: &str, session: SessionId) -> String {
    URL_SAFE_NO_PAD.encode(key.sign(purpose, session.as_uuid().as_bytes()))
}

/// Returns the session of the request's cookie, if its signature is valid.
pub(super) fn session_from_cookie(request: &HttpRequest, key: &MasterKey) -> Option<SessionId> {
    let cookie = request.cookie(SESSION_COOKIE)?;
    let (id, signed) = cookie.value().split_once('.')?;
    let session: SessionId = id.parse().ok()?;
    is_equal(signed, &signature(key, "session cookie", session)).then_some(session)
}

fn is_equal(sent: &str, expected: &str) -> bool {
    verify_slices_are_equal(sent.as_bytes(), expected.as_bytes()).is_ok()
}

/// Rejects a write without the CSRF token of its session.
pub(super) fn ensure_csrf_token(request: &HttpRequest, key: &MasterKey, session: SessionId) -> Result<(), Problem> {
    let sent = CSRF_HEADERS.iter().find_map(|name| request.headers().get(*name));
    let Some(sent) = sent.and_then(|value| value.to_str().ok()) else { return Err(csrf_failed("CSRF token missing.")) };
    if is_equal(sent, &csrf_token(key, session)) { Ok(()) } else { Err(csrf_failed("CSRF token incorrect.")) }
}

/// Rejects a request from a page of an untrusted origin. Clients other than browsers send no `Origin` and pass.
pub fn ensure_trusted_origin(request: &HttpRequest, config: &Config) -> Result<(), Problem> {
    let Some(origin) = request.headers().get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let is_own_host = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    let is_trusted = is_own_host || config.cors_allowed_origins.iter().any(|known| known == origin);
    if is_trusted { Ok(()) } else { Err(csrf_failed("Origin checking failed.")) }
}

/// Returns 403 in the wording of Django REST framework.
fn csrf_failed(reason: &str) -> Problem {
    Problem::forbidden("csrf_failed", format!("CSRF Failed: {reason}"))
}
