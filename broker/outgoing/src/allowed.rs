//! Which servers calls to downstream systems may reach, as operators write it.
//! What `network.allow_private` opens for issuers does not count here.

use crate::address::{Admission, Barred, Scheme, is_public};
use crate::cidr::{Cidr, CidrFlaw};
use serde::de::{Deserialize, Deserializer, Error};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use url::Host;

/// One entry: a network, or the name of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed(Entry);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// Every address in it, whatever name led there.
    Network(Cidr),
    /// The addresses of the open internet that this name has, and no other
    /// name's. In lower case.
    Host(String),
}

/// Why a text is no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowedFlaw {
    /// A network with bits after its prefix.
    #[error(transparent)]
    Network(CidrFlaw),
    /// Neither the name of a host nor a network.
    #[error(
        "expected a host name such as `api.example.com` or a network such as `10.0.0.0/8`, found `{0}`"
    )]
    Syntax(String),
}

impl Allowed {
    /// Reads an entry: a network or an address, or a host name without wildcard,
    /// port or trailing dot.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, AllowedFlaw> {
        match text.parse() {
            Ok(network) => return Ok(Self(Entry::Network(network))),
            Err(flaw @ CidrFlaw::Host { .. }) => return Err(AllowedFlaw::Network(flaw)),
            Err(CidrFlaw::Syntax(_)) => {}
        }
        // As a URL's host is read: lower case, other scripts in ASCII, numbers
        // that are addresses are none.
        match Host::parse(text) {
            Ok(Host::Domain(name)) if is_name(&name) => Ok(Self(Entry::Host(name))),
            Ok(Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => {
                Err(AllowedFlaw::Syntax(text.to_owned()))
            }
        }
    }
}

/// RFC 1123 §2.1, and the underscore that some names have.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

impl FromStr for Allowed {
    type Err = AllowedFlaw;

    fn from_str(text: &str) -> Result<Self, AllowedFlaw> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for Allowed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Entry::Network(network) => network.fmt(f),
            Entry::Host(name) => name.fmt(f),
        }
    }
}

/// What calls to downstream systems may reach.
pub(crate) struct AllowList {
    /// Whatever leads there.
    pub(crate) allow: Vec<Allowed>,
    /// Whether this machine is asked without TLS where it is allowed.
    pub(crate) plain_to_loopback: bool,
}

impl Admission for AllowList {
    fn admits(&self, host: Option<&str>, address: IpAddr, scheme: Scheme) -> Result<(), Barred> {
        let is_listed = self.allow.iter().any(|allowed| match &allowed.0 {
            Entry::Network(network) => network.contains(address),
            Entry::Host(name) => {
                host.is_some_and(|host| host.eq_ignore_ascii_case(name)) && is_public(address)
            }
        });
        let is_loopback = || Cidr::LOOPBACK.iter().any(|cidr| cidr.contains(address));
        match (is_listed, scheme) {
            (false, Scheme::Plain | Scheme::Tls) => Err(Barred::NotAllowed),
            (true, Scheme::Tls) => Ok(()),
            (true, Scheme::Plain) if self.plain_to_loopback && is_loopback() => Ok(()),
            (true, Scheme::Plain) => Err(Barred::NeedsTls),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const PUBLIC: &str = "8.8.8.8";

    fn list(entries: &[&str], plain_to_loopback: bool) -> AllowList {
        let allow = entries.iter().map(|text| text.parse().unwrap()).collect();
        AllowList {
            allow,
            plain_to_loopback,
        }
    }

    fn tls(list: &AllowList, host: Option<&str>, address: &str) -> Result<(), Barred> {
        list.admits(host, address.parse().unwrap(), Scheme::Tls)
    }

    #[test]
    fn an_entry_is_a_network_or_a_host_name() {
        for (text, shown) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("API.Example.com", "api.example.com"),
            ("a_b.example", "a_b.example"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(Allowed::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            " ",
            "*.example.com",
            "*",
            "example.com.",
            ".example.com",
            "a..b",
            "-a.example",
            "example.com:443",
            "https://example.com",
            "user@example.com",
            "example.com/path",
            "0x7f.1",
            "1.2.3",
            "[::1]",
            "10.0.0.0/33",
        ] {
            let flaw = Allowed::parse(text).unwrap_err();
            assert_eq!(flaw, AllowedFlaw::Syntax(text.to_owned()));
        }
        let flaw = Allowed::parse("10.1.0.0/8").unwrap_err().to_string();
        assert!(flaw.starts_with("expected `10.0.0.0/8`"), "{flaw}");
    }

    #[test]
    fn a_host_name_admits_its_own_public_addresses_alone() {
        let list = list(&["api.example.com"], false);
        for host in ["api.example.com", "API.EXAMPLE.COM"] {
            assert_eq!(tls(&list, Some(host), PUBLIC), Ok(()));
            for private in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::ffff:8.8.8.8"] {
                assert_eq!(tls(&list, Some(host), private), Err(Barred::NotAllowed));
            }
        }
        for other in ["example.com", "a.api.example.com", "api.example.com.", ""] {
            assert_eq!(tls(&list, Some(other), PUBLIC), Err(Barred::NotAllowed));
        }
        assert_eq!(tls(&list, None, PUBLIC), Err(Barred::NotAllowed));
    }

    #[test]
    fn a_network_admits_its_addresses_whatever_led_there() {
        let list = list(&["10.1.0.0/16", "8.8.8.0/24"], false);
        for host in [None, Some("any.example")] {
            for address in ["10.1.2.3", PUBLIC] {
                assert_eq!(tls(&list, host, address), Ok(()));
            }
            for address in ["10.2.0.1", "1.1.1.1", "127.0.0.1"] {
                assert_eq!(tls(&list, host, address), Err(Barred::NotAllowed));
            }
        }
        assert_eq!(
            tls(&self::list(&[], true), None, PUBLIC),
            Err(Barred::NotAllowed)
        );
    }

    #[test]
    fn plain_http_reaches_this_machine_alone_and_only_where_it_may() {
        let entries = ["127.0.0.1/32", "10.0.0.0/8", "8.8.8.8"];
        let plain = |list: &AllowList, address: &str| {
            list.admits(None, address.parse().unwrap(), Scheme::Plain)
        };
        let dev = list(&entries, true);
        assert_eq!(plain(&dev, "127.0.0.1"), Ok(()));
        assert_eq!(plain(&dev, "127.0.0.2"), Err(Barred::NotAllowed));
        for address in ["10.0.0.1", "8.8.8.8"] {
            assert_eq!(plain(&dev, address), Err(Barred::NeedsTls));
        }
        let serve = list(&entries, false);
        assert_eq!(plain(&serve, "127.0.0.1"), Err(Barred::NeedsTls));
    }
}
