//! Exact comparison of amounts: decimals are strings (contract §2).

use std::cmp::Ordering;

/// Longest amount that is read, in bytes.
const LONGEST: usize = 64;

/// A decimal ≥ 0, without leading and trailing noughts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DemoDecimal<'a> {
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> DemoDecimal<'a> {
    /// Reads digits, and digits after one dot; nothing else.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || text.len() > LONGEST || !digits(whole) || !digits(fraction) {
            return None;
        }
        Some(Self {
            whole: whole.trim_start_matches('0'),
            fraction: fraction.trim_end_matches('0'),
        })
    }

    /// Which is greater.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let length = self.whole.len().cmp(&other.whole.len());
        length
            .then(self.whole.cmp(other.whole))
            .then(self.fraction.cmp(other.fraction))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn amounts_compare_by_value_and_not_as_text() {
        let rising = [
            "0", "0.009", "0.01", "9", "10", "99.5", "99.51", "100", "4200.00",
        ];
        for (i, a) in rising.iter().enumerate() {
            for (j, b) in rising.iter().enumerate() {
                let found = DemoDecimal::parse(a)
                    .unwrap()
                    .compare(&DemoDecimal::parse(b).unwrap());
                assert_eq!(found, i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(DemoDecimal::parse("007.10"), DemoDecimal::parse("7.1"));
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for bad in [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.2.3", " 1", "٣",
        ] {
            assert_eq!(DemoDecimal::parse(bad), None, "{bad}");
        }
    }
}
