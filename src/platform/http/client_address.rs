//! Where a request comes from.

use std::net::IpAddr;

use actix_web::HttpRequest;

use crate::platform::app::App;

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
