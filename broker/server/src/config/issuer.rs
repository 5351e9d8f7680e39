//! The issuer rule (contract §14): https, or http on loopback; no trailing
//! slash; nothing that two readers could take for two issuers.

use locum_core::refusal::quoted;
use url::{Host, Url};

/// The path of an issuer as a prefix of its endpoints: empty, or `/tenant`.
///
/// # Errors
/// What was expected and found.
pub(crate) fn path(issuer: &str) -> Result<String, String> {
    let flaw = |expected: &str| format!("`issuer`: expected {expected}, found {}", quoted(issuer));
    let url = Url::parse(issuer).map_err(|_| flaw("an absolute URL"))?;
    // First, and not repeated: a password may be in it.
    if !url.username().is_empty() || url.password().is_some() {
        return Err("`issuer`: expected no user and password, found one".into());
    }
    let loopback = match url.host() {
        Some(Host::Ipv4(at)) => at.is_loopback(),
        Some(Host::Ipv6(at)) => at.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return Err(flaw("https, or http on loopback")),
    }
    if issuer.ends_with('/') {
        let bare = issuer.trim_end_matches('/');
        return Err(flaw(&format!(
            "no trailing slash, such as {}",
            quoted(bare)
        )));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(flaw("no query and no fragment"));
    }
    // RFC 8414 §2 compares it byte for byte: only its one canonical spelling.
    let canonical = url.as_str().trim_end_matches('/');
    if canonical != issuer {
        return Err(flaw(&format!("its canonical form {}", quoted(canonical))));
    }
    let path = url.path().trim_end_matches('/');
    let plain = |step: &str| {
        !step.is_empty()
            && step
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    };
    if !path.split('/').skip(1).all(plain) {
        return Err(flaw("a path of letters, digits and `-._~`"));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_http_on_loopback_are_issuers() {
        for (issuer, under) in [
            ("https://broker.example", ""),
            ("https://broker.example:8443", ""),
            ("https://broker.example/tenant", "/tenant"),
            ("https://broker.example/a/b", "/a/b"),
            ("http://127.0.0.1:8420", ""),
            ("http://[::1]:8420", ""),
            ("http://localhost:8420", ""),
        ] {
            assert_eq!(path(issuer).as_deref(), Ok(under), "{issuer}");
        }
    }

    #[test]
    fn what_two_readers_could_take_for_two_issuers_is_none() {
        for issuer in [
            "http://broker.example",
            "http://10.0.0.1:8420",
            "ftp://broker.example",
            "https://broker.example/",
            "https://broker.example/tenant/",
            "https://broker.example?x=1",
            "https://broker.example#x",
            "https://user@broker.example",
            "https://Broker.example",
            "https://broker.example:443",
            "https://broker.example/a/../b",
            "https://broker.example/a//b",
            "https://broker.example/{a}",
            "https://broker.example/a%2fb",
            "broker.example",
            "",
        ] {
            assert!(path(issuer).is_err(), "{issuer}");
        }
    }
}
