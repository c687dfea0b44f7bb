//! Checks of URLs and hosts: this machine or another, with or without TLS.

use std::net::IpAddr;

pub(super) fn is_loopback(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns true if a database URL names another machine, in its authority or in a `host` or `hostaddr` parameter.
pub(super) fn is_remote(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = authority.split('/').next().unwrap_or_default();
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts).split(',');
    let named = query.split('&').filter_map(|pair| pair.split_once('='));
    let named = named.filter(|(name, _)| matches!(*name, "host" | "hostaddr")).flat_map(|(_, hosts)| hosts.split(','));
    hosts.chain(named).any(|host| !is_local(host))
}

/// Returns true for a socket, `localhost` or a loopback address, with or without a port.
fn is_local(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or_default(),
        None => host,
    };
    let is_socket = bare.is_empty() || bare.starts_with('/') || bare.starts_with("%2F") || bare.starts_with("%2f");
    is_socket || bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns true if the `sslmode` of a database URL enforces TLS.
pub(super) fn encrypts(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut modes = query.split('&').filter_map(|pair| pair.strip_prefix("sslmode="));
    modes.next_back().is_some_and(|mode| matches!(mode, "require" | "verify-ca" | "verify-full"))
}

/// Returns true for an HTTP URL without TLS, except on this machine.
pub(super) fn is_plain_and_remote(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    !is_local(rest.split(['/', '?']).next().unwrap_or_default()) || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_databases_are_recognized_by_any_of_their_hosts() {
        for url in [
            "postgres:///db",
            "postgres://u:p@localhost/db",
            "postgres://127.0.0.1:5432/db",
            "postgres://[::1]/db",
            "postgres://u@%2Frun%2Fpg/db",
            "postgres:///db?host=/run/pg",
        ] {
            assert!(!is_remote(url), "{url}");
        }
        for url in [
            "postgres://db.example/db",
            "postgres:///db?host=db.example",
            "postgres://localhost.evil.example/db",
            "postgres://127.example/db",
            "postgres://localhost,db.example/db",
        ] {
            assert!(is_remote(url), "{url}");
        }
        assert!(encrypts("postgres://h/db?a=b&sslmode=verify-full"));
        assert!(!encrypts("postgres://sslmode=require/db?sslmode=prefer"));
    }
}
