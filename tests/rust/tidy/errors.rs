//! `docs/errors.md` is generated from the enum.

use crate::tree::{read, root};
use locum_core::refusal::{Code, page};
use std::fmt::Write;

const PATH: &str = "docs/errors.md";

const HEAD: &str = "# Error codes

<!-- Generated from broker/core/src/refusal/mapping.rs:
     LOCUM_BLESS=1 cargo test -p locum-tests errors -->

Every \"no\" carries a `code`. A code keeps its meaning once it is published;
`error` is the OAuth word for it (RFC 6749 §5.2, RFC 8693 §2.2.2), or none where
only the admin API answers with it (RFC 9457). `error_description` says what was
expected, what was found and what to do next. Each section here is also the
page at `/errors/{code}`.

| code | HTTP | `error` |
|---|---|---|
";

#[test]
fn docs_errors_md_is_what_the_enum_generates() {
    let fresh = render();
    #[expect(clippy::disallowed_methods, reason = "the switch that blesses")]
    let bless = std::env::var_os("LOCUM_BLESS").is_some();
    if bless {
        std::fs::write(root().join(PATH), &fresh).unwrap();
    }
    assert!(
        read(PATH) == fresh,
        "{PATH} is stale: run `LOCUM_BLESS=1 cargo test -p locum-tests errors`"
    );
}

fn render() -> String {
    let mut text = HEAD.to_owned();
    for code in Code::ALL {
        let mapping = code.mapping();
        let error = mapping.error.map_or("–".to_owned(), |e| format!("`{e}`"));
        let anchor = mapping.text.to_lowercase();
        writeln!(
            text,
            "| [`{}`](#{anchor}) | {} | {error} |",
            mapping.text, mapping.status
        )
        .unwrap();
    }
    for code in Code::ALL {
        text.push('\n');
        text.push_str(&page(code));
    }
    text
}
