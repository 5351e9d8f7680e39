//! Networks as operators write them (RFC 4632 §3.1, RFC 4291 §2.3).

use serde::de::{Deserialize, Deserializer, Error};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network: all addresses that share its first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    bits: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrFlaw {
    /// Not an address, or not a length that goes with it.
    #[error("expected a network such as `10.0.0.0/8` or `fd00::/8`, found `{0}`")]
    Syntax(String),
    /// An address inside a network instead of the network.
    #[error("expected `{network}`, since bits after the prefix are zero, found `{found}`")]
    Host {
        /// What was written.
        found: String,
        /// What it seems to mean.
        network: Cidr,
    },
}

impl Cidr {
    /// This machine itself: 127.0.0.0/8 and `::1`.
    pub const LOOPBACK: [Self; 2] = [
        Self::v4([127, 0, 0, 0], 8),
        Self::v6([0, 0, 0, 0, 0, 0, 0, 1], 128),
    ];

    /// A network of IPv4; bits after the prefix are zero.
    pub(crate) const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> Self {
        Self {
            network: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            bits,
        }
    }

    /// A network of IPv6; bits after the prefix are zero.
    pub(crate) const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], bits: u8) -> Self {
        Self {
            network: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)),
            bits,
        }
    }

    /// Whether the address lies in it. Families are never mixed: an IPv4
    /// address mapped into IPv6 is in no IPv4 network.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.network.is_ipv4()
            && aligned(address) & self.mask() == aligned(self.network)
    }

    fn mask(&self) -> u128 {
        let rest = u128::BITS - u32::from(self.bits);
        u128::MAX.checked_shl(rest).unwrap_or(0)
    }
}

/// The address with its first bit first, whatever its family.
fn aligned(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl FromStr for Cidr {
    type Err = CidrFlaw;

    /// `address/length`, or an address for itself alone.
    fn from_str(text: &str) -> Result<Self, CidrFlaw> {
        let syntax = || CidrFlaw::Syntax(text.to_owned());
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| syntax())?;
        let whole = if network.is_ipv4() { 32 } else { 128 };
        let bits = match length {
            None => whole,
            Some(length) if !length.bytes().all(|b| b.is_ascii_digit()) => return Err(syntax()),
            Some(length) => length.parse().map_err(|_| syntax())?,
        };
        if bits > whole {
            return Err(syntax());
        }
        let read = Self { network, bits };
        let kept = aligned(network) & read.mask();
        if kept == aligned(network) {
            return Ok(read);
        }
        let network = match network {
            IpAddr::V4(_) => Ipv4Addr::from_bits(u32::try_from(kept >> 96).unwrap_or(0)).into(),
            IpAddr::V6(_) => Ipv6Addr::from_bits(kept).into(),
        };
        Err(CidrFlaw::Host {
            found: text.to_owned(),
            network: Self { network, bits },
        })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.bits)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_network_is_read_as_it_is_written() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "::/0", "::1/128"] {
            assert_eq!(text.parse::<Cidr>().unwrap().to_string(), text);
        }
        assert_eq!("127.0.0.1".parse::<Cidr>().unwrap().bits, 32);
        assert_eq!("::1".parse::<Cidr>(), Ok(Cidr::LOOPBACK[1]));
        assert_eq!("127.0.0.0/8".parse::<Cidr>(), Ok(Cidr::LOOPBACK[0]));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/8",
            "10/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "::/129",
            "::1%lo",
            "host",
            "10.0.0.0/256",
            " ::1",
            "010.0.0.0/8",
        ] {
            let flaw = text.parse::<Cidr>().unwrap_err();
            assert_eq!(flaw, CidrFlaw::Syntax(text.to_owned()));
        }
        let flaw = "10.1.0.0/8".parse::<Cidr>().unwrap_err().to_string();
        assert!(flaw.starts_with("expected `10.0.0.0/8`"), "{flaw}");
        let flaw = "fd00::1/8".parse::<Cidr>().unwrap_err().to_string();
        assert!(flaw.starts_with("expected `fd00::/8`"), "{flaw}");
    }

    #[test]
    fn a_network_ends_where_its_prefix_says() {
        let table = [
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("100.64.0.0/10", "100.127.255.255", true),
            ("100.64.0.0/10", "100.128.0.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::", false),
            ("::/0", "ffff::1", true),
            ("::/0", "127.0.0.1", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", false),
            ("fe80::/10", "febf::1", true),
            ("fe80::/10", "fec0::1", false),
        ];
        for (network, address, inside) in table {
            let network: Cidr = network.parse().unwrap();
            assert_eq!(
                network.contains(address.parse().unwrap()),
                inside,
                "{network} {address}"
            );
        }
    }
}
