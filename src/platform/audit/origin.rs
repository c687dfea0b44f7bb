//! Where a change comes from.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::{DateTime, Utc};
use tracing_actix_web::RequestId;

use crate::platform::app::App;
use crate::platform::auth::principal_of;
use crate::platform::error::Problem;
use crate::platform::http::client_address;
use crate::platform::types::Actor;

/// Where a change comes from: who, when, from which address, in which request.
#[derive(Debug, Clone)]
pub struct Origin {
    pub actor: Actor,
    pub at: DateTime<Utc>,
    pub address: Option<String>,
    pub user_agent: String,
    pub request_id: Option<String>,
}

impl Origin {
    /// The program itself.
    pub const fn system(at: DateTime<Utc>) -> Self {
        Self { actor: Actor::System, at, address: None, user_agent: String::new(), request_id: None }
    }

    /// Whoever sends this request.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let app = App::of(request)?;
        let actor = principal_of(request).map_or(Actor::Guest, |principal| principal.actor());
        let user_agent = request.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self {
            actor,
            at: app.clock.now(),
            address: client_address(request, app).map(|address| address.to_string()),
            user_agent: user_agent.chars().take(200).collect(),
            request_id: request.extensions().get::<RequestId>().map(ToString::to_string),
        })
    }
}

impl FromRequest for Origin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
