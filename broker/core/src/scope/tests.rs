#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use proptest::prelude::*;

/// The naive reference: scopes as plain vectors of strings.
fn naive_narrow(a: &[String], b: &[String]) -> Vec<String> {
    let mut out: Vec<String> = a
        .iter()
        .filter(|x| b.iter().any(|y| *x == y))
        .cloned()
        .collect();
    out.sort();
    out.dedup();
    out
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a-c]\\.(read|write)", 0..6)
}

fn scope(names: &[String]) -> Scope {
    Scope::parse(&names.join(" ")).unwrap()
}

proptest! {
    #[test]
    fn narrowing_is_never_wider_deterministic_and_idempotent(a in names(), b in names()) {
        let (x, y) = (scope(&a), scope(&b));
        let narrowed = x.narrow(&y);
        prop_assert!(narrowed.is_within(&x) && narrowed.is_within(&y));
        prop_assert_eq!(&narrowed, &x.narrow(&y));
        prop_assert_eq!(&narrowed.narrow(&y), &narrowed);
        prop_assert_eq!(&y.narrow(&x), &narrowed);
    }

    #[test]
    fn narrowing_agrees_with_the_naive_reference(a in names(), b in names()) {
        let expected = naive_narrow(&a, &b).join(" ");
        prop_assert_eq!(scope(&a).narrow(&scope(&b)).to_string(), expected);
        let outside: Vec<_> = scope(&a).outside(&scope(&b)).iter().map(ToString::to_string).collect();
        prop_assert!(outside.iter().all(|n| a.contains(n) && !b.contains(n)));
    }

    #[test]
    fn any_text_parses_or_is_refused_without_panic(text in ".{0,200}") {
        if let Ok(scope) = Scope::parse(&text) {
            prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope);
        }
    }
}

#[test]
fn there_are_no_wildcards() {
    assert!(Scope::parse("*").is_err());
    assert!(Scope::parse("invoice.*").is_err());
}

#[test]
fn rfc6749_3_3_scope_is_case_sensitive() {
    assert!(!scope(&["a.read".into()]).has("A.read"));
}

#[test]
fn authority_at_one_target_says_nothing_about_another() {
    let (a, b) = (TargetId::parse("a").unwrap(), TargetId::parse("b").unwrap());
    let authority = Authority::of([(a.clone(), ScopeName::parse("x").unwrap())]);
    assert!(!authority.at(&a).is_empty());
    assert!(authority.at(&b).is_empty());
}
