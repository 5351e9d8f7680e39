#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Result<Value, JsonFlaw> {
    parse(text.as_bytes(), JsonLimits::BODY)
}

#[test]
fn ordinary_json_reads_as_serde_json_reads_it() {
    let text = r#" {"a":[1,-2,2.5,"x\u00e9\n",true,null,{}],"b":{"c":18446744073709551615}} "#;
    assert_eq!(
        read(text).unwrap(),
        serde_json::from_str::<Value>(text).unwrap()
    );
}

#[test]
fn a_member_named_twice_is_refused_at_every_depth() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"x":{"a":1,"b":2,"a":3}}"#,
        r#"[[{"a":1,"\u0061":2}]]"#,
        r#"{"x":[{"y":{"z":null,"z":null}}]}"#,
    ] {
        assert!(
            matches!(read(text), Err(JsonFlaw::Duplicate { .. })),
            "{text}"
        );
    }
    assert!(
        read(r#"{"a":{"a":{"a":1}},"b":[{"c":1},{"c":1}]}"#).is_ok(),
        "the same name elsewhere is another member"
    );
}

#[test]
fn nesting_is_counted_and_bounded() {
    let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(read(&nest(32)).is_ok());
    assert_eq!(read(&nest(33)), Err(JsonFlaw::TooDeep { max: 32 }));
    assert_eq!(
        read(&"{\"a\":".repeat(10_000)),
        Err(JsonFlaw::TooDeep { max: 32 })
    );
}

#[test]
fn trailing_data_bad_utf8_and_other_grammar_are_refused() {
    let texts: [&[u8]; 14] = [
        b"",
        b" ",
        b"{} {}",
        b"{}x",
        b"{}\0",
        b"{\"a\":1,}",
        b"{'a':1}",
        b"{\"a\":NaN}",
        b"{\"a\":1e400}",
        b"{\"a\":01}",
        b"\"\xff\"",
        b"{\"\xc3\x28\":1}",
        b"\"\\ud800\"",
        b"\xef\xbb\xbf{}",
    ];
    for text in texts {
        assert!(
            matches!(parse(text, JsonLimits::BODY), Err(JsonFlaw::Syntax { .. })),
            "{}",
            text.escape_ascii()
        );
    }
}

#[test]
fn the_length_is_looked_at_first() {
    let limits = JsonLimits { bytes: 3, depth: 1 };
    assert_eq!(
        parse(b"!!!!", limits),
        Err(JsonFlaw::TooLong { max: 3, found: 4 })
    );
    assert!(parse(b"123", limits).is_ok());
}

proptest! {
    #[test]
    fn any_bytes_read_without_panic_and_at_most_what_serde_json_reads(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        if let Ok(value) = parse(&bytes, JsonLimits::BODY) {
            prop_assert_eq!(value, serde_json::from_slice::<Value>(&bytes).unwrap());
        }
    }
}
