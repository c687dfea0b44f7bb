//! Reverse proxies whose forwarding headers the server trusts.

use std::net::IpAddr;

use ipnet::IpNet;

/// Networks of the trusted proxies, from `TRUSTED_PROXIES`.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns true if the forwarding headers of this peer are trusted.
    ///
    /// A socket that serves IPv4 and IPv6 reports IPv4 addresses in their IPv6-mapped form.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}
