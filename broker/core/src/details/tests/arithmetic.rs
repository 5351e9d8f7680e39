//! Decimals, instants and blocks against slower arithmetic of another kind.

use super::super::{cidr::DetailsCidr, decimal::Decimal, path, span::DetailsSpan};
use proptest::prelude::*;

/// A decimal as a whole number of 10^-12.
fn scaled(whole: u64, fraction: &str) -> u128 {
    u128::from(whole) * 10_u128.pow(12) + format!("{fraction:0<12}").parse::<u128>().unwrap()
}

/// Seconds since the year 1 by walking the calendar year by year.
fn walked(date: (i64, i64, i64), time: (i64, i64, i64), offset: i64) -> i64 {
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let mut days: i64 = (1..date.0)
        .map(|year| if leap(year) { 366 } else { 365 })
        .sum();
    let february = if leap(date.0) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += months
        .iter()
        .take(usize::try_from(date.1).unwrap() - 1)
        .sum::<i64>()
        + date.2;
    days * 86_400 + time.0 * 3600 + time.1 * 60 + time.2 - offset * 60
}

prop_compose! {
    /// A timestamp, its walked seconds and its nanoseconds.
    fn stamp()(
        date in (1995..2030_i64, 1..=12_i64, 1..=28_i64),
        time in (0..24_i64, 0..60_i64, 0..60_i64),
        offset in -1439..=1439_i64,
        nanos in prop_oneof![Just(0_u32), 0..1_000_000_000_u32],
    ) -> (String, i64, u32) {
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
        let text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{nanos:09}{sign}{hours:02}:{minutes:02}",
            date.0, date.1, date.2, time.0, time.1, time.2,
        );
        (text, walked(date, time, offset), nanos)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn decimals_order_like_scaled_integers(
        a in (0..2000_u64, "[0-9]{1,12}"),
        b in (0..2000_u64, "[0-9]{1,12}"),
    ) {
        let read = |(whole, fraction): &(u64, String)| Decimal::parse(&format!("{whole}.{fraction}")).unwrap();
        let value = |(whole, fraction): &(u64, String)| scaled(*whole, fraction);
        prop_assert_eq!(read(&a).order(&read(&b)), value(&a).cmp(&value(&b)));
        let whole = Decimal::parse(&a.0.to_string()).unwrap();
        prop_assert_eq!(whole.order(&read(&b)), scaled(a.0, "").cmp(&value(&b)));
    }

    #[test]
    fn spans_are_in_order_when_the_walked_calendar_says_so(a in stamp(), b in stamp()) {
        let ordered = (a.1, a.2) <= (b.1, b.2);
        prop_assert_eq!(DetailsSpan::parse(&a.0, &b.0).is_some(), ordered);
    }

    #[test]
    fn blocks_contain_each_other_by_their_leading_bits(
        a in any::<u32>(), b in any::<u32>(), long in 0..=32_usize, short in 0..=32_usize, near in any::<bool>(),
    ) {
        let bits = |address: u32, length: usize| format!("{address:032b}")[..length].to_owned();
        let block = |bits: &str| {
            let address = std::net::Ipv4Addr::from(u32::from_str_radix(&format!("{bits:0<32}"), 2).unwrap());
            DetailsCidr::parse(&format!("{address}/{}", bits.len())).unwrap()
        };
        let (child, limit) = (bits(if near { b } else { a }, long), bits(b, short));
        prop_assert_eq!(block(&limit).contains(&block(&child)), child.starts_with(&limit));
    }

    #[test]
    fn paths_are_within_by_their_segments(child in "(/[ab]{0,2}){1,4}", limit in "(/[ab]{1,2}){1,3}") {
        let segments = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(path::within(&child, &limit), segments(&child).starts_with(&segments(&limit)));
        let below = format!("{limit}/");
        let deeper = segments(&child).len() > segments(&limit).len();
        prop_assert_eq!(path::within(&child, &below), deeper && segments(&child).starts_with(&segments(&limit)));
    }

    #[test]
    fn no_text_makes_a_parser_stumble(text in "\\PC{0,40}", digits in "[-0-9TZ:.+/%a-f]{0,40}") {
        for text in [text, digits] {
            let _ = (Decimal::parse(&text), DetailsCidr::parse(&text), DetailsSpan::parse(&text, &text), path::flaw(&text));
        }
    }
}
