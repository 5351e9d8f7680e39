//! Whose word counts for a server, and what Locum shows it.
//!
//! The certificates beside this file hold for a hundred years. The authority
//! `ca.pem` signed them, and its key was thrown away.

use super::vendor::{Act, answer};
use super::*;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

const CA: &str = include_str!("tls/ca.pem");
const VENDOR: &str = include_str!("tls/vendor.pem");
const CLIENT_A: &str = include_str!("tls/client-a.pem");
const CLIENT_B: &str = include_str!("tls/client-b.pem");

fn chain(pem: &str) -> Vec<CertificateDer<'static>> {
    let found = CertificateDer::pem_slice_iter(pem.as_bytes());
    found.collect::<Result<_, _>>().unwrap()
}

fn key(pem: &str) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn identity(pem: &str) -> Result<ClientIdentity, &'static str> {
    ClientIdentity::from_pem(&Secret::new(pem.to_owned()))
}

/// A server that asks for a certificate of the authority, and wants one.
async fn wanting_certificates() -> (Vendor, String) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut roots = RootCertStore::empty();
    roots.add(chain(CA).remove(0)).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
    let config = rustls::ServerConfig::builder()
        .with_client_cert_verifier(verifier.unwrap())
        .with_single_cert(chain(VENDOR), key(VENDOR))
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    let act = |_| Act::Answer(answer(200, "", "{}"));
    let vendor = Vendor::serving(Some(tls), act).await;
    let (_, port) = vendor.at.split_once(':').unwrap();
    let url = format!("https://vendor.example:{port}/");
    (vendor, url)
}

fn caller() -> Caller {
    Caller::believing(Authorities::of_pem(CA).unwrap())
}

async fn status(caller: &Caller, url: &str, identity: Option<&ClientIdentity>) -> Option<u16> {
    let found = caller.downstream.send(TARGET, post(url), identity).await;
    found.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn a_target_is_shown_the_certificate_that_the_call_names() {
    let (mut vendor, url) = wanting_certificates().await;
    let caller = caller();
    let a = identity(CLIENT_A).ok().unwrap();
    assert_eq!(status(&caller, &url, Some(&a)).await, Some(200));
    assert_eq!(status(&caller, &url, None).await, None);
    assert_eq!(vendor.seen().len(), 1);
}

#[tokio::test]
async fn a_connection_of_one_identity_is_not_used_with_another() {
    let (vendor, url) = wanting_certificates().await;
    let caller = caller();
    let [a, b] = [CLIENT_A, CLIENT_B].map(|pem| identity(pem).ok().unwrap());
    for (identity, connections) in [(&a, 1), (&b, 2), (&a, 2), (&b, 2)] {
        assert_eq!(status(&caller, &url, Some(identity)).await, Some(200));
        assert_eq!(vendor.connections(), connections);
    }
}

#[tokio::test]
async fn authorities_count_from_the_moment_they_are_believed() {
    let (vendor, url) = wanting_certificates().await;
    let caller = Caller::new();
    let a = identity(CLIENT_A).ok().unwrap();
    let found = caller.downstream.send(TARGET, post(&url), Some(&a)).await;
    assert_eq!(why(found), (Sent::No, "authority"));
    let ca = || Authorities::of_pem(CA).unwrap();
    assert!(caller.downstream.believe(ca()));
    assert_eq!(status(&caller, &url, Some(&a)).await, Some(200));
    // The same again changes nothing, the kept connection stays.
    assert!(!caller.downstream.believe(ca()));
    let before = vendor.connections();
    assert_eq!(status(&caller, &url, Some(&a)).await, Some(200));
    assert_eq!(vendor.connections(), before);
    assert!(caller.downstream.believe(Authorities::default()));
    let found = caller.downstream.send(TARGET, post(&url), Some(&a)).await;
    assert_eq!(why(found), (Sent::No, "authority"));
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let (mut vendor, url) = wanting_certificates().await;
    let url = url.replace("vendor.example", "other.example");
    let a = identity(CLIENT_A).ok().unwrap();
    let found = caller().downstream.send(TARGET, post(&url), Some(&a)).await;
    assert_eq!(why(found), (Sent::No, "certificate"));
    assert!(vendor.seen().is_empty());
}

#[tokio::test]
async fn a_certificate_is_not_shown_without_tls() {
    let mut vendor = Vendor::start(|_| Act::Answer(answer(200, "", ""))).await;
    let (caller, a) = (caller(), identity(CLIENT_A).ok().unwrap());
    let request = post(&vendor.url());
    let found = caller.downstream.send(TARGET, request, Some(&a)).await;
    assert_eq!(why(found), (Sent::No, "needs_tls"));
    assert!(vendor.seen().is_empty());
}

#[test]
fn an_identity_is_a_certificate_and_its_own_key() {
    let (certificate, key) = CLIENT_A.split_once("-----BEGIN PRIVATE KEY").unwrap();
    let key = format!("-----BEGIN PRIVATE KEY{key}");
    assert!(identity(&format!("{key}{certificate}{CA}")).is_ok());
    for (pem, flaw) in [
        ("", "found no certificate"),
        ("secret", "found no certificate"),
        (key.as_str(), "found no certificate"),
        (certificate, "found no private key"),
        (&format!("{CLIENT_A}{key}"), "found more"),
        (&format!("{CA}{CLIENT_A}"), "found another"),
        (&CLIENT_A.replace("MI", "!!"), "found something else"),
        (&CLIENT_A.replace("MI", "AA"), "found others"),
    ] {
        let found = identity(pem).err().unwrap();
        assert!(found.ends_with(flaw), "{found}: expected {flaw}");
    }
}
