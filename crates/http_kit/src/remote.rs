//! Where a request comes from: the peer's address, or what a named proxy says of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::{Extensions, HeaderMap};
use ipnet::IpNet;

use crate::limits;

/// The address at the other end of the connection. The server puts it into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The proxies whose `X-Forwarded-For` is believed. Everybody else's is ignored.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Believe these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Proxies {
        Proxies(networks)
    }

    /// The caller's address: the rightmost forwarded one that is not itself a named proxy, as long as every
    /// hop to the right of it is named. An unreadable entry ends the walk at the hop that sent it.
    #[must_use]
    pub fn caller_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if self.0.is_empty() || !self.names(peer) {
            return peer;
        }
        let mut nearest = peer;
        for hop in forwarded(headers).take(limits::FORWARDED_ADDRESSES) {
            let Some(address) = hop else { return nearest };
            nearest = address;
            if !self.names(address) {
                break;
            }
        }
        nearest
    }

    fn names(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The peer that the server noted, or 0.0.0.0 where there is none (a Unix socket, a test).
pub(crate) fn peer(extensions: &Extensions) -> IpAddr {
    extensions
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip())
}

/// The forwarded addresses from right to left: the last header line was added last.
fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    lines.into_iter().rev().flat_map(|line| {
        let text = line.to_str().unwrap_or("?");
        text.rsplit(',').map(|entry| address(entry.trim()))
    })
}

/// An address as proxies spell it: bare, with a port, or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|both| both.ip()))
        .map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(proxies: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies::new(proxies.iter().map(|net| net.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        proxies
            .caller_address(peer.parse().unwrap(), &headers)
            .to_string()
    }

    #[test]
    fn forwarded_addresses_count_only_from_named_proxies() {
        let proxies = ["10.0.0.0/8", "::1/128"];
        assert_eq!(
            seen(&proxies, "203.0.113.9", &["198.51.100.1"]),
            "203.0.113.9"
        );
        assert_eq!(
            seen(&proxies, "10.0.0.1", &["198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            seen(&proxies, "10.0.0.1", &["6.6.6.6, 198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            seen(&proxies, "::1", &["198.51.100.1, 10.2.3.4"]),
            "198.51.100.1"
        );
        assert_eq!(
            seen(&proxies, "10.0.0.1", &["6.6.6.6", "198.51.100.1:4711"]),
            "198.51.100.1"
        );
        assert_eq!(seen(&proxies, "10.0.0.1", &["rubbish"]), "10.0.0.1");
        assert_eq!(seen(&proxies, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(
            seen(&proxies, "10.0.0.1", &["[2001:db8::1]"]),
            "2001:db8::1"
        );
        assert_eq!(
            seen(&["10.0.0.0/8"], "::ffff:10.0.0.1", &["198.51.100.1"]),
            "198.51.100.1"
        );
    }
}
