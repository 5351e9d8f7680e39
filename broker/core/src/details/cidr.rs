//! Address blocks (RFC 4632, RFC 4291) without host bits.

use std::fmt;
use std::net::IpAddr;

/// A block of addresses of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DetailsCidr {
    network: IpAddr,
    length: u32,
}

impl DetailsCidr {
    /// Reads `10.0.0.0/8` or `2001:db8::/32`; host bits, a zone, a missing length
    /// and IPv4-mapped IPv6 (one address in two families) are no block.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let plain = length == "0" || !length.starts_with('0');
        let digits = length.bytes().all(|b| b.is_ascii_digit());
        let block = Self {
            network: address.parse().ok()?,
            length: length.parse().ok()?,
        };
        let mapped = matches!(block.network, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
        let valid = plain && digits && !mapped && block.length <= block.width();
        (valid && block.masked(block.length) == block.bits()).then_some(block)
    }

    /// Whether every address of `child` lies in this block, family included.
    pub(super) fn contains(&self, child: &Self) -> bool {
        self.width() == child.width()
            && self.length <= child.length
            && child.masked(self.length) == self.bits()
    }

    fn width(&self) -> u32 {
        match self.network {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        }
    }

    fn bits(&self) -> u128 {
        match self.network {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        }
    }

    /// The address with all but its first `length` bits cleared.
    fn masked(&self, length: u32) -> u128 {
        let host = self.width().saturating_sub(length);
        // A shift by the whole width is no shift at all in the hardware.
        let mask = u128::MAX.checked_shl(host).unwrap_or(0);
        self.bits() & mask
    }
}

impl fmt::Display for DetailsCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}
