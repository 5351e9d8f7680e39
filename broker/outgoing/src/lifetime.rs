//! How long a document may be kept (RFC 9111 §5.2.2), as its server says.

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};

/// Seconds for which the answer is fresh from now on: `max-age` less the age it
/// already has; nothing of that kind said is `None`. Of several values the
/// least counts, and one that cannot be read is 0: when in doubt, ask again.
pub(crate) fn said_s(headers: &HeaderMap) -> Option<u64> {
    let lines = headers.get_all(CACHE_CONTROL).iter();
    let least = lines
        .flat_map(|line| line.as_bytes().split(|b| *b == b','))
        .filter_map(directive)
        .min()?;
    let age = headers.get(AGE).and_then(|age| age.to_str().ok());
    let age = age.and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    Some(least.saturating_sub(age))
}

/// What one directive says about freshness, if anything.
fn directive(bytes: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(bytes).trim().to_ascii_lowercase();
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim_end(), value.trim_start()),
        None => (text.as_str(), ""),
    };
    match name {
        "no-store" | "no-cache" => Some(0),
        "max-age" => Some(value.trim_matches('"').parse().unwrap_or(0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn said(lines: &[(&'static str, &str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        said_s(&headers)
    }

    #[test]
    fn max_age_is_what_a_server_says_and_doubt_is_zero() {
        let table = [
            ("max-age=60", Some(60)),
            ("Public , MAX-AGE = \"60\" ,must-revalidate", Some(60)),
            ("max-age=60, max-age=20", Some(20)),
            ("max-age=60, no-cache", Some(0)),
            ("no-store", Some(0)),
            ("max-age", Some(0)),
            ("max-age=-1", Some(0)),
            ("max-age=99999999999999999999", Some(0)),
            ("public", None),
            ("s-maxage=5, x-max-age=7", None),
            ("", None),
        ];
        for (line, expected) in table {
            assert_eq!(said(&[("cache-control", line)]), expected, "{line}");
        }
        assert_eq!(said(&[]), None);
    }

    #[test]
    fn the_age_an_answer_already_has_is_taken_off() {
        let line = ("cache-control", "max-age=60");
        assert_eq!(said(&[line, ("age", "20")]), Some(40));
        assert_eq!(said(&[line, ("age", "70")]), Some(0));
        assert_eq!(said(&[line, ("age", "old")]), Some(60));
        assert_eq!(said(&[line, ("cache-control", "max-age=7")]), Some(7));
        assert_eq!(said(&[("age", "20")]), None);
    }
}
