#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::*;
use crate::testing::broker;
use locum_ambient::Clock;
use locum_core::registry::{Connector, UpstreamSecret};
use locum_tokens::upstream::UpstreamValue;
use serde_json::json;
use std::path::Path;

fn name(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

fn open(data: &Path) -> Arc<Broker> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    broker(data, Clock::default())
}

fn connector() -> Downstream {
    let body = json!({"profile": "oauth", "base_url": "https://as.example"});
    let connector: Connector = serde_json::from_value(body).unwrap();
    connector.downstream().unwrap().clone()
}

/// As an administrator does.
async fn put(broker: &Broker, text: &str) {
    let value = UpstreamValue::read(text).unwrap();
    let secret = UpstreamSecret {
        name: name("ada"),
        origins: vec!["https://as.example".into()],
        expires_s: Some(4_000_000_000),
        created_at_ms: 5,
        sealed: broker.upstream.seal(&name("ada"), &value).unwrap(),
        index: 0,
    };
    let author = Author::itself("test");
    let change = Change::UpstreamSecret { secret };
    broker.records.record(&[change], &author).await.unwrap();
}

async fn take(broker: &Broker) -> Result<Turn, NoTurn> {
    Turn::take(broker, &connector(), name("ada")).await
}

fn token(text: &str) -> Secret<String> {
    Secret::new(text.into())
}

fn sent(turn: &Turn) -> String {
    let (name, open) = turn.kept();
    assert_eq!(name.as_str(), "ada");
    open.value.text().expose().clone()
}

#[tokio::test]
async fn what_was_rotated_is_in_force_and_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "one").await;
    let mut turn = take(&broker).await.unwrap();
    assert_eq!(sent(&turn), "one");
    turn.keep(&broker, token("two")).await.unwrap();
    drop(turn);
    assert_eq!(sent(&take(&broker).await.unwrap()), "two");
    broker.records.ledger.close();
    drop(broker);
    let broker = open(folder.path());
    assert_eq!(sent(&take(&broker).await.unwrap()), "two");
    // All but the value is as the administrator said.
    let known = broker.records.state.read().registry.secret("ada").cloned();
    let known = known.unwrap();
    assert_eq!(known.origins, ["https://as.example"]);
    assert_eq!(
        (known.created_at_ms, known.expires_s),
        (5, Some(4_000_000_000))
    );
}

#[tokio::test]
async fn one_waits_for_the_other_and_sends_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "one").await;
    let mut first = take(&broker).await.unwrap();
    let waiting = tokio::spawn({
        let broker = broker.clone();
        async move { sent(&take(&broker).await.unwrap()) }
    });
    // It waits: the list, the first and the second hold the slot.
    while Arc::strong_count(&broker.vendors.refreshing.slot(&name("ada"))) < 4 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    first.keep(&broker, token("two")).await.unwrap();
    assert!(!waiting.is_finished());
    drop(first);
    assert_eq!(waiting.await.unwrap(), "two");
}

#[tokio::test]
async fn a_value_that_was_put_meanwhile_stays() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "one").await;
    let mut turn = take(&broker).await.unwrap();
    put(&broker, "of another consent").await;
    assert_eq!(sent(&turn), "one", "what was begun is ended with it");
    turn.keep(&broker, token("two")).await.unwrap();
    drop(turn);
    assert_eq!(sent(&take(&broker).await.unwrap()), "of another consent");
    let mut turn = take(&broker).await.unwrap();
    let deleted = Change::UpstreamSecretDeleted { name: name("ada") };
    let author = Author::itself("test");
    broker.records.record(&[deleted], &author).await.unwrap();
    turn.keep(&broker, token("three")).await.unwrap();
    drop(turn);
    assert!(matches!(
        take(&broker).await,
        Err(NoTurn::None(_, NoSecret::Unknown))
    ));
}

#[tokio::test]
async fn what_cannot_be_recorded_waits_and_nothing_is_sent_before_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "one").await;
    let mut turn = take(&broker).await.unwrap();
    let slot = broker.vendors.refreshing.slot(&name("ada"));
    broker.records.ledger.close();
    assert!(turn.keep(&broker, token("two")).await.is_err());
    drop(turn);
    for _ in 0..2 {
        assert!(matches!(
            take(&broker).await,
            Err(NoTurn::NotRecorded(_, _))
        ));
    }
    let waits = slot.try_lock().unwrap();
    assert_eq!(waits.as_ref().unwrap().token.expose(), "two");
    drop(waits);
    drop(broker);
    // Once it can be, it is: here the record of a broker that runs.
    let broker = open(folder.path());
    let mut slot = slot.lock_owned().await;
    settle(&broker, &name("ada"), &mut slot).await.unwrap();
    assert!(slot.is_none());
    assert_eq!(sent(&take(&broker).await.unwrap()), "two");
}

#[tokio::test]
async fn what_waits_to_be_recorded_is_recorded_though_nobody_exchanges() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "one").await;
    let turn = take(&broker).await.unwrap();
    let over = turn.over;
    drop(turn);
    let slot = broker.vendors.refreshing.slot(&name("ada"));
    *slot.lock().await = Some(Rotated {
        over,
        token: token("two"),
    });
    broker.close().await;
    assert!(slot.lock().await.is_none());
    assert_eq!(sent(&take(&broker).await.unwrap()), "two");
    // Whoever sends one now keeps its turn.
    let _turn = take(&broker).await.unwrap();
    settle_all(&broker).await;
}

#[tokio::test]
async fn what_a_file_holds_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "one").await;
    let file = Arc::new(OpenSecret::of_file("of a file", 7).unwrap());
    broker
        .upstream
        .put_files([(name("ada"), file)].into_iter().collect());
    let Err(flaw) = take(&broker).await else {
        panic!("expected none")
    };
    let flaw = flaw.to_string();
    assert!(
        flaw.contains("locum secrets set") && !flaw.contains("of a file"),
        "{flaw}"
    );
    broker.upstream.put_files(Default::default());
    assert_eq!(sent(&take(&broker).await.unwrap()), "one");
}

#[tokio::test]
async fn a_secret_that_is_bound_elsewhere_or_unknown_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    assert!(matches!(
        take(&broker).await,
        Err(NoTurn::None(_, NoSecret::Unknown))
    ));
    put(&broker, "one").await;
    let elsewhere = Downstream {
        base_url: "https://evil.example".into(),
        ..connector()
    };
    let found = Turn::take(&broker, &elsewhere, name("ada")).await;
    assert!(matches!(found, Err(NoTurn::None(_, NoSecret::Elsewhere))));
}

#[tokio::test]
async fn so_many_wait_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path());
    put(&broker, "one").await;
    let slot = || broker.vendors.refreshing.slot(&name("ada"));
    let mut others: Vec<_> = (0..WAITING_MAX).map(|_| slot()).collect();
    assert!(take(&broker).await.is_ok());
    others.push(slot());
    assert!(matches!(take(&broker).await, Err(NoTurn::Busy)));
    drop(others);
    assert!(take(&broker).await.is_ok());
}
