//! How many connections each address has open.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use parking_lot::Mutex;

/// Counts connections by address. A network that got a whole /64 of IPv6 counts as one address.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection of an address; given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    /// A seat for one more connection, unless the address has `limit` of them already.
    pub(super) fn enter(&self, address: IpAddr, limit: usize) -> Option<Seat> {
        let address = counted_as(address);
        let mut open = self.0.lock();
        let taken = open.entry(address).or_default();
        if *taken >= limit {
            return None;
        }
        *taken += 1;
        drop(open);
        Some(Seat {
            addresses: self.clone(),
            address,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.addresses.0.lock();
        if let Some(taken) = open.get_mut(&self.address) {
            *taken -= 1;
            if *taken == 0 {
                open.remove(&self.address);
            }
        }
    }
}

fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(long) => IpAddr::V6(Ipv6Addr::from_bits(long.to_bits() >> 64 << 64)),
        short => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_limit_and_what_it_gives_back() {
        let addresses = Addresses::default();
        let enter = |text: &str| addresses.enter(text.parse().unwrap(), 2);
        let first = enter("192.0.2.1").unwrap();
        let second = enter("::ffff:192.0.2.1").unwrap();
        assert!(enter("192.0.2.1").is_none());
        assert!(enter("192.0.2.2").is_some());
        drop(first);
        assert!(enter("192.0.2.1").is_some());
        drop(second);
        assert!(addresses.0.lock().is_empty());
    }

    #[test]
    fn a_whole_network_of_ipv6_counts_as_one_address() {
        let addresses = Addresses::default();
        let _seat = addresses.enter("2001:db8::1".parse().unwrap(), 1).unwrap();
        assert!(
            addresses
                .enter("2001:db8::ffff:2".parse().unwrap(), 1)
                .is_none()
        );
        assert!(
            addresses
                .enter("2001:db8:0:1::1".parse().unwrap(), 1)
                .is_some()
        );
    }
}
