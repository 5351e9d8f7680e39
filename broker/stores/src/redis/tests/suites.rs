use super::server::Server;
use super::{Wanted, now};
use crate::{changes, claims, decisions, tickets};
use locum_core::testing::NOW_S;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Folders and databases, each used once.
struct Fresh {
    server: Server,
    folder: tempfile::TempDir,
    count: AtomicUsize,
}

impl Fresh {
    fn new() -> Self {
        Self {
            server: Server::start(),
            folder: tempfile::tempdir().unwrap(),
            count: AtomicUsize::new(0),
        }
    }

    fn next(&self) -> (usize, std::path::PathBuf) {
        let db = self.count.fetch_add(1, Ordering::Relaxed);
        (db, self.folder.path().join(db.to_string()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_changes_of_many_nodes_behave() {
    let fresh = Fresh::new();
    changes::suite::behaves(|| {
        let (db, folder) = fresh.next();
        let store = now(Wanted::new(&fresh.server, db, "a", &folder).join()).unwrap();
        changes::suite::Backend {
            changes: store.changes,
            state: store.state,
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claims_of_many_nodes_behave() {
    let fresh = Fresh::new();
    claims::suite::behaves(|grants| {
        let (db, folder) = fresh.next();
        let store = now(Wanted::new(&fresh.server, db, "a", &folder).join()).unwrap();
        for grant in grants {
            store.state.write().registry.put_grant(grant.clone());
        }
        store.claims
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tickets_of_many_nodes_behave() {
    let fresh = Fresh::new();
    tickets::suite::behaves(|bounds| {
        let (db, folder) = fresh.next();
        let mut wanted = Wanted::new(&fresh.server, db, "a", &folder);
        wanted.bounds = bounds;
        now(wanted.join()).unwrap().tickets
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_decisions_of_many_nodes_behave() {
    let fresh = Fresh::new();
    decisions::suite::behaves(|| {
        let (db, folder) = fresh.next();
        let wanted = Wanted::new(&fresh.server, db, "a", &folder);
        let now_ms = wanted.set.clone();
        let store = now(wanted.join()).unwrap();
        now_ms.store(NOW_S * 1_000, Ordering::Relaxed);
        decisions::suite::Backend {
            decisions: store.decisions,
            state: store.state,
            now_ms,
        }
    })
    .await;
}
