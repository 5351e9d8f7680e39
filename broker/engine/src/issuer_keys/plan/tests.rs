#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;

const FETCHED_S: u64 = 1_000_000;

/// Keys fetched at [`FETCHED_S`], fresh for 1,000 seconds; the last try was so
/// long ago and failed or not.
fn held(tried_ago: u64, now_s: u64, failed: bool) -> HeldKeySet {
    HeldKeySet {
        keys: Some(Arc::new(IssuerJwks {
            set: Arc::default(),
            generation: 1,
            digest: [0; 32],
            number: 1,
            fetched_s: FETCHED_S,
            vouched: false,
            fresh_s: Some(1_000),
        })),
        tried_s: Some(now_s - tried_ago),
        failed,
        kid_fetches: KidShares::default(),
    }
}

fn word(plan: &FetchPlan) -> &'static str {
    match plan {
        FetchPlan::Use(_) => "use",
        FetchPlan::UseAndFetch(_) => "use and fetch",
        FetchPlan::Wait => "wait",
        FetchPlan::Refuse => "refuse",
    }
}

#[test]
fn known_keys_go_through_their_ages() {
    let settings = TrustSettings {
        stale_s: 500,
        ..TrustSettings::default()
    };
    // (age, last try so long ago, it failed, under way) → plan
    let table = [
        (0, 0, false, false, "use"),
        (749, 749, false, false, "use"),
        (750, 750, false, false, "use and fetch"),
        (750, 750, false, true, "use"),
        (755, 5, true, false, "use"),
        (765, 15, true, false, "use and fetch"),
        (999, 999, false, false, "use and fetch"),
        // Past their time the issuer is asked first, unless it is known to be down.
        (1_000, 1_000, false, false, "wait"),
        (1_000, 1_000, false, true, "wait"),
        (1_000, 5, true, false, "use"),
        (1_000, 10, true, false, "use and fetch"),
        (1_000, 10, true, true, "use"),
        (1_000, 59, true, false, "use and fetch"),
        (1_000, 60, true, false, "wait"),
        (1_499, 9, true, false, "use"),
        // Past the grace there is nothing to use.
        (1_500, 9, true, false, "refuse"),
        (1_500, 10, true, false, "wait"),
        (1_500, 9, true, true, "wait"),
    ];
    for (age, ago, failed, flying, expected) in table {
        let now_s = FETCHED_S + age;
        let plan = held(ago, now_s, failed).plan(now_s, &settings, flying);
        assert_eq!(word(&plan), expected, "{age} {ago} {failed} {flying}");
    }
}

#[test]
fn unknown_keys_are_waited_for_no_oftener_than_allowed() {
    let settings = TrustSettings::default();
    let none = |tried_s| HeldKeySet {
        tried_s,
        ..HeldKeySet::default()
    };
    let plan = |tried_s, flying| word(&none(tried_s).plan(100, &settings, flying));
    assert_eq!(plan(None, false), "wait");
    assert_eq!(plan(Some(100), true), "wait");
    assert_eq!(plan(Some(91), false), "refuse");
    assert_eq!(plan(Some(90), false), "wait");
    // A clock that went back does not open the gate.
    assert_eq!(plan(Some(200), false), "refuse");
}

#[test]
fn a_kid_that_is_unknown_fetches_out_of_a_budget_of_its_own() {
    let settings = TrustSettings::default();
    let spent = |count| {
        let mut shares = KidShares::default();
        let every_s = settings.refetch_min_s;
        (0..count).for_each(|_| shares.take(&KidAsker::Strangers, FETCHED_S, every_s));
        shares
    };
    // (age, last try so long ago, it failed, fetches spent, under way) → plan
    let table = [
        (0, 0, false, 0, false, NewerPlan::Fetch),
        (1, 1, false, 4, false, NewerPlan::Fetch),
        (1, 1, false, 5, false, NewerPlan::Spent),
        (9, 9, false, 5, false, NewerPlan::Spent),
        (10, 10, false, 5, false, NewerPlan::Fetch),
        (1, 1, false, 5, true, NewerPlan::Join),
        (5, 0, true, 0, false, NewerPlan::Failed),
        (5, 9, true, 0, false, NewerPlan::Failed),
        (5, 10, true, 0, false, NewerPlan::Fetch),
        (5, 10, true, 5, false, NewerPlan::Spent),
        (5, 0, true, 0, true, NewerPlan::Join),
    ];
    for (age, ago, failed, count, flying, expected) in table {
        let now_s = FETCHED_S + age;
        let mut held = held(ago, now_s, failed);
        held.kid_fetches = spent(count);
        let plan = held.newer(&KidAsker::Strangers, now_s, &settings, flying);
        assert_eq!(plan, expected, "{age} {ago} {failed} {count} {flying}");
    }
}

#[test]
fn keys_by_value_are_used_for_ever() {
    let mut held = held(0, FETCHED_S, false);
    let keys = Arc::get_mut(held.keys.as_mut().unwrap()).unwrap();
    keys.fresh_s = None;
    let late = FETCHED_S * 1_000;
    let settings = TrustSettings::default();
    assert_eq!(word(&held.plan(late, &settings, false)), "use");
}

#[test]
fn a_lifetime_lies_within_the_bounds() {
    let settings = TrustSettings::default();
    for (said_s, expected) in [
        (None, 3_600),
        (Some(0), 10),
        (Some(600), 600),
        (Some(u64::MAX), 3_600),
    ] {
        assert_eq!(settings.lifetime_s(said_s), expected);
    }
}
