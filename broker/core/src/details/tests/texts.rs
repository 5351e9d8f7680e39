//! Tables: strings, prefixes, lists of strings.

use super::{all_read, details, none_read, single, table};
use serde_json::json;

#[test]
fn only_strings_are_strings() {
    all_read(
        "string",
        "equal",
        &[json!("a"), json!("../x%2F"), json!("x".repeat(1024))],
    );
    let bad = [
        json!(""),
        json!(null),
        json!(1),
        json!(true),
        json!(["a"]),
        json!({"a": "b"}),
        json!("x".repeat(1025)),
        json!("a\u{0}b"),
        json!("a\nb"),
        json!("\u{7f}"),
        json!("\u{85}"),
    ];
    none_read("string", "equal", &bad);
    none_read("string", "prefix", &bad);
}

#[test]
fn strings_are_equal_byte_by_byte() {
    table(
        ("string", "equal"),
        &[
            (json!("1000"), json!("1000"), true),
            (json!("1000 "), json!("1000"), false),
            (json!("A"), json!("a"), false),
            (json!("e\u{301}"), json!("\u{e9}"), false),
        ],
    );
}

#[test]
fn a_prefix_that_a_server_may_undo_is_refused() {
    all_read(
        "string",
        "prefix",
        &[
            json!("/"),
            json!("/a"),
            json!("a/b/"),
            json!("/a%20b/%C3%A9"),
            json!("https://host/x"),
            json!("/a.b/.c"),
            json!("/\u{e9}"),
        ],
    );
    none_read(
        "string",
        "prefix",
        &[
            json!(".."),
            json!("/a/.."),
            json!("/a/../b"),
            json!("/a/..;x/b"),
            json!("/a%2Fb"),
            json!("/a%2fb"),
            json!("/a%5cb"),
            json!("/a%5Cb"),
            json!("/a\\b"),
            json!("/a/%2e%2e/b"),
            json!("/a/.%2E/b"),
            json!("/a%252fb"),
            json!("/a%25%32fb"),
            json!("/a%"),
            json!("/a%2"),
            json!("/a%zz"),
            json!("/a%u002f"),
            json!("/a%+2f"),
            json!("/a%c0%afb"),
            json!("/a%00"),
            json!("/a%\u{e9}"),
        ],
    );
}

#[test]
fn a_prefix_narrows_by_whole_segments() {
    table(
        ("string", "prefix"),
        &[
            (json!("/a"), json!("/a"), true),
            (json!("/a/"), json!("/a"), true),
            (json!("/a/b"), json!("/a"), true),
            (json!("/a/b"), json!("/a/"), true),
            (json!("/a/b/c"), json!("/a/b"), true),
            (json!("/a"), json!("/"), true),
            (json!("/ab"), json!("/a"), false),
            (json!("/a"), json!("/a/"), false),
            (json!("/a"), json!("/a/b"), false),
            (json!("/A/b"), json!("/a"), false),
            (json!("a/b"), json!("/a"), false),
            (json!("/a%20b"), json!("/a"), false),
            (json!("/a?x"), json!("/a"), false),
            (json!("https://a@b/x"), json!("https://a"), false),
        ],
    );
}

#[test]
fn lists_of_strings_are_sets() {
    let many: Vec<String> = (0..257).map(|n| n.to_string()).collect();
    all_read(
        "strings",
        "subset",
        &[json!(["a"]), json!(["a", "a"]), json!(many[..256])],
    );
    none_read(
        "strings",
        "subset",
        &[
            json!([]),
            json!("a"),
            json!([1]),
            json!([null]),
            json!([["a"]]),
            json!([""]),
            json!({"0": "a"}),
            json!(null),
            json!(many),
            json!(["x".repeat(1025)]),
        ],
    );
    table(
        ("strings", "subset"),
        &[
            (json!(["a"]), json!(["b", "a"]), true),
            (json!(["b", "a", "b"]), json!(["a", "b"]), true),
            (json!(["a", "c"]), json!(["a", "b"]), false),
            (json!(["A"]), json!(["a"]), false),
        ],
    );
    let twice = details(
        json!([{"type": "t", "f": ["b", "a", "b"]}]),
        &single("strings", "subset"),
    );
    assert_eq!(twice.to_json(), json!([{"f": ["b", "a"], "type": "t"}]));
}
