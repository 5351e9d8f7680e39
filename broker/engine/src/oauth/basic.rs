//! HTTP Basic client credentials, each part form-urlencoded before base64
//! (RFC 6749 §2.3.1).

use super::form::decode;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use locum_core::secret::Secret;

/// What an `Authorization` header holds.
pub enum Authorization {
    /// There is none.
    Absent,
    /// A client id and its secret.
    Basic(String, Secret<String>),
    /// Something else, or more than one.
    Other,
}

/// Reads the `Authorization` header.
#[must_use]
pub fn read(headers: &HeaderMap) -> Authorization {
    let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        let none = headers.get(http::header::AUTHORIZATION).is_none();
        return if none {
            Authorization::Absent
        } else {
            Authorization::Other
        };
    };
    value
        .to_str()
        .ok()
        .and_then(credentials)
        .unwrap_or(Authorization::Other)
}

fn credentials(value: &str) -> Option<Authorization> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some(Authorization::Basic(
        decode(id).ok()?,
        Secret::new(decode(secret).ok()?),
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]
    use super::*;
    use http::HeaderValue;

    fn parse(text: &str) -> Authorization {
        let mut headers = HeaderMap::new();
        let value = format!("Basic {}", STANDARD.encode(text));
        headers.insert(
            "authorization",
            HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("")),
        );
        read(&headers)
    }

    #[test]
    fn rfc6749_2_3_1_both_parts_are_percent_decoded() {
        let Authorization::Basic(id, secret) = parse("agent%2D1:a%3Ab:c") else {
            panic!("no credentials")
        };
        assert_eq!(
            (id.as_str(), secret.expose().as_str()),
            ("agent-1", "a:b:c")
        );
    }

    #[test]
    fn what_is_not_basic_is_no_credential() {
        assert!(matches!(parse("no-colon"), Authorization::Other));
        assert!(matches!(read(&HeaderMap::new()), Authorization::Absent));
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer x"));
        assert!(matches!(read(&headers), Authorization::Other));
    }
}
