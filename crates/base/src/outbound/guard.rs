//! Which addresses may be spoken to: public ones, and those an owner named.
//!
//! An address that somebody types into Tenon must not make it speak to what only Tenon can reach: itself, its neighbours,
//! the metadata service of a cloud. What counts is the address that is connected to, not how it was written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Hosts an owner allows although they are not public, such as `crm.internal` or `10.0.0.5:8080`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Allowed(Vec<(String, Option<u16>)>);

impl Allowed {
    /// Hosts with commas or blanks between them, each with or without a port.
    pub fn parse(list: &str) -> Allowed {
        let words = list.split([',', ' ', '\n']).map(str::trim);
        let named = words.filter(|w| !w.is_empty()).map(|word| {
            let word = word.to_lowercase();
            match word.rsplit_once(':') {
                Some((host, port)) if !host.ends_with(':') => match port.parse() {
                    Ok(port) => (host.to_string(), Some(port)),
                    Err(_) => (word, None),
                },
                _ => (word, None),
            }
        });
        Allowed(named.collect())
    }

    /// Whether a host was named, on this port.
    pub fn has(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_lowercase();
        let is = |(h, p): &(String, Option<u16>)| *h == host && p.is_none_or(|p| p == port);
        self.0.iter().any(is)
    }
}

/// Whether an address belongs to the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Where clouds hand out keys to whoever asks from inside; no name may lead there, also not one that was allowed.
pub fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.is_link_local(),
            None => v6.segments()[0] & 0xffc0 == 0xfe80 || v6 == METADATA_V6,
        },
    }
}

const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let is_named = v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation();
    // This network, shared by the customers of a provider (RFC 6598), protocol assignments, the old 6to4 relay, benchmarks,
    // and what was reserved for later.
    let is_special = match v4.octets() {
        [0 | 240..=255, ..] => true,
        [100, b, ..] => b & 0xc0 == 64,
        [192, 0, 0, _] | [192, 88, 99, _] => true,
        [198, b, ..] => b & 0xfe == 18,
        _ => false,
    };
    !is_named && !is_special
}

/// Only global unicast, and none of the forms that carry an IPv4 address inside.
fn is_public_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    let is_global = s[0] & 0xe000 == 0x2000;
    // Protocol assignments (Teredo among them), documentation, 6to4.
    let is_special = match s[0] {
        0x2001 => s[1] < 0x200 || s[1] == 0xdb8,
        0x2002 => true,
        0x3fff => s[1] < 0x1000,
        _ => false,
    };
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for (text, expected) in [
            ("93.184.215.14", true),
            ("100.63.255.255", true),
            ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", true),
            ("127.0.0.1", false),
            ("127.9.9.9", false),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("100.64.0.1", false),
            ("169.254.169.254", false),
            ("192.0.0.192", false),
            ("198.18.0.1", false),
            ("203.0.113.9", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:93.184.215.14", false),
            ("64:ff9b::7f00:1", false),
            ("2002:7f00:1::", false),
            ("2001:0:7f00:1::", false),
            ("2001:db8::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn hosts_are_allowed_by_name_and_port() {
        let allowed = Allowed::parse("CRM.internal, 10.0.0.5:8080");
        assert!(allowed.has("crm.internal", 80) && allowed.has("crm.internal.", 443));
        assert!(allowed.has("10.0.0.5", 8080) && !allowed.has("10.0.0.5", 80));
        assert!(!allowed.has("evil.crm.internal", 80) && !Allowed::default().has("", 80));
    }
}
