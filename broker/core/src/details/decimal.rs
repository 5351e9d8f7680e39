//! Exact decimals: money is compared digit by digit, never as a float.

use std::cmp::Ordering;

/// Most digits a decimal may have, before and after the point together.
const DIGIT_LIMIT: usize = 30;

/// A decimal ≥ 0 as it was written, for example `4200.00`.
///
/// Equality is that of the text; [`Decimal::order`] compares the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal(String);

impl Decimal {
    /// Reads `0`, `12`, `0.50`: no sign, exponent, leading zero or bare point.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let length = whole.len() + fraction.map_or(0, str::len);
        let fits = length <= DIGIT_LIMIT
            && digits(whole)
            && fraction.is_none_or(digits)
            && (whole == "0" || !whole.starts_with('0'));
        fits.then(|| Self(text.to_owned()))
    }

    /// Compares the numbers: `4200` and `4200.00` are equal.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let (whole, fraction) = self.parts();
        let (other_whole, other_fraction) = other.parts();
        // Without leading zeros the longer whole part is the larger one; without
        // trailing zeros fractions order like text.
        whole
            .len()
            .cmp(&other_whole.len())
            .then_with(|| whole.cmp(other_whole))
            .then_with(|| fraction.cmp(other_fraction))
    }

    /// The decimal as it was written.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> (&str, &str) {
        match self.0.split_once('.') {
            Some((whole, fraction)) => (whole, fraction.trim_end_matches('0')),
            None => (&self.0, ""),
        }
    }
}
