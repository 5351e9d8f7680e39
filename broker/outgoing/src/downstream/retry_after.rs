//! How long a target wants to be left alone (RFC 9110 §10.2.3).

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use std::time::UNIX_EPOCH;

/// Longest time for which a target is left alone because it says so, in seconds.
const RETRY_AFTER_MAX: u64 = 300;

/// How long a target that answered wants to be left alone: among the extensions
/// of an answer of status 429 or 503 that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter {
    /// At least 1, at most 300.
    pub seconds: u64,
}

/// What an answer says: seconds, or a date of HTTP. What cannot be read, and
/// what is over already, is nothing.
pub(super) fn said(status: StatusCode, headers: &HeaderMap, now_ms: u64) -> Option<RetryAfter> {
    let asks = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    if !asks.contains(&status) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than there are seconds.
        true => text.parse().unwrap_or(u64::MAX),
        false => {
            let date = httpdate::parse_http_date(text).ok()?;
            let date_s = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
            date_s
                .saturating_mul(1000)
                .saturating_sub(now_ms)
                .div_ceil(1000)
        }
    };
    let seconds = seconds.min(RETRY_AFTER_MAX);
    (seconds > 0).then_some(RetryAfter { seconds })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const THEN_MS: u64 = 784_111_777_000;

    fn read(status: u16, text: &str, now_ms: u64) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        said(status, &headers, now_ms).map(|said| said.seconds)
    }

    #[test]
    fn seconds_and_dates_are_read_up_to_a_bound() {
        for (text, seconds) in [
            ("1", Some(1)),
            (" 120 ", Some(120)),
            ("301", Some(300)),
            ("99999999999999999999999", Some(300)),
            ("0", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(60)),
            ("Sun Nov  6 08:49:37 1994", Some(60)),
            ("Sun, 06 Nov 1994 09:49:37 GMT", Some(300)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", None),
            ("Sun, 06 Nov 1994 08:48:36 GMT", None),
        ] {
            assert_eq!(read(429, text, THEN_MS - 60_000), seconds, "{text}");
        }
        assert_eq!(
            read(429, "Sun, 06 Nov 1994 08:49:37 GMT", THEN_MS - 1),
            Some(1)
        );
    }

    #[test]
    fn two_statuses_ask_for_a_pause() {
        for (status, seconds) in [(503, Some(7)), (429, Some(7)), (200, None), (500, None)] {
            assert_eq!(read(status, "7", 0), seconds);
        }
        assert_eq!(
            said(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), 0),
            None
        );
    }
}
