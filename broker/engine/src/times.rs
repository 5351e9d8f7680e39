//! Points in time for people: RFC 3339.

use jiff::Timestamp;

/// Unix milliseconds as RFC 3339 in UTC with milliseconds.
#[must_use]
pub fn shown(ms: u64) -> String {
    let time = i64::try_from(ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    format!("{:.3}", time.unwrap_or(Timestamp::MAX))
}

/// Unix seconds as RFC 3339 in UTC.
#[must_use]
pub fn shown_s(s: u64) -> String {
    let time = i64::try_from(s)
        .ok()
        .and_then(|s| Timestamp::from_second(s).ok());
    format!("{:.0}", time.unwrap_or(Timestamp::MAX))
}

/// Reads RFC 3339 as Unix milliseconds; `None` when it is none, or before 1970.
#[must_use]
pub fn read_ms(text: &str) -> Option<u64> {
    // RFC 3339 §5.6 knows neither names of zones in brackets nor short forms.
    if text.len() < "2027-01-31T00:00:00Z".len() || text.contains('[') {
        return None;
    }
    let time: Timestamp = text.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_utc_to_the_millisecond_or_the_second() {
        assert_eq!(shown(1_801_353_600_123), "2027-01-31T00:00:00.123Z");
        assert_eq!(shown(1_801_353_600_000), "2027-01-31T00:00:00.000Z");
        assert_eq!(shown_s(1_801_353_600), "2027-01-31T00:00:00Z");
    }
}
