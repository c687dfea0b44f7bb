//! Classification of IP addresses: public on the internet, or reserved and private.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns true if the address is public: not loopback, private, link-local, multicast or reserved.
///
/// The server sends requests to URLs from users only at public addresses.
pub fn is_public_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second); // carrier-grade NAT
    let is_protocol = first == 192 && second == 0 && third == 0;
    let is_benchmark = first == 198 && matches!(second, 18 | 19);
    let is_reserved = first == 0 || first >= 224 || is_shared || is_protocol || is_benchmark;
    !is_reserved && !address.is_loopback() && !address.is_private() && !address.is_link_local()
}

/// Only 2000::/3 is allocated. For an address that embeds an IPv4 address, the embedded address decides.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_embedded_public = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0x2002, high, low, ..] => is_embedded_public(high, low), // 6to4
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_embedded_public(high, low), // NAT64
        [0x2001, 0, ..] => false,                                 // Teredo
        [0x2001, 0xdb8, ..] => false,                             // documentation
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_recognized_in_every_notation() {
        let private = [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "::",
            "::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "2001:0:1::1",
            "2001:db8::1",
            "fec0::1",
            "::7f00:1",
        ];
        for address in private {
            assert!(!is_public_address(address.parse().unwrap()), "{address}");
        }
        let public = [
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "::ffff:8.8.8.8",
            "2606:4700::1111",
            "64:ff9b::808:808",
            "2002:808:808::",
        ];
        for address in public {
            assert!(is_public_address(address.parse().unwrap()), "{address}");
        }
    }
}
