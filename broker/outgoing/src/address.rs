//! Which addresses a call may reach. Whoever can name a URL must not be able
//! to make Locum ask its own machine, its network or a cloud's metadata
//! (contract §14, `network.allow_private`).

use crate::cidr::Cidr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 that is not the open internet (IANA IPv4 Special-Purpose Address
/// Registry, RFC 6890, and multicast, RFC 5771).
const SPECIAL_V4: [Cidr; 16] = [
    Cidr::v4([0, 0, 0, 0], 8),        // this network, unspecified
    Cidr::v4([10, 0, 0, 0], 8),       // private
    Cidr::v4([100, 64, 0, 0], 10),    // shared by carriers; a cloud's metadata at 100.100.100.200
    Cidr::v4([127, 0, 0, 0], 8),      // loopback
    Cidr::v4([168, 63, 129, 16], 32), // a cloud's host agent, though the range is public
    Cidr::v4([169, 254, 0, 0], 16),   // link-local; metadata at 169.254.169.254
    Cidr::v4([172, 16, 0, 0], 12),    // private
    Cidr::v4([192, 0, 0, 0], 24),     // protocol assignments; metadata at 192.0.0.192
    Cidr::v4([192, 0, 2, 0], 24),     // documentation
    Cidr::v4([192, 88, 99, 0], 24),   // 6to4 relays
    Cidr::v4([192, 168, 0, 0], 16),   // private
    Cidr::v4([198, 18, 0, 0], 15),    // benchmarks
    Cidr::v4([198, 51, 100, 0], 24),  // documentation
    Cidr::v4([203, 0, 113, 0], 24),   // documentation
    Cidr::v4([224, 0, 0, 0], 4),      // multicast
    Cidr::v4([240, 0, 0, 0], 4),      // reserved, broadcast
];

/// The only IPv6 that is assigned to the open internet (RFC 4291 §2.4). What
/// lies outside is loopback, local, multicast, translated or not assigned:
/// `::ffff:0:0/96` and `64:ff9b::/96` would smuggle IPv4 past the table above.
const GLOBAL_V6: Cidr = Cidr::v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Within it, what is not the open internet all the same (IANA IPv6
/// Special-Purpose Address Registry).
const SPECIAL_V6: [Cidr; 4] = [
    Cidr::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments, Teredo
    Cidr::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    Cidr::v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4: carries an IPv4 address
    Cidr::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
];

/// How a server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `http`
    Plain,
    /// `https`
    Tls,
}

/// Why a connection may not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Barred {
    /// The address is none of those that may be reached.
    NotAllowed,
    /// It may be reached, where TLS is spoken.
    NeedsTls,
}

/// Says which connections may be made.
pub(crate) trait Admission: Send + Sync {
    /// Whether a connection to the address may be made. `host` is the name that
    /// led there, `None` where a URL names the address itself.
    ///
    /// # Errors
    /// Why not.
    fn admits(&self, host: Option<&str>, address: IpAddr, scheme: Scheme) -> Result<(), Barred>;
}

/// What fetches of issuers' documents may reach.
#[derive(Debug)]
pub(crate) struct Guard {
    allow: Vec<Cidr>,
}

impl Guard {
    /// `allow` is reached whatever it is, and alone without TLS.
    pub(crate) fn new(allow: Vec<Cidr>) -> Self {
        Self { allow }
    }

    /// Whether a connection to the address may be made.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn judge(&self, address: IpAddr, scheme: Scheme) -> Result<(), Barred> {
        let listed = self.allow.iter().any(|cidr| cidr.contains(address));
        match (listed, scheme, is_public(address)) {
            (true, Scheme::Plain | Scheme::Tls, _) | (false, Scheme::Tls, true) => Ok(()),
            (false, Scheme::Plain, true) => Err(Barred::NeedsTls),
            (false, Scheme::Plain | Scheme::Tls, false) => Err(Barred::NotAllowed),
        }
    }
}

impl Admission for Guard {
    fn admits(&self, _host: Option<&str>, address: IpAddr, scheme: Scheme) -> Result<(), Barred> {
        self.judge(address, scheme)
    }
}

/// Whether the address belongs to the open internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4_is_public(v4),
        IpAddr::V6(v6) => v6_is_public(v6),
    }
}

fn v4_is_public(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|cidr| cidr.contains(address.into()))
}

fn v6_is_public(address: Ipv6Addr) -> bool {
    let special = |cidr: &Cidr| cidr.contains(address.into());
    special(&GLOBAL_V6) && !SPECIAL_V6.iter().any(special)
}

#[cfg(test)]
mod tests;
