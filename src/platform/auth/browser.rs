//! Sessions of browsers: a cookie that no script reads, and a token that only pages of the shop can send.
//!
//! The cookie is a session's id and its signature. Whoever writes with it shows the session's token in the header
//! `X-CSRFToken` (the name that Django's clients send); pages read that token from a second cookie. Where a browser
//! says from which page it comes, that page must be the shop's own or of an allowed origin.

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

/// `__Host-` (RFC 6265bis): from this host alone, over TLS alone, for all paths.
pub const SESSION_COOKIE: &str = "__Host-session";

/// Readable by the page, which sends its value back in a header.
pub const CSRF_COOKIE: &str = "__Host-csrftoken";

const CSRF_HEADERS: [&str; 2] = ["x-csrftoken", "x-csrf-token"];

/// The two cookies of a session that lasts so many seconds more.
pub fn session_cookies(key: &MasterKey, session: SessionId, seconds: i64) -> [Cookie<'static>; 2] {
    let signed = format!("{session}.{}", signature(key, "session cookie", session));
    let cookie = |name: &'static str, value: String| {
        let cookie = Cookie::build(name, value).path("/").secure(true).same_site(SameSite::Lax);
        cookie.max_age(Duration::seconds(seconds.max(0)))
    };
    [cookie(SESSION_COOKIE, signed).http_only(true).finish(), cookie(CSRF_COOKIE, csrf_token(key, session)).finish()]
}

/// What makes a browser forget both.
pub fn ended_cookies() -> [Cookie<'static>; 2] {
    let cookie = |name: &'static str| {
        let cookie = Cookie::build(name, "").path("/").secure(true).same_site(SameSite::Lax);
        cookie.max_age(Duration::ZERO)
    };
    [cookie(SESSION_COOKIE).http_only(true).finish(), cookie(CSRF_COOKIE).finish()]
}

/// What a page of this session shows when it writes.
pub fn csrf_token(key: &MasterKey, session: SessionId) -> String {
    signature(key, "csrf token", session)
}

fn signature(key: &MasterKey, purpose: &str, session: SessionId) -> String {
    URL_SAFE_NO_PAD.encode(key.sign(purpose, session.as_uuid().as_bytes()))
}

/// The session of the cookie that a browser sends, if we signed it.
pub(super) fn session_of_cookie(request: &HttpRequest, key: &MasterKey) -> Option<SessionId> {
    let cookie = request.cookie(SESSION_COOKIE)?;
    let (id, signed) = cookie.value().split_once('.')?;
    let session: SessionId = id.parse().ok()?;
    is_same(signed, &signature(key, "session cookie", session)).then_some(session)
}

fn is_same(sent: &str, right: &str) -> bool {
    verify_slices_are_equal(sent.as_bytes(), right.as_bytes()).is_ok()
}

/// Refuses a write that a page of another origin made the browser send.
pub(super) fn ensure_own_page(request: &HttpRequest, key: &MasterKey, session: SessionId) -> Result<(), Problem> {
    let sent = CSRF_HEADERS.iter().find_map(|name| request.headers().get(*name));
    let Some(sent) = sent.and_then(|value| value.to_str().ok()) else { return Err(csrf_failed("CSRF token missing.")) };
    if is_same(sent, &csrf_token(key, session)) { Ok(()) } else { Err(csrf_failed("CSRF token incorrect.")) }
}

/// Refuses what comes from a page of another origin; programs, which send no `Origin`, pass.
pub fn ensure_own_origin(request: &HttpRequest, config: &Config) -> Result<(), Problem> {
    let Some(origin) = request.headers().get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let is_here = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    let is_ours = is_here || config.cors_allowed_origins.iter().any(|known| known == origin);
    if is_ours { Ok(()) } else { Err(csrf_failed("Origin checking failed.")) }
}

/// The words of Django REST framework.
fn csrf_failed(reason: &str) -> Problem {
    Problem::forbidden("csrf_failed", format!("CSRF Failed: {reason}"))
}
