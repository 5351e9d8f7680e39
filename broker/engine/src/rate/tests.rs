use super::*;

const NOW_MS: u64 = 1_795_400_040_000;

#[test]
fn a_client_may_ask_its_rate_at_once_and_then_as_it_refills() {
    let rate = Rate::new(Some(4));
    for _ in 0..4 {
        assert_eq!(rate.check("a", NOW_MS, 1), RateVerdict::Within);
    }
    assert_eq!(rate.check("a", NOW_MS, 1), RateVerdict::OverFirst);
    assert_eq!(rate.check("a", NOW_MS + 249, 1), RateVerdict::OverAgain);
    assert_eq!(rate.check("a", NOW_MS + 250, 1), RateVerdict::Within);
    assert_eq!(rate.check("a", NOW_MS + 251, 1), RateVerdict::OverAgain);
}

#[test]
fn one_clients_haste_is_no_other_clients() {
    let rate = Rate::new(Some(1));
    assert_eq!(rate.check("a", NOW_MS, 1), RateVerdict::Within);
    assert_eq!(rate.check("a", NOW_MS, 1), RateVerdict::OverFirst);
    assert_eq!(rate.check("b", NOW_MS, 1), RateVerdict::Within);
}

#[test]
fn a_client_over_its_rate_is_told_once_a_minute() {
    let rate = Rate::new(Some(1));
    let asked: Vec<_> = (0..5).map(|_| rate.check("a", NOW_MS, 1)).collect();
    let first = asked
        .iter()
        .filter(|v| **v == RateVerdict::OverFirst)
        .count();
    assert_eq!(first, 1);
    let later = NOW_MS + MINUTE_MS;
    assert_eq!(rate.check("a", later, 1), RateVerdict::Within);
    assert_eq!(rate.check("a", later, 1), RateVerdict::OverFirst);
}

#[test]
fn what_is_remembered_is_bounded() {
    let rate = Rate::new(Some(1));
    for number in 0..=CLIENTS {
        rate.check(&number.to_string(), NOW_MS, 1);
    }
    let clients = rate.clients.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(clients.len() <= CLIENTS);
}

#[test]
fn without_a_rate_nobody_is_held_back_or_remembered() {
    for rate in [Rate::new(None), Rate::new(Some(0))] {
        assert!((0..9).all(|_| rate.check("a", NOW_MS, 1) == RateVerdict::Within));
    }
}

#[test]
fn nodes_share_a_rate_and_each_allows_one_a_second_at_least() {
    let rate = Rate::new(Some(4));
    let at = |ms| rate.check("a", NOW_MS + ms, 2);
    assert_eq!([at(0), at(0)], [RateVerdict::Within; 2]);
    assert_eq!(at(0), RateVerdict::OverFirst);
    let rate = Rate::new(Some(4));
    assert_eq!(rate.check("a", NOW_MS, 100), RateVerdict::Within);
    assert_eq!(rate.check("a", NOW_MS, 100), RateVerdict::OverFirst);
    assert_eq!(rate.check("a", NOW_MS + 1_000, 100), RateVerdict::Within);
}
