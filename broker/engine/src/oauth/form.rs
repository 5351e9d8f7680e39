//! Reading a form: grammar, number of parameters, and which of them repeat (RFC
//! 6749 §3.2, contract §6).

use http::HeaderMap;
use locum_core::refusal::{Code, Refusal, quoted};

/// Most parameters of a form.
const PARAMETERS_MAX: usize = 100;

/// Parameters that may appear once; `audience` and `resource` may repeat
/// (RFC 8693 §2.1), unknown ones are ignored.
const SINGLE: [&str; 21] = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "requested_token_type",
    "scope",
    "authorization_details",
    "expires_in",
    "purpose",
    "task_id",
    "delegate_to",
    "token",
    "token_type_hint",
    "code",
    "refresh_token",
    "assertion",
];

/// A form as sent: names and values in order, decoded. It has no `Debug`:
/// it holds tokens and secrets.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`, with or without a charset.
    ///
    /// # Errors
    /// `LCM-REQUEST` for another content type, bad encoding, or too many
    /// parameters.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        check_type(headers)?;
        let text =
            std::str::from_utf8(body).map_err(|_| malformed("a form in UTF-8", "other bytes"))?;
        let mut pairs = Vec::new();
        for piece in text.split('&').filter(|piece| !piece.is_empty()) {
            if pairs.len() == PARAMETERS_MAX {
                return Err(malformed("at most 100 parameters", "more"));
            }
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self(pairs))
    }

    /// Refuses single-valued parameters that were sent more than once, by name.
    ///
    /// # Errors
    /// `LCM-PARAM-DUPLICATE`.
    pub fn single_valued(&self) -> Result<(), Refusal> {
        let twice = SINGLE
            .iter()
            .find(|name| self.0.iter().filter(|(n, _)| n == *name).count() > 1);
        match twice {
            None => Ok(()),
            Some(name) => Err(Refusal::new(
                Code::ParamDuplicate,
                format!(
                    "expected the parameter `{name}` once, found it more than once; send it once (a client library that adds grant_type by itself needs it set there)"
                ),
            )),
        }
    }

    /// A parameter; an empty one counts as absent (RFC 6749 §3.2).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a parameter that may repeat; empty ones count as absent.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(n, v)| n == name && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut values = headers.get_all(http::header::CONTENT_TYPE).iter();
    let value = values.next().and_then(|v| v.to_str().ok());
    let value = value.unwrap_or_default();
    if values.next().is_some() {
        // Of two readers one might take the first, the other the last.
        return Err(malformed("one content type", "several"));
    }
    let mut parts = value.split(';').map(str::trim);
    let form = parts
        .next()
        .is_some_and(|t| t.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    let utf8 = parts
        .filter_map(|p| p.split_once('='))
        .all(|(name, charset)| {
            let charset = charset.trim().trim_matches('"');
            !name.trim().eq_ignore_ascii_case("charset")
                || ["utf-8", "utf8"]
                    .iter()
                    .any(|utf8| charset.eq_ignore_ascii_case(utf8))
        });
    if form && utf8 {
        return Ok(());
    }
    Err(malformed(
        "the content type application/x-www-form-urlencoded",
        &quoted(value),
    ))
}

/// Percent-decoding with `+` for space. A broken escape is refused: two
/// readers might disagree about it.
pub fn decode(text: &str) -> Result<String, Refusal> {
    let flaw = || malformed("percent-encoded UTF-8", "a broken escape");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(flaw());
                };
                u8::try_from(high * 16 + low).map_err(|_| flaw())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| flaw())
}

fn malformed(expected: &str, found: &str) -> Refusal {
    Refusal::new(
        Code::Request,
        format!("expected {expected}, found {found}; send a form body"),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use http::HeaderValue;

    fn form(body: &str) -> Result<Form, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-www-form-urlencoded;charset=UTF-8"),
        );
        Form::read(&headers, body.as_bytes())
    }

    #[test]
    fn rfc6749_3_2_a_parameter_without_value_counts_as_absent() {
        let form = form("actor_token=&scope=a+b%2Bc").unwrap();
        assert_eq!(form.get("actor_token"), None);
        assert_eq!(form.get("scope"), Some("a b+c"));
    }

    #[test]
    fn rfc6749_3_2_a_repeated_parameter_is_refused_even_when_empty() {
        let refusal = form("subject_token=&subject_token=x")
            .unwrap()
            .single_valued()
            .unwrap_err();
        assert_eq!(refusal.code, Code::ParamDuplicate);
        assert!(refusal.description.contains("subject_token"));
        assert!(
            form("audience=a&audience=b&resource=c&resource=d&x=1&x=2")
                .unwrap()
                .single_valued()
                .is_ok()
        );
    }

    #[test]
    fn broken_escapes_other_encodings_and_floods_are_refused() {
        for body in ["a=%", "a=%2", "a=%zz", "a=%ff"] {
            assert!(form(body).is_err(), "{body}");
        }
        assert!(form(&"a=b&".repeat(101)).is_err());
        assert!(Form::read(&HeaderMap::new(), b"a=b").is_err());
    }

    #[test]
    fn utf8_is_a_charset_by_either_name_and_no_other_is() {
        let read = |parameter: &str| {
            let mut headers = HeaderMap::new();
            let value = format!("application/x-www-form-urlencoded{parameter}");
            headers.insert("content-type", HeaderValue::try_from(value).unwrap());
            Form::read(&headers, b"a=b").is_ok()
        };
        for utf8 in [
            "",
            ";charset=utf8",
            "; charset=UTF8",
            "; Charset=\"utf-8\"",
            ";charset=utf-8;x=y",
        ] {
            assert!(read(utf8), "{utf8}");
        }
        for other in ["; charset=latin1", ";charset=", "; charset=utf-16"] {
            assert!(!read(other), "{other}");
        }
    }

    #[test]
    fn two_content_types_are_refused_whatever_they_say() {
        let mut headers = HeaderMap::new();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.append("content-type", form.clone());
        assert!(Form::read(&headers, b"a=b").is_ok());
        headers.append("content-type", HeaderValue::from_static("application/json"));
        assert!(Form::read(&headers, b"a=b").is_err());
        headers.insert("content-type", form.clone());
        headers.append("content-type", form);
        assert!(Form::read(&headers, b"a=b").is_err());
    }
}
