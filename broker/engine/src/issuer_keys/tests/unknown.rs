//! A `kid` that is not among the keys (contract §10).

use super::bench::{Bench, Server, at, client, hanging, issuer, jwks, kids, ok, status, with};
use crate::issuer_keys::budget::KID_FETCHES_MAX;
use crate::issuer_keys::{KidAsker, TrustSettings};
use locum_outgoing::System;
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn an_ordinary_fetch_a_moment_ago_forbids_none_for_an_unknown_kid() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    // As Keycloak does: the keys are fetched anew every ten seconds.
    for kid in ["a", "a", "b", "c"] {
        server.say(with(ok(&jwks(&[kid])), "cache-control", "no-cache"));
    }
    bench.keys(&idp).await.unwrap();
    bench.later(10);
    bench.keys(&idp).await.unwrap();
    assert_eq!(kids(&bench.newer(&idp).await.unwrap()), ["b"]);
    bench.later(1);
    assert_eq!(kids(&bench.newer(&idp).await.unwrap()), ["c"]);
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn unknown_kids_have_a_budget_and_beyond_it_nothing_is_said_for_good() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    for _ in 0..20 {
        server.say(ok(&jwks(&["a"])));
    }
    bench.keys(&idp).await.unwrap();
    let budget = KID_FETCHES_MAX as usize;
    for _ in 0..budget {
        assert!(bench.newer(&idp).await.is_ok());
    }
    for _ in 0..20 {
        let flaw = bench.newer(&idp).await.unwrap_err().to_string();
        assert!(flaw.contains("used up"), "{flaw}");
        assert!(bench.keys(&idp).await.is_ok(), "known keys are used");
    }
    assert_eq!(server.asked().len(), 1 + budget);
    bench.later(10);
    assert!(bench.newer(&idp).await.is_ok());
    assert!(bench.newer(&idp).await.is_err());
    assert_eq!(server.asked().len(), 2 + budget);
}

#[tokio::test]
async fn what_some_used_up_delays_nobody_else() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    for _ in 0..=2 * KID_FETCHES_MAX {
        server.say(ok(&jwks(&["a"])));
    }
    bench.keys(&idp).await.unwrap();
    for asker in [KidAsker::Strangers, client("evil")] {
        for _ in 0..KID_FETCHES_MAX {
            assert!(bench.newer_for(&idp, &asker).await.is_ok());
        }
        assert!(bench.newer_for(&idp, &asker).await.is_err());
    }
    server.say(ok(&jwks(&["b"])));
    let rotated = bench.newer_for(&idp, &client("agent")).await.unwrap();
    assert_eq!(kids(&rotated), ["b"]);
    assert!(bench.trust.test(&idp).await.0, "an operator's share");
}

#[tokio::test]
async fn ordinary_fetches_take_nothing_of_the_budget() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    for _ in 0..30 {
        server.say(with(ok(&jwks(&["a"])), "cache-control", "no-store"));
    }
    for _ in 0..10 {
        bench.keys(&idp).await.unwrap();
        bench.later(10);
    }
    bench.keys(&idp).await.unwrap();
    for _ in 0..KID_FETCHES_MAX {
        assert!(bench.newer(&idp).await.is_ok());
    }
    assert!(bench.newer(&idp).await.is_err());
}

#[tokio::test]
async fn while_the_last_fetch_failed_an_unknown_kid_is_not_said_to_be_none() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    server.say(ok(&jwks(&["a"])));
    server.say(status(500));
    server.say(ok(&jwks(&["b"])));
    bench.keys(&idp).await.unwrap();
    assert!(bench.newer(&idp).await.is_err(), "its own fetch failed");
    for _ in 0..20 {
        let flaw = bench.newer(&idp).await.unwrap_err().to_string();
        assert!(flaw.contains("failed"), "{flaw}");
    }
    assert_eq!(server.asked().len(), 2, "not asked again so soon");
    bench.later(10);
    assert_eq!(kids(&bench.newer(&idp).await.unwrap()), ["b"]);
}

#[tokio::test]
async fn the_first_fetch_of_all_answers_for_the_token_that_caused_it() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    server.say(ok(&jwks(&["a"])));
    assert_eq!(kids(&bench.newer(&idp).await.unwrap()), ["a"]);
    assert_eq!(server.asked().len(), 1, "these keys are after the token");
}

#[tokio::test]
async fn a_fetch_that_began_before_the_token_came_does_not_answer_for_it() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    for kid in ["a", "b", "c"] {
        server.say(ok(&jwks(&[kid])));
    }
    let known = bench.keys(&idp).await.unwrap();
    bench.later(2_700);
    bench.keys(&idp).await.unwrap();
    let slot = bench.trust.slot(&idp);
    assert!(slot.read().flight().is_some(), "in the background");
    let (came, agent) = (bench.trust.mark(), client("agent"));
    let asked = (&idp, &agent);
    let joined = bench.trust.newer_unless(asked, &known, || Ok(()));
    let joined = joined.await.unwrap();
    assert_eq!(
        (kids(&joined), joined.is_after(came)),
        (vec!["b".into()], false)
    );
    let own = bench.trust.newer_unless(asked, &joined, || Ok(()));
    let own = own.await.unwrap();
    assert_eq!((kids(&own), own.is_after(came)), (vec!["c".into()], true));
}

#[tokio::test]
async fn unknown_kids_that_come_at_once_share_one_fetch() {
    let settings = TrustSettings {
        fetch_timeout_s: 3_600,
        ..TrustSettings::dev()
    };
    let bench = Bench::with(settings, Arc::new(System));
    let (_open, url) = hanging().await;
    let idp = at(&url);
    let number = || bench.trust.mark().0;
    let (slot, asker) = (bench.trust.slot(&idp), client("agent"));
    for _ in 0..100 {
        assert!(bench.trust.fetch_newer(&slot, &asker).is_ok());
    }
    assert_eq!(number(), 1);
}

#[tokio::test]
async fn among_keys_by_value_a_kid_is_or_is_not() {
    let bench = Bench::new();
    let idp = issuer(json!({"issuer": "https://idp.example", "kind": "jwt", "jwks": jwks(&["a"])}));
    for _ in 0..20 {
        let known = bench.newer(&idp).await.unwrap();
        assert!(known.is_after(bench.trust.mark()));
    }
}
