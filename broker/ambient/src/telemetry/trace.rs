//! W3C Trace Context, as far as Locum takes part: the trace id of `traceparent`
//! joins the record, the log and Locum's own span with the caller's.

use http::HeaderMap;

/// A trace id: 32 lower-case hexadecimal digits, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId([u8; 32]);

/// What a caller says of its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The span from which the request comes.
    pub span: [u8; 8],
}

impl TraceParent {
    /// Reads the one `traceparent` (W3C Trace Context §3.2). What is malformed
    /// is no trace, and no error.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (Some(one), None) = (all.next(), all.next()) else {
            return None;
        };
        let mut parts = one.to_str().ok()?.split('-');
        let version = hex(parts.next()?, 2).filter(|version| *version != "ff")?;
        let trace = hex(parts.next()?, 32).filter(|id| id.bytes().any(|b| b != b'0'))?;
        let span = hex(parts.next()?, 16).filter(|id| id.bytes().any(|b| b != b'0'))?;
        // Whether the caller records it changes nothing here.
        hex(parts.next()?, 2)?;
        // Only a version to come may have more members.
        if version == "00" && parts.next().is_some() {
            return None;
        }
        Some(Self {
            trace: TraceId(trace.as_bytes().try_into().ok()?),
            span: u64::from_str_radix(span, 16).ok()?.to_be_bytes(),
        })
    }
}

impl TraceId {
    /// The 32 digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The id of these bytes.
    #[cfg(feature = "otlp")]
    pub fn of(bytes: [u8; 16]) -> Self {
        let mut digits = [b'0'; 32];
        let text = format!("{:032x}", u128::from_be_bytes(bytes));
        digits.copy_from_slice(text.as_bytes());
        Self(digits)
    }

    /// Its 16 bytes.
    #[cfg(feature = "otlp")]
    pub fn bytes(&self) -> [u8; 16] {
        // INVARIANT: 32 hexadecimal digits are a number of 128 bits.
        let number = u128::from_str_radix(self.as_str(), 16).unwrap_or_default();
        number.to_be_bytes()
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

    fn read(values: &[&str]) -> Option<TraceParent> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("traceparent", HeaderValue::from_str(value).unwrap());
        }
        TraceParent::read(&headers)
    }

    #[test]
    fn the_trace_id_of_a_well_formed_traceparent_is_read() {
        let id = read(&[GOOD]).unwrap();
        assert_eq!(id.trace.as_str(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(id.span, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
        let quiet = GOOD.replace("-01", "-00");
        assert_eq!(read(&[&quiet]), Some(id));
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
        let flags = GOOD.replace("-01", "-0x");
        for bad in ["", "00", "x", zero, no_parent, &flags, &upper, &long, &ff] {
            assert_eq!(read(&[bad]), None, "{bad}");
        }
        assert_eq!(read(&[GOOD, GOOD]), None);
    }
}
