//! Whoever can write to Redis can withhold and delete, and nothing else.

use super::Wanted;
use super::server::Server;
use crate::changes::Expect;
use crate::redis::keys;
use crate::state::{Author, Change, draft};
use locum_core::testing::{Names, agent};
use redis::cmd;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_changes_is_in_force_at_another_and_after_a_restart() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("a"), folder.path().join("b"));
    let a = Wanted::new(&server, 0, "a", &one).join().await.unwrap();
    let b = Wanted::new(&server, 0, "b", &two).join().await.unwrap();
    let declared = Change::Agent {
        agent: agent("x", serde_json::json!({})),
    };
    let drafted = draft(
        &[declared],
        &Author::itself("r"),
        [[1; 16], [2; 16]],
        &Names,
    )
    .unwrap();
    let made = a
        .changes
        .append(Expect::At(0), Arc::new(drafted))
        .await
        .unwrap();
    assert_eq!(made.head, 1);
    let confirmed = a
        .changes
        .confirm(made.appended.place.index, std::time::Duration::from_secs(5));
    let confirmed = confirmed.await;
    assert_eq!((confirmed.replicas, confirmed.of), (2, 2));
    assert!(b.state.read().registry.agent("x").is_some());
    let (ours, theirs) = (
        a.changes.reader().get(0).unwrap(),
        b.changes.reader().get(0).unwrap(),
    );
    assert_eq!(ours, theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_master_key_or_issuer_does_not_join() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("a"), folder.path().join("b"));
    let _a = Wanted::new(&server, 0, "a", &one).join().await.unwrap();
    let mut other = Wanted::new(&server, 0, "b", &two);
    other.master = "another";
    let flaw = other.join().await.err().unwrap().to_string();
    assert!(flaw.contains("master key"), "{flaw}");
    let mut other = Wanted::new(&server, 0, "b", &two);
    other.issuer = "https://other.test";
    let flaw = other.join().await.err().unwrap().to_string();
    assert!(flaw.contains("https://other.test"), "{flaw}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_open_is_not_folded_and_the_node_answers_nothing() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let one = folder.path().join("a");
    let a = Wanted::new(&server, 0, "a", &one).join().await.unwrap();
    let mut command = cmd("XADD");
    command.arg(keys::log()).arg("1-0").arg("d").arg("forged");
    let _: String = server.ask(0, command).await;
    let mut command = cmd("HSET");
    command.arg(keys::head()).arg("seq").arg("1");
    let _: i64 = server.ask(0, command).await;
    let flaw = loop {
        if let Some(flaw) = a.nodes.store().unwrap().flaw
            && flaw.contains("1-0")
        {
            break flaw;
        }
        tokio::task::yield_now().await;
    };
    assert!(flaw.contains("locum store repair"), "{flaw}");
    assert!(!a.changes.fresh());
    assert!(a.changes.reader().is_empty());
}
