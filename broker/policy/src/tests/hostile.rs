//! Texts made to exhaust the stack, the clock or the memory.

use super::*;
use crate::{NESTING_MAX, OPERATORS_MAX};

fn when(condition: &str) -> String {
    format!(r#"@id("a") permit(principal, action, resource) when {{ {condition} }};"#)
}

#[test]
fn what_nests_too_deep_is_refused_before_it_is_parsed() {
    let big = 20_000;
    for text in [
        when(&format!("{}true{}", "(".repeat(big), ")".repeat(big))),
        when(&"(".repeat(big)),
        "[".repeat(big),
        "{".repeat(big),
        when(&format!("{}true", "!".repeat(big))),
        when(&format!("{}1 < 2", "-".repeat(big))),
        when(&format!("true{}", " && true".repeat(big))),
        when(&format!("true{}", " || true".repeat(big))),
        when(&format!("1{} < 2", " + 1".repeat(big))),
        when(&format!(
            "{}true{}",
            "if true then ".repeat(big),
            " else false".repeat(big)
        )),
        when(&format!("context{}", ".a".repeat(big))),
        when(&format!("context has a{}", ".a".repeat(big))),
        when(&format!("context{}", "[\"a\"]".repeat(big))),
        when(&format!("1{}", " in 1".repeat(big))),
        format!(
            r#"@id("a") permit(principal, action, resource){};"#,
            " when { true }".repeat(big / 2)
        ),
    ] {
        let found = flaws(&text);
        assert!(found[0].detail.contains("expected"), "{}", &text[..99]);
        assert!(
            found[0].detail.contains("nested at most") || found[0].detail.contains("operators"),
            "{found:?}"
        );
    }
}

/// Unoptimised, Cedar's evaluator needs some 50 KiB a level: ten times a
/// release build's. Where it runs out it errs, so that Locum refuses.
fn with_a_release_builds_room(check: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let roomy = std::thread::Builder::new().stack_size(32 << 20);
        roomy.spawn_scoped(scope, check).unwrap().join().unwrap();
    });
}

#[test]
fn what_nests_as_deep_as_allowed_loads_and_answers() {
    let half = NESTING_MAX - 2;
    let all = OPERATORS_MAX - 8;
    with_a_release_builds_room(|| {
        for condition in [
            format!("{}true{}", "(".repeat(half), ")".repeat(half)),
            format!("true{}", " && context.depth > 0".repeat(all / 4)),
            format!("0{} < 2000", " + 1".repeat(all)),
            format!(
                "{}true{}",
                "if context.depth < 9 then ".repeat(all / 3),
                " else false".repeat(all / 3)
            ),
            format!(
                "{}true{}",
                "if true then ".repeat(all),
                " else false".repeat(all)
            ),
        ] {
            assert!(allowed(&when(&condition), &question()), "{condition}");
        }
    });
}

#[test]
fn a_long_list_is_no_nesting() {
    let names: Vec<String> = (0..20_000).map(|n| format!("\"scope.{n}\"")).collect();
    let list = names.join(", ");
    assert!(allowed(
        &when(&format!("!([{list}].containsAll(context.scopes))")),
        &question()
    ));
}

#[test]
fn brackets_and_semicolons_in_strings_and_comments_are_text() {
    let text = format!(
        "// {0} \" ;\n{1} // ;\" {0}\n{2}",
        "(".repeat(99),
        when(&format!("\"{};\\\";\" != \"\"", "(".repeat(99))),
        FINANCE
    );
    assert_eq!(bundle(&text).count(), 2);
}

#[test]
fn broken_texts_are_flaws_and_never_a_panic() {
    for text in [
        ";",
        ";;;",
        "\"",
        "\"\\",
        "/",
        "//",
        "/ /",
        "permit",
        "permit(",
        "@",
        "@id(",
        "@id(\"a\"",
        "}{",
        ")))",
        "permit(principal, action, resource)",
        "\u{0}",
        "\u{feff}permit(principal, action, resource);",
        "@id(\"a\") @id(\"b\") permit(principal, action, resource);",
        "é;",
        "permit(principal, action, resource) when { 99999999999999999999 > 1 };",
        "@id(\"a\") permit(principal, action, resource) when { ip(\"300.1.1.1\").isLoopback() };",
        "@id(\"a\") permit(principal, action, resource) when { ip(context.risk).isLoopback() };",
        "@id(\"a\") permit(principal, action, resource) when { \"\\u{110000}\" == \"\" };",
    ] {
        let loaded = Bundle::load(&files(&[text]));
        assert_eq!(loaded.is_ok(), text == "//", "{text:?}: {loaded:?}");
    }
}
