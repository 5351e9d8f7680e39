#![allow(clippy::unwrap_used, reason = "tests")]

use super::{EmbeddedChanges, EmbeddedDecisions};
use crate::ledger::{Ledger, LedgerOptions};
use crate::state::{Shared, State};
use crate::{changes, decisions};
use locum_core::testing::{NOW_S, Names};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A ledger whose follower is a state, in a folder of its own below that folder, and its clock in Unix
/// milliseconds.
fn opened(below: &Path) -> (Ledger, Shared, Arc<AtomicU64>) {
    let folder = tempfile::tempdir_in(below).unwrap().keep();
    let state = Shared::new(State::new(Arc::new(Names)));
    let now_ms = Arc::new(AtomicU64::new(NOW_S * 1000));
    let of = now_ms.clone();
    let clock = Arc::new(move || of.load(Ordering::Relaxed));
    let options = LedgerOptions::new(folder, [7; 10]);
    let (ledger, _) = Ledger::open(options, clock, Box::new(state.clone())).unwrap();
    (ledger, state, now_ms)
}

#[tokio::test]
async fn the_embedded_changes_behave() {
    let folder = tempfile::tempdir().unwrap();
    changes::suite::behaves(|| {
        let (ledger, state, _) = opened(folder.path());
        changes::suite::Backend {
            changes: Arc::new(EmbeddedChanges::new(ledger)),
            state,
        }
    })
    .await;
}

#[tokio::test]
async fn the_embedded_decisions_behave() {
    let folder = tempfile::tempdir().unwrap();
    decisions::suite::behaves(|| {
        let (ledger, state, now_ms) = opened(folder.path());
        decisions::suite::Backend {
            decisions: Arc::new(EmbeddedDecisions::new(ledger)),
            state,
            now_ms,
        }
    })
    .await;
}
