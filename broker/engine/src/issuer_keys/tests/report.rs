//! Why keys cannot be had, and what is known of them, as operators see it.

use super::bench::{Answer, Bench, Names, Server, at, issuer, jwks, ok, status, with};
use crate::issuer_keys::budget::KID_FETCHES_MAX;
use crate::issuer_keys::{IssuerTrouble, TrustSettings};
use axum::http::Response;
use locum_core::registry::Issuer;
use serde_json::{Value, json};
use std::sync::Arc;

/// Why the keys of an issuer cannot be had.
async fn trouble(bench: &Bench, idp: &Arc<Issuer>) -> IssuerTrouble {
    let (_, report) = bench.trust.test(idp).await;
    let trouble = report.trouble.unwrap();
    let shown = trouble.to_string();
    assert!(!shown.contains("canary"), "{shown}");
    assert!(trouble.detail.len() <= 256 && shown.is_ascii());
    if let Some(setting) = trouble.setting {
        assert!(trouble.next.contains(setting), "{shown}");
    }
    (*trouble).clone()
}

async fn said(answer: Answer) -> IssuerTrouble {
    let (server, addr) = Server::start().await;
    server.say(answer);
    trouble(&Bench::new(), &at(&format!("http://{addr}/canary"))).await
}

fn text(body: &str) -> Answer {
    Response::new(body.to_owned().into())
}

#[tokio::test]
async fn a_server_s_answer_that_is_no_key_set_is_told_apart() {
    let long = format!("[\"{}\"]", "canary".repeat(50_000));
    let packed = with(ok(&jwks(&["a"])), "content-encoding", "br");
    let moved = with(status(302), "location", "http://canary.example/");
    for (answer, reason, setting) in [
        (status(404), "status", None),
        (moved, "redirect", Some("jwks_uri")),
        (text("<html>canary</html>"), "not_json", None),
        (text("{\"canary\":1}"), "not_a_key_set", Some("jwks_uri")),
        (text(&long), "too_large", Some("trust.max_bytes")),
        (packed, "encoding", None),
        (text("{\"keys\":[]}"), "no_usable_key", Some("algs")),
    ] {
        let trouble = said(answer).await;
        assert_eq!((trouble.reason, trouble.setting), (reason, setting));
    }
}

#[tokio::test]
async fn a_way_that_is_not_open_is_told_apart() {
    let names = Names::new(&[&[], &["10.0.0.1"], &["93.184.215.14"], &["10.0.0.1"]]);
    let bench = Bench::with(TrustSettings::default(), names);
    let allow = Some("network.allow_private");
    for (url, reason, setting) in [
        ("https://canary.example/jwks", "name_not_resolved", None),
        ("https://canary.example/jwks", "address_not_allowed", allow),
        ("http://canary.example/jwks", "http", allow),
        ("http://canary.example/jwks", "address_not_allowed", allow),
        ("https://10.0.0.1/canary", "address_not_allowed", allow),
        ("http://93.184.215.14/canary", "http", allow),
        ("ftp://93.184.215.14/canary", "url", Some("jwks_uri")),
    ] {
        let trouble = trouble(&bench, &at(url)).await;
        assert_eq!(
            (trouble.reason, trouble.setting),
            (reason, setting),
            "{url}"
        );
        bench.later(60);
    }
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = gone.local_addr().unwrap();
    drop(gone);
    let found = trouble(&Bench::new(), &at(&format!("http://{addr}/canary"))).await;
    assert_eq!(found.reason, "unreachable");
}

#[tokio::test]
async fn discovery_that_names_another_issuer_is_told_from_one_that_differs_by_a_slash() {
    let (server, addr) = Server::start().await;
    let iss = format!("http://{addr}");
    let uri = format!("{iss}/keys");
    for (named, reason) in [
        (json!(format!("{iss}/")), "issuer_slash"),
        (json!("https://canary.example"), "other_issuer"),
        (Value::Null, "other_issuer"),
    ] {
        server.say(ok(&json!({"issuer": named, "jwks_uri": uri})));
        let idp = issuer(json!({"issuer": iss, "kind": "oidc"}));
        let found = trouble(&Bench::new(), &idp).await;
        assert_eq!((found.reason, found.setting), (reason, Some("issuer")));
    }
    server.say(status(500));
    let idp = issuer(json!({"issuer": iss, "kind": "oidc"}));
    let found = trouble(&Bench::new(), &idp).await;
    assert!(found.detail.starts_with("discovery: "), "{found}");
}

#[tokio::test]
async fn who_does_not_get_keys_is_told_why_and_the_trouble_goes_with_the_next_keys() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    assert!(
        bench.trust.troubles([&idp].into_iter()).is_empty(),
        "nobody asked"
    );
    server.say(status(418));
    let flaw = bench.keys(&idp).await.unwrap_err().to_string();
    assert!(
        flaw.contains("idp cannot be had: keys: expected status 200, found 418"),
        "{flaw}"
    );
    let told = bench.trust.troubles([&idp].into_iter());
    assert_eq!(
        (told.len(), told[0].0.as_str(), told[0].1.reason),
        (1, "idp", "status")
    );
    bench.later(10);
    server.say(ok(&jwks(&["a"])));
    bench.keys(&idp).await.unwrap();
    assert!(bench.trust.troubles([&idp].into_iter()).is_empty());
}

#[tokio::test]
async fn a_test_lists_what_was_found_and_what_was_left_out() {
    let (server, addr) = Server::start().await;
    let iss = format!("http://{addr}");
    let mut set = jwks(&["a", "b"]);
    set["keys"][1]["crv"] = json!("P-521");
    let uri = format!("{iss}/keys?canary=1");
    server.say(ok(&json!({"issuer": iss, "jwks_uri": uri})));
    server.say(ok(&set));
    let idp = issuer(json!({"issuer": iss, "kind": "oidc"}));
    let bench = Bench::new();
    let before = bench.trust.report(&idp);
    assert_eq!(
        (before.tried_s, before.keys.len()),
        (None, 0),
        "it fetches nothing"
    );
    let (fetched, report) = bench.trust.test(&idp).await;
    assert!(fetched && report.trouble.is_none());
    assert_eq!(report.source, "discovery");
    assert_eq!(report.jwks_uri, Some(format!("{iss}/keys")));
    let kids: Vec<_> = report.keys.iter().map(|key| key.kid.as_str()).collect();
    assert_eq!(kids, ["a"]);
    assert_eq!(report.left_out[0].kid(), Some("b"));
    assert_eq!(report.fetched_s, Some(bench.clock.now_s()));
}

#[tokio::test]
async fn tests_are_bounded_and_may_follow_a_failure_at_once() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    let budget = KID_FETCHES_MAX as usize;
    for _ in 0..budget {
        assert!(bench.trust.test(&idp).await.0);
    }
    let (fetched, report) = bench.trust.test(&idp).await;
    assert!(!fetched && report.trouble.is_some(), "the last one is told");
    assert_eq!(server.asked().len(), budget);
}

#[tokio::test]
async fn keys_by_value_are_reported_without_a_fetch() {
    let bench = Bench::new();
    let spec = json!({"issuer": "https://idp.example", "kind": "jwt", "jwks": jwks(&["a"])});
    let (fetched, report) = bench.trust.test(&issuer(spec)).await;
    assert!(!fetched);
    assert_eq!((report.source, report.keys.len()), ("jwks", 1));
    let spec = json!({"issuer": "https://idp.example", "kind": "jwt", "jwks": {"keys": 1}});
    let report = bench
        .trust
        .report(&super::bench::named(&issuer(spec), "other"));
    assert_eq!(report.trouble.unwrap().reason, "not_a_key_set");
}
