//! Where a fetch goes, and where it never goes (attack row 62, SSRF).

use super::bench::{Bench, Names, Server, at, issuer, jwks, kids, ok};
use crate::issuer_keys::TrustSettings;
use locum_outgoing::Cidr;
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn nothing_private_is_reached_unless_it_is_listed() {
    let (server, addr) = Server::start().await;
    let port = addr.port();
    let names = Names::new(&[&["127.0.0.1"], &["127.0.0.1"]]);
    let bench = Bench::with(TrustSettings::default(), names.clone());
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://idp.example:{port}/"),
        format!("https://idp.example:{port}/"),
    ] {
        assert!(bench.keys(&at(&url)).await.is_err(), "{url}");
    }
    assert_eq!(names.left(), 0, "names were looked up, and judged");
    assert_eq!(server.asked(), [""; 0]);
}

#[tokio::test]
async fn a_url_that_hides_something_is_refused() {
    let (server, addr) = Server::start().await;
    let bench = Bench::new();
    for url in [
        format!("http://user@{addr}/"),
        format!("http://:word@{addr}/"),
        "http://127.0.0.1:0/".to_owned(),
        format!("ftp://{addr}/"),
        "file:///etc/passwd".to_owned(),
        "data:application/json,{}".to_owned(),
        "keys".to_owned(),
    ] {
        assert!(bench.keys(&at(&url)).await.is_err(), "{url}");
    }
    assert_eq!(server.asked(), [""; 0]);
}

#[tokio::test]
async fn a_name_that_points_elsewhere_the_second_time_leads_nowhere() {
    let (server, addr) = Server::start().await;
    let names = Names::new(&[&["127.0.0.1"], &["10.0.0.1"], &["169.254.169.254"], &[]]);
    let bench = Bench::with(TrustSettings::dev(), names.clone());
    let idp = at(&format!("http://idp.example:{}/jwks", addr.port()));
    server.say(ok(&jwks(&["a"])));
    assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["a"]);
    for left in [2, 1, 0] {
        bench.later(10);
        assert!(bench.newer(&idp).await.is_err());
        assert_eq!(kids(&bench.keys(&idp).await.unwrap()), ["a"]);
        assert_eq!(
            names.left(),
            left,
            "every fetch looks the name up and is judged anew"
        );
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn of_several_addresses_only_those_that_may_be_reached_are_connected_to() {
    let (server, addr) = Server::start().await;
    let allowed = "127.0.0.1/32".parse::<Cidr>().unwrap();
    let settings = TrustSettings {
        allow_private: vec![allowed],
        ..TrustSettings::default()
    };
    let names = Names::new(&[
        &["127.0.0.2", "::1", "93.184.215.14", "127.0.0.1"],
        &["127.0.0.2", "::1", "93.184.215.14"],
    ]);
    let bench = Bench::with(settings, names.clone());
    let url = format!("http://idp.example:{}/jwks", addr.port());
    server.say(ok(&jwks(&["a"])));
    assert_eq!(kids(&bench.keys(&at(&url)).await.unwrap()), ["a"]);
    assert!(bench.keys(&at(&format!("{url}/2"))).await.is_err());
    assert_eq!(names.left(), 0);
    assert_eq!(server.asked(), ["/jwks"]);
}

#[tokio::test]
async fn where_discovery_sends_for_keys_the_same_guard_stands() {
    let (server, addr) = Server::start().await;
    let iss = format!("http://{addr}");
    for uri in [
        "http://169.254.169.254/keys",
        "https://10.0.0.1/keys",
        "http://idp.example/keys",
    ] {
        server.say(ok(&json!({"issuer": iss, "jwks_uri": uri})));
        let names = Names::new(&[&["192.168.0.1"]]);
        let bench = Bench::with(TrustSettings::dev(), names);
        let idp = issuer(json!({"issuer": iss, "kind": "oidc"}));
        assert!(bench.keys(&idp).await.is_err(), "{uri}");
    }
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_flaw_names_no_url() {
    let bench = Bench::new();
    let idp = Arc::clone(&at("http://127.0.0.1:1/jwks?secret=canary"));
    let flaw = bench.keys(&idp).await.unwrap_err().to_string();
    assert!(!flaw.contains("canary"), "{flaw}");
    let flaw = bench
        .trust
        .shared
        .found(&idp)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(!flaw.contains("canary"), "{flaw}");
}
