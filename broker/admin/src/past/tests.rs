#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::revocations::RECORDED;
use locum_ambient::{Clock, Randomness};
use locum_core::ids::{RequestId, RevocationId};
use locum_core::lineage::What;
use locum_engine::broker::Broker;
use locum_engine::testing;
use locum_stores::state::{Author, RevocationEntry};
use std::sync::Arc;
use tempfile::TempDir;

/// Between the id and the record of what waited for a disk that hung.
const HUNG_MS: u64 = 600_000;

fn open(folder: &TempDir) -> Arc<Broker> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    testing::broker(folder.path(), Clock::default())
}

fn revocation(id: Uuid7, person: usize) -> Change {
    Change::Revocation {
        revocation: RevocationEntry {
            id: RevocationId(id),
            what: What {
                kind: locum_core::lineage::LineageKind::Person,
                id: format!("corp:{person}"),
            },
            before_ms: None,
            reason: "test".into(),
            effective_ms: 0,
            by: "test".into(),
            key: None,
        },
    }
}

/// Records revocations of these ids, in this order, after the disk hung.
async fn recorded_late(broker: &Broker, ids: &[Uuid7]) {
    broker
        .records
        .clock
        .at_least(broker.records.clock.now_ms() + HUNG_MS);
    for (person, id) in ids.iter().enumerate() {
        let change = revocation(*id, person);
        let recorded = broker
            .records
            .record(&[change], &Author::itself("test"))
            .await;
        recorded.unwrap();
    }
}

#[tokio::test]
async fn what_was_recorded_long_after_its_id_is_found_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(&folder);
    let (id, unknown) = (broker.records.mint(), broker.records.mint());
    recorded_late(&broker, &[id]).await;
    let found = RECORDED.one(&broker.records, id).await.unwrap();
    assert_eq!(found.map(|entry| entry.id), Some(RevocationId(id)));
    assert!(
        RECORDED
            .one(&broker.records, unknown)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn pages_hold_what_was_recorded_late_and_in_another_order_than_its_ids() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(&folder);
    let mut ids: Vec<Uuid7> = (0..200).map(|_| broker.records.mint()).collect();
    ids.sort();
    // The smallest comes last, in a block that a short page need not reach.
    let mut order = ids.clone();
    order.rotate_left(1);
    recorded_late(&broker, &order).await;
    let blocks = broker.records.state.read().revocation_blocks.clone();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let window = Window {
            limit: 30,
            after: None,
        };
        let (page, more) = RECORDED
            .read(&broker.records, &blocks, after, &window)
            .unwrap();
        listed.extend(page.iter().map(|entry| entry.id.0));
        after = listed.last().copied();
        if !more {
            break;
        }
    }
    assert!(listed == ids, "{} of {} listed", listed.len(), ids.len());
}

#[tokio::test]
async fn what_was_asked_for_later_stands_behind_and_ends_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(&folder);
    let id = broker.records.mint();
    recorded_late(&broker, &[id]).await;
    let late = broker.records.ledger.reader().len();
    // Its request began when the disk was well again.
    let random = Randomness::new().bytes();
    let request = RequestId(Uuid7::new(broker.records.clock.now_ms(), random));
    let author = Author {
        request_id: Some(request.to_string()),
        ..Author::itself("test")
    };
    for person in 0..3 {
        let recorded = broker
            .records
            .record(&[revocation(broker.records.mint(), person)], &author)
            .await;
        recorded.unwrap();
    }
    let reader = broker.records.ledger.reader();
    assert_eq!(reader.made_before(id.ms()).unwrap(), late);
    assert!(reader.made_at(id.ms()).unwrap().contains(&(late - 1)));
}
