#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;
use crate::broker::Broker;
use crate::exchange::{Arrived, Ended, NotIssued, exchange};
use crate::oauth::asking::{NotAsking, enter};
use crate::testing;
use http::{HeaderMap, HeaderValue, header};
use locum_core::ids::RequestId;
use locum_core::refusal::Code;
use locum_core::testing::agent;
use locum_stores::Coming;
use locum_stores::changes::Follow;
use locum_stores::ledger::Reader;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};

/// Changes of a node that has lost the others.
struct Stale(Arc<dyn Changes>);

impl Changes for Stale {
    fn head(&self) -> Coming<'_, u64> {
        self.0.head()
    }

    fn turn(&self) -> Coming<'_, Result<Turn, NotOrdered>> {
        self.0.turn()
    }

    fn append(
        &self,
        expect: Expect,
        draft: Arc<Draft>,
    ) -> Coming<'static, Result<Ordered, NotOrdered>> {
        self.0.append(expect, draft)
    }

    fn follow(&self, follow: Follow) {
        self.0.follow(follow);
    }

    fn fresh(&self) -> bool {
        false
    }

    fn confirm(&self, index: u64, within: Duration) -> Coming<'_, Confirmed> {
        self.0.confirm(index, within)
    }

    fn reader(&self) -> Reader {
        self.0.reader()
    }

    fn in_force(&self, index: u64) -> bool {
        self.0.in_force(index)
    }
}

/// A broker that knows an agent with a secret.
async fn known(folder: &tempfile::TempDir) -> Arc<Broker> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let broker = testing::broker(folder.path(), Clock::default());
    let agent = agent("bot", json!({"auth": [{"method": "client_secret"}]}));
    let hashes = vec![broker.records.vault.hash("sentinel-secret", None)];
    let client = "bot".to_owned();
    let changes = [Change::Agent { agent }, Change::Secrets { client, hashes }];
    let author = Author::itself("test");
    broker.records.record(&changes, &author).await.unwrap();
    broker
}

fn form() -> HeaderMap {
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    HeaderMap::from_iter([(header::CONTENT_TYPE, form)])
}

#[tokio::test]
async fn a_state_that_may_be_stale_permits_shows_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = known(&folder).await;
    let id = RequestId(broker.records.mint());
    let body = b"client_id=bot&client_secret=sentinel-secret&token=x&grant_type=client_credentials";
    let headers = form();
    assert!(enter(&broker, (id, None), &headers, body).await.is_ok());
    let records = &mut Arc::get_mut(&mut broker).unwrap().records;
    records.changes = Arc::new(Stale(records.changes.clone()));

    assert!(broker.records.changing().await.is_err());
    let shown = enter(&broker, (id, None), &headers, body).await;
    let Err(NotAsking::Refused(refusal)) = shown else {
        panic!("expected a refusal of who is known");
    };
    assert_eq!(refusal.code, Code::Unavailable);
    let sent = Arrived {
        id,
        trace: None,
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        headers: &headers,
        body,
    };
    let (Ended::NotIssued(NotIssued::Refused(refused)), _) = exchange(&broker, sent).await else {
        panic!("expected a refusal on record");
    };
    assert_eq!(refused.refusal().code, Code::Unavailable);
}

#[tokio::test]
async fn a_change_planned_before_another_nodes_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let broker = known(&folder).await;
    let records = &broker.records;
    let changing = records.changing().await.unwrap();
    let of = |id: &str| {
        let agent = agent(id, json!({}));
        let author = Author::itself("test");
        records.draft(&[Change::Agent { agent }], &author).unwrap()
    };
    // As another node's: it does not wait for the turn of this one.
    let head = records.changes.head().await;
    let other = records
        .changes
        .append(Expect::At(head), Arc::new(of("other")));
    other.await.unwrap();
    let late = records.change(&changing, of("late")).await;
    assert!(matches!(late, Err(NotChanged::Moved(_))), "{late:?}");
    assert!(records.state.read().registry.agent("late").is_none());
    drop(changing);
    let changing = records.changing().await.unwrap();
    records.change(&changing, of("late")).await.unwrap();
    records.change(&changing, of("later")).await.unwrap();
}
