//! Where a change comes from.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::{DateTime, Utc};
use tracing_actix_web::RequestId;

use crate::platform::app::App;
use crate::platform::auth::principal_of;
use crate::platform::error::Problem;
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

/// The peer, or, where the peer is a trusted proxy, the last address of `X-Forwarded-For` that is none.
pub fn client_address(request: &HttpRequest, app: &App) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| app.config.is_trusted_proxy(*address);
    let peer = request.peer_addr()?.ip().to_canonical();
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    // From the last hop back: what stands before the first stranger is the stranger's own word.
    let mut addresses = hops.into_iter().rev().map_while(|hop| hop.trim().parse().ok());
    addresses.find(|hop| !is_trusted(hop)).or(Some(peer))
}
