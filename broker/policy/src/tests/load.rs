use super::*;
use crate::{FLAWS_MAX, POLICIES_MAX, SCHEMA, TEXT_MAX};
use cedar_policy::Schema;

#[test]
fn the_published_schema_parses_without_a_warning() {
    let (_, warnings) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    assert_eq!(warnings.count(), 0);
}

#[test]
fn the_address_is_the_hash_of_the_canonical_files() {
    let files = files(&[FINANCE]);
    let bundle = Bundle::load(&files).unwrap();
    assert_eq!(bundle.count(), 1);
    assert_eq!(bundle.files(), &files);
    assert_eq!(bundle.address(), locum_core::jcs::address(&files).unwrap());
    assert_eq!(PolicyCheck::bundle(&bundle), bundle.address());
    let other = Bundle::load(&super::files(&[&format!("{FINANCE} ")])).unwrap();
    assert_ne!(other.address(), bundle.address());
}

#[test]
fn an_empty_bundle_loads_and_permits_nothing() {
    let bundle = Bundle::load(&BTreeMap::new()).unwrap();
    assert_eq!(bundle.count(), 0);
    assert_eq!(bundle.ask(&question()), Ok(PolicyAnswer::default()));
    assert_eq!(super::bundle("// nothing\n").count(), 0);
}

#[test]
fn every_annotation_is_checked() {
    for (marks, says) in [
        (r#"@id("Big")"#, "expected `@id`"),
        (r#"@id("a_b")"#, "expected `@id`"),
        ("@id", "expected `@id`"),
        (r#"@reason("no id")"#, "expected `@id`"),
        (r#"@id("a") @max_lifetime("0")"#, "from 1 to 3600"),
        (r#"@id("a") @max_lifetime("3601")"#, "from 1 to 3600"),
        (r#"@id("a") @max_lifetime("+60")"#, "from 1 to 3600"),
        (r#"@id("a") @max_lifetime("60s")"#, "from 1 to 3600"),
        (r#"@id("a") @max_lifetime"#, "from 1 to 3600"),
        (r#"@id("a") @reason("")"#, "printable ASCII"),
        (r#"@id("a") @reason("grün")"#, "printable ASCII"),
        (r#"@id("a") @advice("a\"b")"#, "printable ASCII"),
        (r#"@id("a") @advice("a\\b")"#, "printable ASCII"),
        (r#"@id("a") @advice("a\nb")"#, "printable ASCII"),
        (r#"@id("a") @require_acr(" ")"#, "printable ASCII"),
        (
            r#"@id("a") @require_approval("one")"#,
            "not supported by this version",
        ),
        (
            r#"@id("a") @maxlifetime("60")"#,
            "not supported by this version",
        ),
    ] {
        let found = flaws(&format!("{marks} permit(principal, action, resource);"));
        assert!(found[0].detail.contains(says), "{marks}: {found:?}");
    }
    let long = format!(
        r#"@id("a") @reason("{}") permit(principal, action, resource);"#,
        "x".repeat(201)
    );
    assert!(flaws(&long)[0].detail.contains("1 to 200"));
}

#[test]
fn limits_of_a_permit_on_a_forbid_are_refused() {
    for mark in [r#"@max_lifetime("60")"#, r#"@require_acr("mfa")"#] {
        let found = flaws(&format!(
            r#"@id("a") {mark} forbid(principal, action, resource);"#
        ));
        assert!(found[0].detail.contains("on a permit only"), "{found:?}");
    }
}

#[test]
fn an_id_is_unique_across_files_and_the_flaw_names_both() {
    let text = r#"@id("a") permit(principal, action, resource);"#;
    let found = Bundle::load(&files(&[text, &format!("\n\n  {text}")])).unwrap_err();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].file.as_str(), found[0].line, found[0].column),
        ("f1.cedar", 3, 3)
    );
    assert_eq!(
        found[0].detail,
        "expected a unique `@id`, found `a` again (first in `f0.cedar`)"
    );
    assert_eq!(found[0].pointer(), "/files/f1.cedar");
}

#[test]
fn a_syntax_error_has_its_line_and_column() {
    let found = flaws(&format!(
        "{FINANCE}// a comment; with \"marks\n@id(\"b\")\npermit(principal, action, resource)\nwhen {{ context.depth << 2 }};"
    ));
    assert_eq!((found[0].line, found[0].column), (7, 23), "{found:?}");
    assert!(found[0].to_string().starts_with("line 7, column 23: "));
}

#[test]
fn every_faulty_policy_is_reported_up_to_the_limit() {
    let text = r#"@id("A") permit(principal, action, resource);"#.repeat(FLAWS_MAX + 9);
    assert_eq!(flaws(&text).len(), FLAWS_MAX);
}

#[test]
fn validation_is_strict_and_points_at_the_place() {
    for (condition, says) in [
        ("context.nobody == 1", "nobody"),
        ("context.depth == \"1\"", "type"),
        ("context.purpose == \"x\"", "purpose"),
        ("context.person in Group::\"demo:staff\"", "person"),
        ("principal in Nobody::\"x\"", "Nobody"),
        ("context.basis == \"grant\"", "basis"),
        ("principal.name == \"x\"", "name"),
        ("[] == context.scopes", "empty set"),
    ] {
        let found = flaws(&format!(
            "@id(\"a\")\npermit(principal, action, resource)\nwhen {{\n  {condition} }};"
        ));
        assert_eq!(found[0].line, 4, "{condition}: {found:?}");
        assert!(found[0].detail.contains(says), "{condition}: {found:?}");
    }
    assert!(
        !flaws(r#"@id("a") permit(principal, action == Action::"read", resource);"#).is_empty()
    );
}

#[test]
fn a_forbid_that_can_never_apply_is_refused() {
    for scope in [
        "principal is Person, action, resource",
        r#"principal in Group::"demo:x", action, resource"#,
    ] {
        let found = flaws(&format!(r#"@id("a") forbid({scope});"#));
        assert!(
            found[0].detail.contains("a forbid that can apply"),
            "{found:?}"
        );
        assert_eq!(bundle(&format!(r#"@id("a") permit({scope});"#)).count(), 1);
    }
}

#[test]
fn templates_are_refused() {
    for scope in [
        "principal == ?principal, action, resource",
        "principal, action, resource in ?resource",
    ] {
        assert!(!flaws(&format!(r#"@id("a") permit({scope});"#)).is_empty());
    }
}

#[test]
fn file_names_are_checked() {
    for name in [
        "",
        ".cedar",
        "A.cedar",
        "a",
        "a.txt",
        "../a.cedar",
        "-a.cedar",
        "a.cedar.cedar",
    ] {
        let files = BTreeMap::from([(name.to_owned(), FINANCE.to_owned())]);
        let found = Bundle::load(&files).unwrap_err();
        assert!(found[0].detail.contains("file name"), "{name}");
    }
    let odd = BTreeMap::from([("a/~b".to_owned(), String::new())]);
    assert_eq!(
        Bundle::load(&odd).unwrap_err()[0].pointer(),
        "/files/a~1~0b"
    );
}

#[test]
fn the_limits_of_a_bundle_hold() {
    let many = |count: usize| -> String {
        let one = |n| format!("@id(\"p{n}\") permit(principal, action, resource);\n");
        (0..count).map(one).collect()
    };
    assert_eq!(bundle(&many(POLICIES_MAX)).count(), POLICIES_MAX);
    let found = flaws(&many(POLICIES_MAX + 1));
    assert_eq!((found[0].pointer().as_str(), found.len()), ("/files", 1));
    let told = format!("{POLICIES_MAX} policies, found {}", POLICIES_MAX + 1);
    assert!(found[0].detail.contains(&told));
    let blank = " ".repeat(TEXT_MAX - "f0.cedar".len());
    assert_eq!(bundle(&blank).count(), 0);
    assert!(
        flaws(&format!("{blank} "))[0]
            .detail
            .contains("bytes of policies")
    );
}

#[test]
fn policies_that_were_accepted_once_and_do_not_load_refuse_everything_and_say_why() {
    let accepted = |text: &str| Bundle::accepted(&files(&[text])).unwrap();
    let broken = accepted("permit(");
    assert!(broken.flaw().unwrap().starts_with("f0.cedar: line 1"));
    assert_eq!(broken.files(), &files(&["permit("]));
    assert!(broken.address().starts_with("sha256:"));
    for question in [question(), pre_authorise()] {
        let fault = broken.ask(&question).unwrap_err();
        assert!(
            fault
                .detail
                .starts_with("the policies do not load: f0.cedar")
        );
    }
    let sound = accepted(FINANCE);
    assert_eq!(
        (sound.flaw(), sound.address()),
        (None, bundle(FINANCE).address())
    );
}
