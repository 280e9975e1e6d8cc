//! Which addresses may be connected to.
//!
//! Whoever subscribes names a host, and the server connects to it from inside its own network. So
//! nothing is reached that the rest of the world could not reach as well, except networks that the
//! server's configuration names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Why an IPv4 address is not for everybody: the registry of special addresses, and all of
/// multicast and class E.
const SPECIAL_V4: &[([u8; 4], u8, &str)] = &[
    ([0, 0, 0, 0], 8, "this network"),
    ([10, 0, 0, 0], 8, "private"),
    ([100, 64, 0, 0], 10, "shared by a carrier"),
    ([127, 0, 0, 0], 8, "loopback"),
    ([169, 254, 0, 0], 16, "link-local"),
    ([172, 16, 0, 0], 12, "private"),
    ([192, 0, 0, 0], 24, "reserved for protocols"),
    ([192, 0, 2, 0], 24, "for documentation"),
    ([192, 31, 196, 0], 24, "reserved for protocols"),
    ([192, 52, 193, 0], 24, "reserved for protocols"),
    ([192, 88, 99, 0], 24, "a relay"),
    ([192, 168, 0, 0], 16, "private"),
    ([192, 175, 48, 0], 24, "reserved for protocols"),
    ([198, 18, 0, 0], 15, "for benchmarks"),
    ([198, 51, 100, 0], 24, "for documentation"),
    ([203, 0, 113, 0], 24, "for documentation"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved"),
];

/// What lies outside of the range of global unicast addresses, by name, for messages.
const OUTSIDE_V6: &[([u16; 8], u8, &str)] = &[
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, "unspecified"),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback"),
    ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "a mapped IPv4 address"),
    (
        [0, 0, 0, 0, 0xffff, 0, 0, 0],
        96,
        "a translated IPv4 address",
    ),
    (
        [0x64, 0xff9b, 0, 0, 0, 0, 0, 0],
        96,
        "a translated IPv4 address",
    ),
    (
        [0x64, 0xff9b, 1, 0, 0, 0, 0, 0],
        48,
        "a translated IPv4 address",
    ),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "unique local"),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local"),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast"),
];

/// What lies inside of it and still leads somewhere else.
const SPECIAL_V6: &[([u16; 8], u8, &str)] = &[
    // Teredo, ORCHID, benchmarks and everything else that protocols have reserved.
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "reserved for protocols"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "for documentation"),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "6to4"),
    (
        [0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0],
        48,
        "reserved for protocols",
    ),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "for documentation"),
];

const GLOBAL_V6: ([u16; 8], u8) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Why an address may not be connected to; none where it may. `allowed` are the networks that the
/// configuration names.
#[must_use]
pub fn refused(address: IpAddr, allowed: &[IpNet]) -> Option<&'static str> {
    // A mapped address reaches the IPv4 one, so an allowed network is meant in either spelling.
    let canonical = address.to_canonical();
    if allowed
        .iter()
        .any(|network| network.contains(&address) || network.contains(&canonical))
    {
        return None;
    }
    match address {
        IpAddr::V4(address) => refused_v4(address),
        IpAddr::V6(address) => refused_v6(address),
    }
}

fn refused_v4(address: Ipv4Addr) -> Option<&'static str> {
    let bits = address.to_bits();
    let is_in = |(network, length, _): &&([u8; 4], u8, &str)| {
        (bits ^ u32::from_be_bytes(*network)) >> (32 - u32::from(*length)) == 0
    };
    SPECIAL_V4.iter().find(is_in).map(|(_, _, why)| *why)
}

fn refused_v6(address: Ipv6Addr) -> Option<&'static str> {
    let is_in = |network: &[u16; 8], length: u8| {
        let network = Ipv6Addr::from(*network).to_bits();
        (address.to_bits() ^ network)
            .checked_shr(128 - u32::from(length))
            .unwrap_or(0)
            == 0
    };
    let named = |list: &'static [([u16; 8], u8, &'static str)]| {
        let mut list = list.iter();
        list.find(|(network, length, _)| is_in(network, *length))
            .map(|(_, _, why)| *why)
    };
    if is_in(&GLOBAL_V6.0, GLOBAL_V6.1) {
        named(SPECIAL_V6)
    } else {
        named(OUTSIDE_V6).or(Some("not global"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses with why they are refused; empty for those that are not.
    const CASES: &[(&str, &str)] = &[
        ("0.0.0.0", "this network"),
        ("0.1.2.3", "this network"),
        ("1.1.1.1", ""),
        ("8.8.8.8", ""),
        ("9.255.255.255", ""),
        ("10.0.0.0", "private"),
        ("10.255.255.255", "private"),
        ("11.0.0.0", ""),
        ("100.63.255.255", ""),
        ("100.64.0.0", "shared by a carrier"),
        ("100.127.255.255", "shared by a carrier"),
        ("100.128.0.0", ""),
        ("126.255.255.255", ""),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("128.0.0.0", ""),
        ("169.253.255.255", ""),
        ("169.254.169.254", "link-local"),
        ("169.255.0.0", ""),
        ("172.15.255.255", ""),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.0", ""),
        ("192.0.0.8", "reserved for protocols"),
        ("192.0.0.170", "reserved for protocols"),
        ("192.0.1.1", ""),
        ("192.0.2.1", "for documentation"),
        ("192.31.196.1", "reserved for protocols"),
        ("192.52.193.1", "reserved for protocols"),
        ("192.88.99.1", "a relay"),
        ("192.167.255.255", ""),
        ("192.168.0.1", "private"),
        ("192.169.0.0", ""),
        ("192.175.48.1", "reserved for protocols"),
        ("198.17.255.255", ""),
        ("198.18.0.1", "for benchmarks"),
        ("198.19.255.255", "for benchmarks"),
        ("198.20.0.0", ""),
        ("198.51.100.7", "for documentation"),
        ("203.0.113.7", "for documentation"),
        ("223.255.255.255", ""),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::2", "not global"),
        ("::7f00:1", "not global"),
        ("::ffff:127.0.0.1", "a mapped IPv4 address"),
        ("::ffff:10.0.0.1", "a mapped IPv4 address"),
        ("::ffff:8.8.8.8", "a mapped IPv4 address"),
        ("::ffff:0:127.0.0.1", "a translated IPv4 address"),
        ("64:ff9b::7f00:1", "a translated IPv4 address"),
        ("64:ff9b::808:808", "a translated IPv4 address"),
        ("64:ff9b:1::1", "a translated IPv4 address"),
        ("100::1", "not global"),
        ("1fff:ffff::1", "not global"),
        ("2000::1", ""),
        ("2001::1", "reserved for protocols"),
        ("2001:2::1", "reserved for protocols"),
        ("2001:20::1", "reserved for protocols"),
        ("2001:1ff:ffff::1", "reserved for protocols"),
        ("2001:200::1", ""),
        ("2001:db8::1", "for documentation"),
        ("2001:db9::1", ""),
        ("2002:7f00:1::1", "6to4"),
        ("2002:808:808::1", "6to4"),
        ("2606:4700:4700::1111", ""),
        ("2620:4f:8000::1", "reserved for protocols"),
        ("2a00:1450::1", ""),
        ("3fff::1", "for documentation"),
        ("3fff:1000::1", ""),
        ("4000::1", "not global"),
        ("5f00::1", "not global"),
        ("fbff::1", "not global"),
        ("fc00::1", "unique local"),
        ("fd12:3456::1", "unique local"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", "not global"),
        ("ff02::1", "multicast"),
    ];

    #[test]
    fn only_addresses_that_the_whole_world_may_reach_are_connected_to() {
        for (address, expected) in CASES {
            let parsed: IpAddr = address.parse().unwrap();
            let found = refused(parsed, &[]).unwrap_or("");
            assert_eq!(found, *expected, "{address}");
        }
    }

    #[test]
    fn a_network_that_the_configuration_names_is_allowed_in_either_spelling() {
        let allowed = ["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for address in ["127.0.0.1", "::ffff:127.0.0.1", "fd00::7"] {
            assert_eq!(
                refused(address.parse().unwrap(), &allowed),
                None,
                "{address}"
            );
        }
        for address in ["10.0.0.1", "::1", "fc00::1", "::ffff:10.0.0.1"] {
            assert!(
                refused(address.parse().unwrap(), &allowed).is_some(),
                "{address}"
            );
        }
    }
}
