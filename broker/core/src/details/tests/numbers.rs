//! Tables: integers and decimals.

use super::{all_read, none_read, table};
use serde_json::json;

#[test]
fn integers_are_json_integers_below_two_to_the_53() {
    for narrow in ["equal", "at_most", "at_least"] {
        all_read(
            "integer",
            narrow,
            &[json!(0), json!(1), json!(9_007_199_254_740_991_u64)],
        );
        none_read(
            "integer",
            narrow,
            &[
                json!(-1),
                json!(1.0),
                json!(0.5),
                json!("1"),
                json!(null),
                json!(9_007_199_254_740_992_u64),
                json!(u64::MAX),
                json!(1e3),
                json!(-0.0),
                json!(true),
                json!([1]),
                json!({}),
            ],
        );
    }
    let rows = |below, same, above| {
        [
            (json!(4), json!(5), below),
            (json!(5), json!(5), same),
            (json!(6), json!(5), above),
        ]
    };
    table(("integer", "equal"), &rows(false, true, false));
    table(("integer", "at_most"), &rows(true, true, false));
    table(("integer", "at_least"), &rows(false, true, true));
}

#[test]
fn decimals_are_plain_digits_in_a_string() {
    let digits = "1".repeat(30);
    for narrow in ["equal", "at_most", "at_least"] {
        all_read(
            "decimal",
            narrow,
            &[
                json!("0"),
                json!("0.00"),
                json!("4200.00"),
                json!(digits),
                json!(format!("0.{}", "1".repeat(29))),
            ],
        );
        none_read(
            "decimal",
            narrow,
            &[
                json!(""),
                json!("00"),
                json!("01"),
                json!("00.5"),
                json!("+1"),
                json!("-1"),
                json!("-0"),
                json!("1e3"),
                json!("1E3"),
                json!(".5"),
                json!("5."),
                json!("."),
                json!("1.2.3"),
                json!("1,5"),
                json!("1_0"),
                json!(" 1"),
                json!("1 "),
                json!("0x1"),
                json!("NaN"),
                json!("Infinity"),
                json!("\u{661}"),
                json!(1),
                json!(1.5),
                json!(null),
                json!(["1"]),
                json!({"v": "1"}),
                json!(format!("{digits}1")),
                json!(format!("{digits}.0")),
            ],
        );
    }
}

#[test]
fn decimals_compare_exactly() {
    let rows = |below, same, above| {
        [
            (json!("4200"), json!("4200.00"), same),
            (json!("4200.0"), json!("4200"), same),
            (json!("0.10"), json!("0.1"), same),
            (json!("0"), json!("0.000"), same),
            (json!("999"), json!("1000"), below),
            (json!("0.09"), json!("0.1"), below),
            (json!("9.99"), json!("10.01"), below),
            (
                json!("0.3"),
                json!("0.30000000000000000000000000001"),
                below,
            ),
            (json!("9007199254740992"), json!("9007199254740993"), below),
            (json!("4200.01"), json!("4200"), above),
            (json!("10"), json!("9"), above),
            (json!("0.2"), json!("0.19"), above),
            (
                json!("123456789012345678901234567890"),
                json!("123456789012345678901234567889"),
                above,
            ),
        ]
    };
    table(("decimal", "equal"), &rows(false, true, false));
    table(("decimal", "at_most"), &rows(true, true, false));
    table(("decimal", "at_least"), &rows(false, true, true));
}
