//! Issuers that fail or hang, and what everybody else notices of it: nothing.

use super::bench::{Bench, Server, at, hanging, issuer, jwks, kids, named, ok, once, status, with};
use crate::issuer_keys::TrustSettings;
use locum_outgoing::System;
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn known_keys_outlast_a_failing_issuer_by_the_grace_and_no_longer() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    server.say(ok(&jwks(&["a"])));
    let first = bench.keys(&idp).await.unwrap();
    bench.later(3_600);
    assert!(Arc::ptr_eq(&bench.keys(&idp).await.unwrap(), &first));
    assert_eq!(
        server.asked().len(),
        2,
        "past their time, the issuer was asked first"
    );
    bench.later(3_599);
    assert!(bench.keys(&idp).await.is_ok());
    bench.later(1);
    assert!(bench.keys(&idp).await.is_err());
    server.say(ok(&jwks(&["b"])));
    bench.later(10);
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["b"]);
}

#[tokio::test]
async fn keys_that_never_came_are_asked_for_once_in_ten_seconds() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    for _ in 0..20 {
        assert!(bench.keys(&idp).await.is_err());
        assert!(bench.newer(&idp).await.is_err());
    }
    assert_eq!(server.asked().len(), 1);
    bench.later(10);
    server.say(ok(&jwks(&["a"])));
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["a"]);
}

#[tokio::test]
async fn while_one_issuer_hangs_the_others_answer() {
    let settings = TrustSettings {
        fetch_timeout_s: 3_600,
        ..TrustSettings::dev()
    };
    let bench = Bench::with(settings, Arc::new(System));
    let (_open, url) = hanging().await;
    let stuck = named(&at(&url), "stuck");
    let waiting = tokio::spawn({
        let (trust, stuck) = (bench.trust.clone(), stuck.clone());
        async move { trust.keys(&stuck).await.map(|keys| keys.generation) }
    });
    while bench.trust.slot(&stuck).read().flight().is_none() {
        tokio::task::yield_now().await;
    }
    let (server, addr) = Server::start().await;
    let idp = at(&format!("http://{addr}/jwks"));
    server.say(ok(&jwks(&["a"])));
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["a"]);
    for _ in 0..1_000 {
        bench.keys(&idp).await.unwrap();
    }
    assert!(!waiting.is_finished(), "the other one hangs all the while");
    waiting.abort();
}

#[tokio::test]
async fn an_issuer_that_hangs_is_given_up_after_the_limit_and_then_refused_at_once() {
    let settings = TrustSettings {
        fetch_timeout_s: 1,
        ..TrustSettings::dev()
    };
    let bench = Bench::with(settings, Arc::new(System));
    let (_open, url) = hanging().await;
    let idp = at(&url);
    assert!(bench.keys(&idp).await.is_err());
    assert!(bench.trust.slot(&idp).read().flight().is_none());
    assert!(bench.keys(&idp).await.is_err());
    assert!(
        bench.trust.slot(&idp).read().flight().is_none(),
        "not asked again"
    );
}

#[tokio::test]
async fn known_keys_are_used_without_waiting_while_their_issuer_hangs() {
    let settings = TrustSettings {
        fetch_timeout_s: 3_600,
        ..TrustSettings::dev()
    };
    let bench = Bench::with(settings, Arc::new(System));
    let body = jwks(&["a"]).to_string();
    let length = body.len();
    let (server, url) = once(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
    .await;
    let idp = at(&url);
    let first = bench.keys(&idp).await.unwrap();
    let _open = server.await.unwrap();
    bench.later(3_000);
    for _ in 0..100 {
        assert!(Arc::ptr_eq(&bench.keys(&idp).await.unwrap(), &first));
    }
    assert!(bench.trust.slot(&idp).read().flight().is_some());
}

#[tokio::test]
async fn what_is_no_key_set_is_no_key_set() {
    let good = jwks(&["a"]).to_string();
    let twice = format!("{{\"keys\":[],{}", &good[1..]);
    for body in [
        "",
        "[]",
        "{}",
        "{\"keys\":1}",
        "not json",
        &twice,
        &format!("{good}x"),
    ] {
        let (server, addr) = Server::start().await;
        let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
        server.say(axum::http::Response::new(body.to_owned().into()));
        assert!(bench.keys(&idp).await.is_err(), "{body}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_key_that_is_left_out_costs_no_other_and_is_counted_once_a_fetch() {
    let (server, addr) = Server::start().await;
    let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
    let mut set = jwks(&["a", "a", "b", "c"]);
    set["keys"][3]["crv"] = json!("P-521");
    let mut again = set.clone();
    again["more"] = json!(1);
    server.say(ok(&set));
    server.say(ok(&again));
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["b"]);
    let counted = || bench.metrics.left_out_keys.read();
    let twice = |times| {
        [
            ("idp".into(), "duplicate_kid", 2 * times),
            ("idp".into(), "kind", times),
        ]
    };
    assert_eq!(counted(), twice(1));
    bench.keys(&idp).await.unwrap();
    assert_eq!(counted(), twice(1));
    bench.later(3_600);
    bench.keys(&idp).await.unwrap();
    assert_eq!(counted(), twice(2));
}

#[tokio::test]
async fn other_answers_than_200_are_no_keys_and_redirects_are_not_followed() {
    let (other, elsewhere) = Server::start().await;
    for code in [201, 204, 301, 302, 303, 307, 308, 401, 404, 429, 500, 503] {
        let (server, addr) = Server::start().await;
        let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
        let place = format!("http://{elsewhere}/jwks");
        server.say(with(status(code), "location", &place));
        assert!(bench.keys(&idp).await.is_err(), "{code}");
        assert_eq!(server.asked(), ["/jwks"]);
    }
    assert_eq!(other.asked(), [""; 0]);
}

#[tokio::test]
async fn a_document_over_the_limit_is_not_read_to_its_end() {
    let long = |pad: usize| json!({"keys": [], "pad": "x".repeat(pad)}).to_string();
    let empty = long(0).len();
    for (length, fits) in [(262_144, true), (262_145, false)] {
        let (server, addr) = Server::start().await;
        let (bench, idp) = (Bench::new(), at(&format!("http://{addr}/jwks")));
        server.say(axum::http::Response::new(long(length - empty).into()));
        assert_eq!(bench.keys(&idp).await.is_ok(), fits, "{length}");
    }
    // A length that is not told, and a connection that stays open.
    let body = long(300_000);
    let settings = TrustSettings {
        fetch_timeout_s: 3_600,
        ..TrustSettings::dev()
    };
    let bench = Bench::with(settings, Arc::new(System));
    let (_server, url) = once(format!("HTTP/1.1 200 OK\r\n\r\n{body}")).await;
    assert!(bench.keys(&at(&url)).await.is_err());
}

#[tokio::test]
async fn discovery_that_names_another_issuer_or_no_keys_is_not_followed() {
    let (server, addr) = Server::start().await;
    let iss = format!("http://{addr}");
    let uri = format!("http://{addr}/keys");
    for metadata in [
        json!({"issuer": "https://other.example", "jwks_uri": uri}),
        json!({"issuer": format!("{iss}/"), "jwks_uri": uri}),
        json!({"jwks_uri": uri}),
        json!({"issuer": iss}),
        json!({"issuer": iss, "jwks_uri": 7}),
    ] {
        server.say(ok(&metadata));
        let idp = issuer(json!({"issuer": iss, "kind": "oidc"}));
        assert!(Bench::new().keys(&idp).await.is_err(), "{metadata}");
    }
    assert!(
        server
            .asked()
            .iter()
            .all(|path| path.contains("well-known"))
    );
}
