//! IP address of the client.

use std::net::IpAddr;

use actix_web::HttpRequest;

use super::trusted_proxies::TrustedProxies;

/// Returns the address of the peer. If the peer is a trusted proxy, returns the last address in
/// `X-Forwarded-For` that is not a trusted proxy.
pub fn client_address(request: &HttpRequest, proxies: &TrustedProxies) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    if !proxies.contains(peer) {
        return Some(peer);
    }
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    // Read from the last hop backwards: a client can forge every entry before its own address.
    let mut addresses = hops.into_iter().rev().map_while(|hop| hop.trim().parse().ok());
    addresses.find(|hop| !proxies.contains(*hop)).or(Some(peer))
}
