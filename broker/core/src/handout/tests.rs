use super::{Able, Expire, Granted, Handout, Narrow, Revoke, Terms, Unique, Unsafe};
use crate::scope::Scope;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn scope(text: &str) -> Scope {
    Scope::parse(text).expect("a scope")
}

fn able(narrow: Narrow, expire: Expire, revoke: Revoke) -> Able {
    Able {
        narrow,
        expire,
        revoke,
        unique: Unique::Yes,
        carries_person: true,
    }
}

fn judged(terms: &Terms, text: &str, lifetime_s: u32) -> Option<Handout> {
    let scope = scope(text);
    terms.judge(Granted {
        scope: &scope,
        detailed: false,
        lifetime_s,
    })
}

#[test]
fn a_vendor_that_narrows_by_request_and_ends_in_time_is_safe() {
    let terms = Terms {
        able: able(Narrow::Request, Expire::Declared(Some(300)), Revoke::No),
        accounts: vec![],
        names: BTreeMap::new(),
    };
    let safe = judged(&terms, "a", 300).expect("a handout");
    assert_eq!((safe.account, safe.because), (None, vec![]));
    let late = judged(&terms, "a", 299).expect("a handout");
    assert_eq!(late.because, [Unsafe::Expire]);
}

#[test]
fn what_lives_longer_is_safe_where_it_is_revoked_alone() {
    for (revoke, because) in [
        (Revoke::Alone, vec![]),
        (Revoke::Principal, vec![Unsafe::Expire]),
        (Revoke::No, vec![Unsafe::Expire]),
    ] {
        for expire in [
            Expire::Never,
            Expire::Declared(None),
            Expire::Fixed(86_400),
            Expire::AtPermit { floor_s: 301 },
        ] {
            let terms = Terms {
                able: able(Narrow::Request, expire, revoke),
                accounts: vec![],
                names: BTreeMap::new(),
            };
            let handout = judged(&terms, "a", 300).expect("a handout");
            assert_eq!(handout.because, because, "{expire:?} {revoke:?}");
        }
    }
}

#[test]
fn the_account_of_exactly_the_granted_scopes_is_taken_else_the_smallest_that_covers() {
    let terms = Terms {
        able: able(
            Narrow::Principal,
            Expire::AtPermit { floor_s: 1 },
            Revoke::No,
        ),
        accounts: vec![scope("a b c"), scope("a"), scope("a b")],
        names: BTreeMap::new(),
    };
    let taken = |text: &str| judged(&terms, text, 60).map(|h| (h.account, h.because));
    assert_eq!(taken("a"), Some((Some(1), vec![])));
    assert_eq!(taken("a b"), Some((Some(2), vec![])));
    assert_eq!(taken("b"), Some((Some(2), vec![Unsafe::Narrow])));
    assert_eq!(taken("d"), None, "no account may do it");
}

#[test]
fn details_are_narrowed_by_no_vendor() {
    let terms = Terms {
        able: able(
            Narrow::Request,
            Expire::AtPermit { floor_s: 1 },
            Revoke::Alone,
        ),
        accounts: vec![],
        names: BTreeMap::new(),
    };
    let handout = terms.judge(Granted {
        scope: &scope("a"),
        detailed: true,
        lifetime_s: 60,
    });
    assert_eq!(handout.expect("a handout").because, [Unsafe::Narrow]);
}

#[test]
fn a_scope_whose_names_are_those_of_another_is_not_narrow() {
    let named = |theirs: [&str; 3]| Terms {
        able: able(
            Narrow::Request,
            Expire::AtPermit { floor_s: 1 },
            Revoke::Alone,
        ),
        accounts: vec![],
        names: ["a", "b", "c"]
            .into_iter()
            .zip(theirs)
            .map(|(ours, theirs)| {
                let ours = scope(ours).iter().next().expect("a scope").clone();
                (ours, theirs.split(' ').map(str::to_owned).collect())
            })
            .collect(),
    };
    let narrow = |terms: &Terms, text: &str| {
        let handout = judged(terms, text, 60).expect("a handout");
        !handout.because.contains(&Unsafe::Narrow)
    };
    let apart = named(["X", "Y", "Z"]);
    assert!(narrow(&apart, "a") && narrow(&apart, "a b") && narrow(&apart, "a b c"));
    let same = named(["X", "X", "Z"]);
    assert!(!narrow(&same, "a") && narrow(&same, "a b") && narrow(&same, "c"));
    let holds = named(["X Y", "Y", "Z"]);
    assert!(!narrow(&holds, "a") && narrow(&holds, "b") && narrow(&holds, "a b"));
    let together = named(["X", "Y", "X Y"]);
    assert!(narrow(&together, "a") && narrow(&together, "b") && !narrow(&together, "a b"));
}

#[test]
fn a_target_is_safe_where_some_scope_set_is() {
    let mut terms = Terms {
        able: able(Narrow::Principal, Expire::Declared(Some(60)), Revoke::No),
        accounts: vec![scope("a"), scope("a b")],
        names: BTreeMap::new(),
    };
    assert_eq!(terms.never_safe(&scope("a b"), 300), []);
    assert_eq!(terms.never_safe(&scope("a b"), 59), [Unsafe::Expire]);
    terms.able.narrow = Narrow::No;
    terms.accounts = vec![scope("a b")];
    assert_eq!(terms.never_safe(&scope("a b"), 300), []);
}

proptest! {
    /// Never wider: where the rule says safe, the account may do exactly what
    /// was granted; never longer: it ends by the permit's end, or on its own.
    #[test]
    fn a_safe_handout_is_neither_wider_nor_longer(
        sets in prop::collection::vec(prop::collection::btree_set("[a-d]", 1..4), 1..5),
        asked in prop::collection::btree_set("[a-d]", 1..4),
        life in prop::option::of(1_u32..600),
        permit in 1_u32..600,
        alone in any::<bool>(),
    ) {
        let text = |set: &std::collections::BTreeSet<String>| {
            scope(&set.iter().cloned().collect::<Vec<_>>().join(" "))
        };
        let revoke = if alone { Revoke::Alone } else { Revoke::Principal };
        let terms = Terms {
            able: able(Narrow::Principal, Expire::Declared(life), revoke),
            accounts: sets.iter().map(text).collect(),
            names: BTreeMap::new(),
        };
        let asked = text(&asked);
        let granted = Granted { scope: &asked, detailed: false, lifetime_s: permit };
        if let Some(Handout { account: Some(place), because }) = terms.judge(granted) {
            let account = terms.accounts.get(place).expect("an account");
            prop_assert!(asked.is_within(account));
            if because.is_empty() {
                prop_assert_eq!(account, &asked);
                prop_assert!(alone || life.is_some_and(|life| life <= permit));
            }
        }
    }
}
