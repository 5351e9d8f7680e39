//! Tables: time spans and address blocks.

use super::{all_read, details, none_read, reads, single, table};
use serde_json::{Value as Json, json};

fn span(from: &str, to: &str) -> Json {
    json!({"not_before": from, "not_after": to})
}

#[test]
fn the_ends_of_a_time_span_are_rfc3339_texts() {
    let good = |text: &str| reads("time_span", "within", &span(text, text));
    for text in [
        "2026-01-31T00:00:00Z",
        "2026-01-31t00:00:00z",
        "2024-02-29T23:59:59.123456789Z",
        "2000-02-29T00:00:00+23:59",
        "0000-01-01T00:00:00-00:00",
        "9999-12-31T23:59:59-23:59",
    ] {
        assert!(good(text), "{text}");
    }
    for text in [
        "",
        "2026-01-31",
        "2026-01-31T00:00:00",
        "2026-01-31 00:00:00Z",
        "2026-1-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-06-30T23:59:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01",
        "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00Z ",
        "+026-01-01T00:00:00Z",
        "2026-01-01T00:00:0\u{661}Z",
        "\u{e9}",
        "2026-01-01T00:00:00.5",
    ] {
        assert!(!good(text), "{text}");
    }
}

#[test]
fn a_time_span_is_an_object_of_two_ordered_texts() {
    let day = "2026-01-31T00:00:00Z";
    none_read(
        "time_span",
        "within",
        &[
            json!(day),
            json!([day, day]),
            json!(null),
            json!({}),
            json!({"not_before": day}),
            json!({"not_after": day}),
            json!({"not_before": day, "not_after": null}),
            json!({"not_before": 0, "not_after": 1}),
            json!({"not_before": day, "not_after": day, "zone": "UTC"}),
            span("2026-01-31T00:00:00.000000001Z", day),
        ],
    );
}

#[test]
fn time_spans_compare_as_instants() {
    let year = span("2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z");
    let inside = |from, to| (span(from, to), year.clone(), true);
    let outside = |from, to| (span(from, to), year.clone(), false);
    table(
        ("time_span", "within"),
        &[
            inside("2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z"),
            inside("2026-01-01T02:00:00+02:00", "2026-12-31T18:59:59-05:00"),
            inside("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"),
            outside("2026-01-01T00:00:00+00:01", "2026-02-01T00:00:00Z"),
            outside("2025-12-31T23:59:59.999999999Z", "2026-02-01T00:00:00Z"),
            outside("2026-02-01T00:00:00Z", "2026-12-31T23:59:59.000000001Z"),
            outside("2026-02-01T00:00:00Z", "2026-12-31T23:59:59-00:01"),
            outside("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ],
    );
}

#[test]
fn address_blocks_have_a_length_and_no_host_bits() {
    all_read(
        "cidr",
        "within",
        &[
            json!("0.0.0.0/0"),
            json!("10.0.0.0/8"),
            json!("10.0.0.1/32"),
            json!("::/0"),
            json!("2001:db8::/32"),
            json!("2001:DB8::1/128"),
            json!("128.0.0.0/1"),
            json!("8000::/1"),
        ],
    );
    none_read(
        "cidr",
        "within",
        &[
            json!("10.0.0.1/8"),
            json!("10.0.0.0"),
            json!("10.0.0.0/"),
            json!("10.0.0.0/33"),
            json!("10.0.0.0/+8"),
            json!("10.0.0.0/08"),
            json!("10.0.0.0/-1"),
            json!("10.0.0/8"),
            json!("010.0.0.0/8"),
            json!("10.0.0.0/8/8"),
            json!(" 10.0.0.0/8"),
            json!("10.0.0.0/255.0.0.0"),
            json!("2001:db8::1/32"),
            json!("::/129"),
            json!("fe80::%eth0/64"),
            json!("::ffff:10.0.0.0/104"),
            json!("::ffff:a00:0/104"),
            json!("::ffff:10.0.0.1/128"),
            json!("host/8"),
            json!(10),
            json!(null),
            json!(["10.0.0.0/8"]),
            json!("10.0.0.0/99999999999"),
        ],
    );
    let upper = details(
        json!([{"type": "t", "f": "2001:DB8::/32"}]),
        &single("cidr", "within"),
    );
    assert_eq!(
        upper.to_json(),
        json!([{"f": "2001:db8::/32", "type": "t"}])
    );
}

#[test]
fn address_blocks_narrow_within_their_family() {
    table(
        ("cidr", "within"),
        &[
            (json!("10.1.0.0/16"), json!("10.0.0.0/8"), true),
            (json!("10.0.0.0/8"), json!("10.0.0.0/8"), true),
            (json!("10.0.0.0/8"), json!("0.0.0.0/0"), true),
            (json!("10.0.0.0/7"), json!("10.0.0.0/8"), false),
            (json!("11.0.0.0/8"), json!("10.0.0.0/8"), false),
            (json!("10.0.0.0/8"), json!("::/0"), false),
            (json!("::/0"), json!("0.0.0.0/0"), false),
            (json!("2001:db8:1::/48"), json!("2001:db8::/32"), true),
            (json!("2001:db9::/48"), json!("2001:db8::/32"), false),
            (json!("::/1"), json!("::/0"), true),
        ],
    );
}
