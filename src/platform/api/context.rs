//! The [`WriteContext`] of an HTTP request.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use tracing_actix_web::RequestId;

use super::conditions::expected_version;
use crate::platform::app::App;
use crate::platform::auth::principal_of;
use crate::platform::error::Problem;
use crate::platform::http::client_address;
use crate::platform::types::Actor;
use crate::platform::write_context::WriteContext;

/// Maximum length of a stored `User-Agent`. Longer values are truncated.
const MAX_USER_AGENT_CHARS: usize = 200;

impl WriteContext {
    /// Context of the write that a request makes.
    pub fn from_http(request: &HttpRequest) -> Result<Self, Problem> {
        let app = App::from_request(request)?;
        let user_agent = request.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self {
            actor: principal_of(request).map_or(Actor::Guest, |principal| principal.actor()),
            at: app.clock.now(),
            address: client_address(request, &app.config.trusted_proxies).map(|address| address.to_string()),
            user_agent: user_agent.chars().take(MAX_USER_AGENT_CHARS).collect(),
            request_id: request.extensions().get::<RequestId>().map(ToString::to_string),
            expected: expected_version(request),
            key: app.master_key.clone(),
        })
    }
}

impl FromRequest for WriteContext {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::from_http(request))
    }
}
