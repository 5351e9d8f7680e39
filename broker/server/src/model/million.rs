//! A million revoked tokens and a million marks, as clients cause them, and the
//! others beside them: how long exchanges take before, and after with one
//! snapshot written after the other, and how long a start takes. These times are
//! written out and not asserted; what a start reads again is, and that all are
//! still known after it.

use super::growth::{Exchanges, newest_snapshot};
use super::scene::Scene;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_ambient::Stopwatch;
use locum_core::decide::SUMMARY;
use locum_core::ids::{Jti, RevocationId, Uuid7};
use locum_core::lineage::{Keyed, LineageKind, What};
use locum_core::record::Draft;
use locum_engine::records::Records;
use locum_stores::state::{Author, Change, RevocationEntry};
use serde_json::json;
use std::io::{Write, stdout};
use std::ops::Range;

/// Of each.
const THINGS: u64 = if cfg!(debug_assertions) {
    10_000
} else {
    1_000_000
};
/// As many of a kind are in one record.
const TOGETHER: u64 = 50;
/// Records of which the last alone is waited for.
const BATCH: u64 = 200;
/// Bytes of a segment while they are made, and afterwards: then a snapshot
/// comes every few hundred exchanges.
const SEGMENT_BYTES: (u64, u64) = (64 << 20, 256 << 10);
/// Most further rounds of exchanges until the first snapshot is there.
const ROUNDS: u32 = 100;
/// How long what is revoked might have lived, in milliseconds.
const LIVES_MS: u64 = 600_000;

fn jti(number: u64, ms: u64) -> Jti {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&number.to_be_bytes());
    Jti(Uuid7::new(ms, random))
}

/// What clients cause that revoke tokens of their own.
fn revoked(records: &Records, numbers: Range<u64>, ms: u64) -> Draft {
    let revocation = |number| RevocationEntry {
        id: RevocationId(jti(number, ms).0),
        what: What {
            kind: LineageKind::Token,
            id: jti(number, ms).to_string(),
        },
        before_ms: None,
        reason: "revoked by its client".into(),
        effective_ms: 0,
        by: "invoice-agent".into(),
        key: None,
    };
    let author = Author {
        by: "invoice-agent".into(),
        credential: None,
        reason: String::new(),
        request_id: None,
    };
    let changes: Vec<Change> = numbers
        .map(|number| Change::Revocation {
            revocation: revocation(number),
        })
        .collect();
    records.draft(&changes, &author).unwrap()
}

/// The marks of their assertions.
fn marked(numbers: Range<u64>, ms: u64) -> Draft {
    let marks = numbers.map(|number| {
        let key = URL_SAFE_NO_PAD.encode(jti(number, ms).0.to_bytes());
        json!([key, (ms + LIVES_MS) / 1000])
    });
    let body = json!({"state": "marked", "marks": marks.collect::<Vec<_>>()});
    Draft::new(SUMMARY, [3; 16], body, None)
}

#[test]
fn others_go_on_beside_a_million_revoked_tokens_and_marks_and_the_broker_starts() {
    let mut scene = Scene::new(SEGMENT_BYTES.0);
    let before = Exchanges::timed(&mut scene);
    let records = scene.broker.app().broker.records.clone();
    let ms = scene.broker.now_ms();
    for number in 1..=THINGS / TOGETHER {
        let numbers = (number - 1) * TOGETHER..number * TOGETHER;
        drop(
            records
                .ledger
                .append(revoked(&records, numbers.clone(), ms)),
        );
        let marked = records.ledger.append(marked(numbers, ms));
        if number % BATCH == 0 {
            scene.broker.runtime.block_on(marked).unwrap();
        }
    }
    drop(records);
    scene.broker.end();
    scene.broker.segment_bytes = SEGMENT_BYTES.1;
    let watch = Stopwatch::start();
    scene.broker.begin();
    let start_ms = watch.elapsed().as_millis();
    let ledger = scene.broker.ledger();
    let (first, after) = (newest_snapshot(&ledger), Exchanges::timed(&mut scene));
    let mut newest = newest_snapshot(&ledger);
    // It is written beside them, and ends when the disk lets it.
    for _ in 0..ROUNDS {
        if newest > first {
            break;
        }
        Exchanges::timed(&mut scene);
        newest = newest_snapshot(&ledger);
    }
    writeln!(
        stdout(),
        "{THINGS} of each: start {start_ms} ms, before {before:?}, after {after:?}"
    )
    .unwrap();
    let records = &scene.broker.app().broker.records;
    let (state, key) = (records.state.read(), |number| {
        records
            .names
            .key(LineageKind::Token, &jti(number, ms).to_string())
    });
    let dead = |number: &u64| state.view.is_revoked(&key(*number), ms);
    assert_eq!((0..THINGS).filter(dead).count() as u64, THINGS);
    assert!(state.marks.len() as u64 >= THINGS);
    assert!(newest > first, "expected a snapshot beside the exchanges");
}
