//! The `Host` of a request (RFC 9112 §3.2): one, and well formed. Nothing of
//! Locum depends on it; who stands in front may, and two readers must not see
//! two hosts.

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Version};

/// Whether a request has the host it must have. In HTTP/2 the authority stands
/// in its place, and before HTTP/1.1 there need be none.
pub(super) fn is_sound(parts: &Parts) -> bool {
    let mut all = parts.headers.get_all(HOST).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => is_host(one),
        (None, _) => parts.version != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2), and not empty.
fn is_host(value: &HeaderValue) -> bool {
    let Ok(authority) = Authority::try_from(value.as_bytes()) else {
        return false;
    };
    let host = authority.host();
    let port = authority.as_str().get(host.len()..).unwrap_or_default();
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let port = match port.strip_prefix(':') {
        Some(number) => number.is_empty() || digits(number) && number.parse::<u16>().is_ok(),
        None => port.is_empty(),
    };
    // A user in front of the host is no part of it.
    !host.is_empty() && port && !authority.as_str().contains('@')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use http::Request;

    fn sound(version: Version, hosts: &[&str]) -> bool {
        let mut request = Request::get("/").version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        is_sound(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn rfc9112_a_request_of_http_1_1_has_one_well_formed_host() {
        for host in [
            "broker.example",
            "broker.example:8420",
            "broker.example:",
            "127.0.0.1:8420",
            "[::1]:8420",
            "[::1]",
            "localhost",
        ] {
            assert!(sound(Version::HTTP_11, &[host]), "{host}");
        }
        for host in [
            "", " ", "a b", "a, b", "a/b", "a?b", "a#b", "user@a", "a:b", "a:65536", "a:1:2",
            ":8420", "[::1", "::1]", "http://a",
        ] {
            assert!(!sound(Version::HTTP_11, &[host]), "{host}");
        }
        assert!(!sound(Version::HTTP_11, &[]));
        assert!(!sound(Version::HTTP_11, &["a", "a"]));
    }

    #[test]
    fn where_none_is_needed_one_that_is_there_is_still_well_formed() {
        for version in [Version::HTTP_10, Version::HTTP_2] {
            assert!(sound(version, &[]));
            assert!(sound(version, &["a"]));
            assert!(!sound(version, &["a", "b"]));
            assert!(!sound(version, &["a b"]));
        }
    }
}
