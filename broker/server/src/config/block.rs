//! Address blocks (RFC 4632, RFC 4291).

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::net::IpAddr;

/// A block of addresses of one family, without host bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    network: IpAddr,
    length: u32,
}

impl Block {
    /// Reads `10.0.0.0/8` or `fd00::/8`; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (network, length) = text.split_once('/')?;
        if !length.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let block = Self {
            network: network.parse().ok()?,
            length: length.parse().ok()?,
        };
        let width = if block.network.is_ipv4() { 32 } else { 128 };
        let fits = block.length <= width && block.masked(block.network) == bits(block.network);
        fits.then_some(block)
    }

    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "for the fetcher of others' keys")
    )]
    /// Whether an address lies in the block; an IPv4 address written as IPv6
    /// counts as what it is.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.network.is_ipv4() && self.masked(address) == bits(self.network)
    }

    fn masked(&self, address: IpAddr) -> u128 {
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let host = width.saturating_sub(self.length);
        bits(address) & u128::MAX.checked_shl(host).unwrap_or(0)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("expected an address block"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn rfc4632_a_block_holds_the_addresses_with_its_prefix_and_no_others() {
        let inside = |block: &str, address: &str| {
            Block::parse(block)
                .unwrap()
                .contains(address.parse().unwrap())
        };
        assert!(inside("10.0.0.0/8", "10.255.0.1") && !inside("10.0.0.0/8", "11.0.0.1"));
        assert!(inside("0.0.0.0/0", "192.0.2.1") && !inside("0.0.0.0/0", "::1"));
        assert!(inside("127.0.0.1/32", "127.0.0.1") && !inside("127.0.0.1/32", "127.0.0.2"));
        assert!(inside("fd00::/8", "fd12::1") && !inside("fd00::/8", "fe80::1"));
        assert!(inside("10.0.0.0/8", "::ffff:10.1.2.3"));
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for bad in [
            "10.0.0.0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "fd00::/129",
            "x/8",
            "",
        ] {
            assert_eq!(Block::parse(bad), None, "{bad}");
        }
    }
}
