//! `base_url`: where the vendor is.

use locum_core::registry::Problems;
use url::{Host, Url};

const POINTER: &str = "/connector/base_url";

/// The address in its normal form, without the one slash at its end.
pub(super) fn check(text: &str, dev: bool, out: &mut Problems) -> String {
    match read(text, dev) {
        Ok(base_url) => base_url,
        Err(expected) => {
            out.add(POINTER, expected);
            String::new()
        }
    }
}

fn read(text: &str, dev: bool) -> Result<String, &'static str> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let url = Url::parse(text)
        .ok()
        .filter(|_| plain)
        .ok_or("expected an absolute https URL of printable ASCII")?;
    match url.scheme() {
        "https" => {}
        "http" if dev && is_loopback(&url) => {}
        "http" if dev => return Err("expected https, or http to a loopback address"),
        _ => return Err("expected https"),
    }
    if url.host().is_none() {
        return Err("expected a host");
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return Err("expected no user and no password; name secrets under `secrets`");
    }
    if text.contains(['?', '#']) {
        return Err("expected no query and no fragment");
    }
    let normal = url.as_str();
    Ok(normal.strip_suffix('/').unwrap_or(normal).to_owned())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
