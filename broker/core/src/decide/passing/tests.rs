#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::testing::scope;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// So many names.
fn names(count: usize) -> Scope {
    let name = |n: usize| ScopeName::parse(&format!("s{n:02}")).unwrap();
    Scope::of((0..count).map(name))
}

/// What is found where all of it must be within `allowed`, and what was asked.
fn search(asked: &Scope, allows: impl Fn(&Scope) -> bool) -> (Scope, Vec<Scope>) {
    let questions = RefCell::new(Vec::new());
    let found = passing(asked, asked, PASSING_QUESTIONS_MAX, |part| {
        questions.borrow_mut().push(part.clone());
        allows(part)
    });
    (found, questions.into_inner())
}

#[test]
fn few_scopes_are_tried_one_by_one() {
    let allowed = scope("s01 s03 s04");
    let (found, asked) = search(&names(8), |part| part.is_within(&allowed));
    assert_eq!(found, allowed);
    assert_eq!(asked.len(), PASSING_QUESTIONS_MAX);
}

#[test]
fn one_bad_scope_of_64_leaves_most_of_the_others() {
    for bad in 0..64 {
        let bad = format!("s{bad:02}");
        let (found, asked) = search(&names(64), |part| !part.has(&bad));
        assert!(found.iter().count() >= 60, "{bad}: {found}");
        assert!(asked.len() <= PASSING_QUESTIONS_MAX);
    }
}

#[test]
fn a_combination_that_is_forbidden_is_not_advised() {
    let (found, _) = search(&names(3), |part| !(part.has("s00") && part.has("s01")));
    assert_eq!(found, scope("s00 s02"));
}

proptest! {
    #[test]
    fn at_most_eight_questions_find_what_was_asked_about_as_a_whole(
        count in 1..=64_usize,
        allowed in prop::collection::btree_set(0..64_usize, 0..64),
        together in 1..=64_usize,
    ) {
        let allowed: BTreeSet<String> = allowed.iter().map(|n| format!("s{n:02}")).collect();
        let allows = |part: &Scope| {
            part.iter().all(|name| allowed.contains(name.as_str())) && part.iter().count() <= together
        };
        let whole = names(count);
        prop_assume!(!allows(&whole));
        let (found, asked) = search(&whole, allows);
        prop_assert!(asked.len() <= PASSING_QUESTIONS_MAX);
        prop_assert!(asked.iter().all(|part| *part != whole && !part.is_empty()));
        prop_assert!(found.is_empty() || asked.contains(&found) && allows(&found));
        let once: BTreeSet<String> = asked.iter().map(ToString::to_string).collect();
        prop_assert_eq!(once.len(), asked.len());
    }
}
