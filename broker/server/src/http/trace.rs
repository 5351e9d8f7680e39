//! W3C Trace Context, as far as Locum takes part: the trace id of `traceparent`
//! joins the record and the log with the caller's own.

use http::HeaderMap;

/// A trace id: 32 lower-case hexadecimal digits, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceId([u8; 32]);

impl TraceId {
    /// Reads the one `traceparent` (W3C Trace Context §3.2). What is malformed
    /// is no trace, and no error.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (Some(one), None) = (all.next(), all.next()) else {
            return None;
        };
        let mut parts = one.to_str().ok()?.split('-');
        let version = hex(parts.next()?, 2).filter(|version| *version != "ff")?;
        let trace = hex(parts.next()?, 32).filter(|id| id.bytes().any(|b| b != b'0'))?;
        hex(parts.next()?, 16).filter(|id| id.bytes().any(|b| b != b'0'))?;
        hex(parts.next()?, 2)?;
        // Only a version to come may have more members.
        if version == "00" && parts.next().is_some() {
            return None;
        }
        trace.as_bytes().try_into().ok().map(Self)
    }

    /// The 32 digits.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn hex(text: &str, length: usize) -> Option<&str> {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    (text.len() == length && text.bytes().all(digit)).then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use http::HeaderValue;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn read(values: &[&str]) -> Option<TraceId> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("traceparent", HeaderValue::from_str(value).unwrap());
        }
        TraceId::read(&headers)
    }

    #[test]
    fn the_trace_id_of_a_well_formed_traceparent_is_read() {
        let id = read(&[GOOD]).unwrap();
        assert_eq!(id.as_str(), "0af7651916cd43dd8448eb211c80319c");
        let later = GOOD.replacen("00-", "cc-", 1) + "-more";
        assert_eq!(read(&[&later]), Some(id));
    }

    #[test]
    fn what_is_malformed_is_no_trace() {
        let upper = GOOD.to_uppercase();
        let long = format!("{GOOD}-00");
        let ff = GOOD.replacen("00-", "ff-", 1);
        let zero = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
        let no_parent = "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01";
        for bad in ["", "00", "x", zero, no_parent, &upper, &long, &ff] {
            assert_eq!(read(&[bad]), None, "{bad}");
        }
        assert_eq!(read(&[GOOD, GOOD]), None);
    }
}
