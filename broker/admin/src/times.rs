//! Points in time as the API shows and reads them: RFC 3339.

use super::problem::Problem;
use serde_json::{Map, Value};

pub(crate) use locum_engine::times::{shown, shown_s};

/// Reads RFC 3339 at that place of the body as Unix milliseconds.
///
/// # Errors
/// 422 when it is none, or before 1970.
pub(crate) fn read_ms(pointer: &str, text: &str) -> Result<u64, Problem> {
    let flaw = || Problem::at(pointer, "expected a time as of RFC 3339 with its offset");
    locum_engine::times::read_ms(text).ok_or_else(flaw)
}

/// Reads a time in the future as Unix seconds, rounded down.
///
/// # Errors
/// 422 when it is no time, or not after `now_ms`.
pub(crate) fn future_s(pointer: &str, text: &str, now_ms: u64) -> Result<u64, Problem> {
    let seconds = read_ms(pointer, text)? / 1000;
    if seconds <= now_ms / 1000 {
        return Err(Problem::at(pointer, "expected a time in the future"));
    }
    Ok(seconds)
}

/// A declared object as the API shows it: what was declared with the read-only
/// members (contract §12). What has no states of its own is active.
pub(super) fn declared(spec: Value, id: Option<&str>, created_at_ms: u64) -> Value {
    let mut out = Map::new();
    if let Some(id) = id {
        out.insert("id".into(), id.into());
    }
    if let Value::Object(members) = spec {
        out.extend(members);
    }
    out.insert("state".into(), "active".into());
    out.insert("created_at".into(), shown(created_at_ms).into());
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_time_is_shown_as_it_is_read() {
        assert_eq!(shown(1_801_353_600_123), "2027-01-31T00:00:00.123Z");
        assert_eq!(shown(1_801_353_600_000), "2027-01-31T00:00:00.000Z");
        assert_eq!(shown_s(1_801_353_600), "2027-01-31T00:00:00Z");
        for text in ["2027-01-31T00:00:00Z", "2027-01-31T01:00:00+01:00"] {
            assert_eq!(
                read_ms("/until", text).unwrap(),
                1_801_353_600_000,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_or_past_has_its_place() {
        for bad in [
            "tomorrow",
            "2027-01-31",
            "",
            "2027-01-31T00:00:00",
            "1969-12-31T00:00:00Z",
        ] {
            let problem = future_s("/until", bad, 0).unwrap_err();
            assert_eq!(problem.flaws.first().unwrap().pointer, "/until", "{bad}");
        }
        assert!(future_s("/until", "2027-01-31T00:00:00Z", 1_801_353_600_000).is_err());
        assert!(future_s("/until", "2027-01-31T00:00:00Z", 1_801_353_599_999).is_ok());
    }
}
