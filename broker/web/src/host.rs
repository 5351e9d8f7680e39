//! Whom a request is for (RFC 9112 §3.2, RFC 9113 §8.3.1): `Host` and the
//! authority of its target name one host, and well formed. Nothing of Locum
//! depends on it; who stands in front may, and two readers must not see two
//! hosts.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, HOST};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, StatusCode, Version};

/// Marks a request that does not say for whom it is: body_tracking.rs sees it, and
/// [`guard`] answers it.
#[derive(Debug, Clone, Copy)]
struct Unsound;

/// A host in lower case, and its port unless it is the scheme's.
type HostPort = (String, Option<u16>);

/// Notes on a request whether it has the host it must have.
pub(super) fn judge(parts: &mut Parts) {
    if !is_sound(parts) {
        parts.extensions.insert(Unsound);
    }
}

/// Answers requests that are not sound: 400, and of HTTP/1 nothing of what
/// follows on the connection is read. A layer of every router that is served.
pub async fn guard(request: Request, next: Next) -> Response {
    if request.extensions().get::<Unsound>().is_none() {
        return next.run(request).await;
    }
    tracing::info!("a request without one sound host");
    let text = "expected one host that is well formed, found none, several or another\n";
    let mut response = (StatusCode::BAD_REQUEST, text).into_response();
    // HTTP/2 has no such header, and streams of its own.
    if request.version() < Version::HTTP_2 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

/// Whether a request has the host it must have: from HTTP/1.1 on the header, in
/// HTTP/2 that or the authority; where both are there, they agree.
fn is_sound(parts: &Parts) -> bool {
    let scheme = parts.uri.scheme();
    let mut all = parts.headers.get_all(HOST).iter();
    let header = match (all.next(), all.next()) {
        (Some(_), Some(_)) => return false,
        (one, _) => one.map(|value| Authority::try_from(value.as_bytes()).ok()),
    };
    let header = header.map(|one| one.and_then(|one| named(&one, scheme)));
    let target = parts.uri.authority().map(|one| named(one, scheme));
    match (header, target) {
        (Some(header), Some(target)) => header.is_some() && header == target,
        (Some(header), None) => header.is_some(),
        (None, Some(target)) => parts.version != Version::HTTP_11 && target.is_some(),
        (None, None) => parts.version < Version::HTTP_11,
    }
}

/// What `uri-host [ ":" port ]` (RFC 9110 §7.2) names; `None` if it is not
/// that, or empty.
fn named(authority: &Authority, scheme: Option<&Scheme>) -> Option<HostPort> {
    let host = authority.host();
    // A user in front of the host is no part of it.
    if host.is_empty() || authority.as_str().contains('@') {
        return None;
    }
    let port = match authority.as_str().get(host.len()..)? {
        "" | ":" => None,
        rest => {
            let digits = rest.strip_prefix(':')?;
            let all = digits.bytes().all(|b| b.is_ascii_digit());
            Some(digits.parse::<u16>().ok().filter(|_| all)?)
        }
    };
    let usual = match scheme.map(Scheme::as_str) {
        Some("http") => Some(80),
        Some("https") => Some(443),
        Some(_) | None => None,
    };
    let port = port.filter(|port| Some(*port) != usual);
    Some((host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests;
