//! How long keys are kept, and who fetches them.

use super::bench::{Bench, Server, at, issuer, jwks, kids, ok, status, with};
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test]
async fn keys_are_fetched_once_and_kept_for_an_hour() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    server.say(ok(&jwks(&["a"])));
    server.say(ok(&jwks(&["b"])));
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["a"]);
    bench.later(2_699);
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["a"]);
    bench.landed(&idp).await;
    assert_eq!(server.asked(), ["/jwks"]);
    bench.later(901);
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["b"]);
}

#[tokio::test]
async fn in_the_last_quarter_they_are_fetched_and_nobody_waits() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    server.say(ok(&jwks(&["a"])));
    server.say(ok(&jwks(&["b"])));
    let first = bench.keys(&idp).await.unwrap().generation;
    bench.later(2_700);
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["a"]);
    bench.landed(&idp).await;
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["b"]);
    assert!(bench.keys(&idp).await.unwrap().generation > first);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn what_the_server_says_counts_within_the_bounds() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    for line in ["max-age=100", "no-store", "max-age=999999"] {
        server.say(with(ok(&jwks(&[line])), "cache-control", line));
    }
    bench.keys(&idp).await.unwrap();
    bench.later(100);
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["no-store"]);
    bench.later(7);
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["no-store"]);
    bench.later(3);
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["max-age=999999"]);
    bench.later(3_600);
    bench.keys(&idp).await.unwrap();
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_are_one_fetch() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    server.say(ok(&jwks(&["a"])));
    let mut all = JoinSet::new();
    for _ in 0..100 {
        let (trust, idp) = (bench.trust.clone(), idp.clone());
        all.spawn(async move { trust.keys(&idp).await.unwrap().generation });
    }
    let generations = all.join_all().await;
    assert_eq!(generations.len(), 100);
    assert!(generations.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(server.asked(), ["/jwks"]);
}

#[tokio::test]
async fn a_key_that_vanished_is_gone_with_the_fetch_that_shows_it() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    server.say(ok(&jwks(&["a", "b"])));
    server.say(ok(&jwks(&["b"])));
    server.say(ok(&json!({"keys": []})));
    let first = bench.keys(&idp).await.unwrap();
    assert_eq!(kids(&first), ["a", "b"]);
    bench.later(10);
    let second = bench.newer(&idp).await.unwrap();
    assert_eq!(kids(&second), ["b"]);
    bench.later(10);
    let third = bench.newer(&idp).await.unwrap();
    assert!(third.set.is_empty());
    assert!(first.generation < second.generation && second.generation < third.generation);
}

#[tokio::test]
async fn the_generation_stays_while_the_keys_do() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    let same = jwks(&["a"]);
    server.say(ok(&same));
    server.say(ok(&same));
    server.say(status(500));
    let first = bench.keys(&idp).await.unwrap().generation;
    for _ in 0..2 {
        bench.later(3_000);
        assert_eq!(bench.keys(&idp).await.unwrap().generation, first);
        bench.landed(&idp).await;
    }
    assert_eq!(server.asked().len(), 3);
    assert_eq!(bench.keys(&idp).await.unwrap().generation, first);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_take_the_fetch_along() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    server.say(ok(&jwks(&["a"])));
    {
        let waiting = bench.keys(&idp);
        tokio::pin!(waiting);
        let early = tokio::select! {
            biased;
            _ = &mut waiting => false,
            () = std::future::ready(()) => true,
        };
        assert!(early, "gone before there is an answer");
    }
    bench.landed(&idp).await;
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["a"]);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn an_issuer_declared_anew_keeps_its_keys_only_if_they_are_found_as_before() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    server.say(ok(&jwks(&["a"])));
    server.say(ok(&jwks(&["b"])));
    let first = bench.keys(&idp).await.unwrap();
    let mut spec = json!(idp.spec);
    spec["groups_claim"] = json!("roles");
    let renamed = issuer(spec.clone());
    assert!(Arc::ptr_eq(&bench.keys(&renamed).await.unwrap(), &first));
    spec["jwks_uri"] = json!(format!("http://{addr}/other"));
    let moved = issuer(spec);
    let second = bench.keys(&moved).await.unwrap();
    assert_eq!(kids(&second), ["b"]);
    assert!(second.generation > first.generation);
    assert_eq!(server.asked(), ["/jwks", "/other"]);
}

#[tokio::test]
async fn keys_by_value_are_read_once_and_change_with_the_declaration() {
    let bench = Bench::new();
    let declared = |kid: &str| {
        issuer(json!({"issuer": "https://idp.example", "kind": "jwt", "jwks": jwks(&[kid])}))
    };
    let (one, two) = (declared("a"), declared("b"));
    let first = bench.keys(&one).await.unwrap();
    bench.later(1_000_000);
    assert!(Arc::ptr_eq(&bench.newer(&one).await.unwrap(), &first));
    let second = bench.keys(&two).await.unwrap();
    assert_eq!(kids(&second), ["b"]);
    assert!(second.generation > first.generation);
}

#[tokio::test]
async fn discovery_leads_to_the_keys() {
    let (server, addr) = Server::start().await;
    let iss = format!("http://{addr}/tenant/");
    let idp = issuer(json!({"issuer": iss, "kind": "oidc"}));
    let bench = Bench::new();
    let metadata = json!({"issuer": iss, "jwks_uri": format!("http://{addr}/keys"),
        "authorization_endpoint": ""});
    server.say(ok(&metadata));
    server.say(with(
        ok(&jwks(&["a"])),
        "content-type",
        "application/jwk-set+json",
    ));
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["a"]);
    assert_eq!(
        server.asked(),
        ["/tenant/.well-known/openid-configuration", "/keys"]
    );
}

#[tokio::test]
async fn a_bundle_of_spiffe_is_a_key_set() {
    let (server, addr) = Server::start().await;
    let mut bundle = jwks(&["jwt", "x509"]);
    bundle["keys"][0]["use"] = json!("jwt-svid");
    bundle["keys"][1]["use"] = json!("x509-svid");
    bundle["spiffe_sequence"] = json!(7);
    server.say(ok(&bundle));
    let idp = at(&format!("http://{addr}/bundle"));
    assert_eq!(kids(&Bench::new().keys(&idp).await.unwrap()), ["jwt"]);
}
