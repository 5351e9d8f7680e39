#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::broker::Broker;
use crate::testing::broker;
use locum_ambient::Clock;
use locum_core::ids::CredentialId;
use locum_core::registry::Connector;
use locum_stores::state::{Author, Change};
use locum_tokens::testing::TestKey;
use serde_json::json;
use std::path::Path;
use std::sync::Weak;

fn name(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

fn open(data: &Path) -> Arc<Broker> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    broker(data, Clock::default())
}

fn sealed(broker: &Broker, of: &str, text: &str) -> UpstreamSecret {
    let value = UpstreamValue::read(text).unwrap();
    UpstreamSecret {
        name: name(of),
        origins: vec!["https://api.example".into()],
        expires_s: value.ends_s(),
        created_at_ms: 5,
        sealed: broker.upstream.seal(&name(of), &value).unwrap(),
        index: 0,
    }
}

async fn record(broker: &Broker, change: Change) {
    let author = Author {
        by: "admin".into(),
        credential: None::<CredentialId>,
        reason: "test".into(),
        request_id: None,
    };
    broker.records.record(&[change], &author).await.unwrap();
}

async fn put(broker: &Broker, of: &str, text: &str) {
    let secret = sealed(broker, of, text);
    record(broker, Change::UpstreamSecret { secret }).await;
}

fn shown(broker: &Broker, of: &str) -> Option<String> {
    let open = broker.upstream.get(&name(of))?;
    Some(open.value.text().expose().clone())
}

fn file(text: &str) -> Arc<OpenSecret> {
    Arc::new(OpenSecret::of_file(text, 7).unwrap())
}

#[tokio::test]
async fn another_value_is_in_force_at_once_and_the_one_before_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    assert_eq!(shown(&broker, "a"), None);
    put(&broker, "a", "one").await;
    let first: Weak<OpenSecret> = Arc::downgrade(&broker.upstream.get(&name("a")).unwrap());
    // It is opened once.
    assert!(Weak::ptr_eq(
        &first,
        &Arc::downgrade(&broker.upstream.get(&name("a")).unwrap())
    ));
    put(&broker, "b", "other").await;
    assert!(first.upgrade().is_some());
    put(&broker, "a", "two").await;
    assert!(first.upgrade().is_none(), "nobody holds it any more");
    assert_eq!(shown(&broker, "a").as_deref(), Some("two"));
    let deleted = Change::UpstreamSecretDeleted { name: name("a") };
    record(&broker, deleted).await;
    assert_eq!(shown(&broker, "a"), None);
    assert_eq!(shown(&broker, "b").as_deref(), Some("other"));
}

#[tokio::test]
async fn what_was_sealed_opens_after_a_restart_and_under_its_own_name_alone() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "a", "one").await;
    let moved = UpstreamSecret {
        name: name("b"),
        ..sealed(&broker, "a", "one")
    };
    record(&broker, Change::UpstreamSecret { secret: moved }).await;
    broker.records.ledger.close();
    drop(broker);
    let broker = open(folder.path());
    assert_eq!(shown(&broker, "a").as_deref(), Some("one"));
    assert_eq!(shown(&broker, "b"), None);
    assert_eq!(
        broker.upstream.opened(&name("b")).unwrap_err(),
        NoSecret::Sealed
    );
}

#[tokio::test]
async fn a_file_hides_what_is_recorded_until_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "a", "recorded").await;
    let files = [(name("a"), file("of a file")), (name("f"), file("more"))];
    broker.upstream.put_files(files.into());
    assert_eq!(shown(&broker, "a").as_deref(), Some("of a file"));
    assert_eq!(shown(&broker, "f").as_deref(), Some("more"));
    assert_eq!(broker.upstream.count(), (0, 2));
    assert!(broker.records.state.read().registry.has_secret("f"));
    broker.upstream.put_files(FileSecrets::new());
    assert_eq!(shown(&broker, "a").as_deref(), Some("recorded"));
    assert_eq!(shown(&broker, "f"), None);
    assert!(!broker.records.state.read().registry.has_secret("f"));
    assert_eq!(broker.upstream.count(), (1, 0));
}

#[tokio::test]
async fn a_secret_is_given_to_no_connector_outside_its_origins() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "a", "one").await;
    let given = |base_url: &str| {
        let body = json!({"profile": "x", "base_url": base_url, "secrets": {"client": "a"}});
        let connector: Connector = serde_json::from_value(body).unwrap();
        let given = broker
            .upstream
            .for_connector(&name("a"), connector.downstream().unwrap());
        given.map(|_| ())
    };
    assert_eq!(given("https://api.example/oauth"), Ok(()));
    assert_eq!(given("https://api.example:8443"), Err(NoSecret::Elsewhere));
    assert_eq!(given("https://evil.example"), Err(NoSecret::Elsewhere));
    assert_eq!(given("nonsense"), Err(NoSecret::Elsewhere));
    broker.upstream.put_files([(name("a"), file("x"))].into());
    assert_eq!(
        given("https://evil.example"),
        Ok(()),
        "a file is bound to nothing"
    );
}

#[tokio::test]
async fn ends_are_told_in_their_order_and_a_key_signs() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    let key = TestKey::new();
    let pair = |until: &str| key.certificate("x", until) + &key.key();
    put(&broker, "late", &pair("20400101000000")).await;
    put(&broker, "never", "text").await;
    put(&broker, "hidden", &pair("20210101000000")).await;
    let files = [
        (name("hidden"), file("x")),
        (name("early"), file(&pair("20300101000000"))),
    ];
    broker.upstream.put_files(files.into());
    let names = broker
        .upstream
        .ends()
        .into_iter()
        .map(|(_, name)| name.to_string());
    assert_eq!(names.collect::<Vec<_>>(), ["early", "late"]);
    let late = broker.upstream.get(&name("late")).unwrap();
    assert_eq!(late.sign_rsa_sha256(b"m").unwrap().len(), 256);
    assert!(late.sign_jwt_rs256("JWT", None, &json!({})).is_ok());
    let text = broker.upstream.get(&name("never")).unwrap();
    assert_eq!(text.sign_rsa_sha256(b"m"), Err(NoSecret::NoRsaKey));
}

#[tokio::test]
async fn neither_a_debug_text_nor_the_record_shows_a_value() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "a", "canary-5c1f").await;
    let open = broker.upstream.get(&name("a")).unwrap();
    assert!(!format!("{open:?}").contains("canary"));
    broker.records.ledger.close();
    let mut files = vec![folder.path().to_owned()];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !String::from_utf8_lossy(&bytes).contains("canary"),
                "{}",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 0);
}
