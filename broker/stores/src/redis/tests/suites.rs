use super::server::Server;
use super::{Wanted, now};
use crate::{changes, claims, decisions, tickets};
use locum_core::testing::NOW_S;
use std::sync::Arc;
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

struct Seam<T: ?Sized>(Arc<T>);

mod seams {
    use super::Seam;
    use crate::Coming;
    use crate::changes::{Changes, Confirmed, Expect, Follow, NotOrdered, Ordered, Turn};
    use crate::claims::{Claims, Mark, NotClaimed};
    use crate::decisions::{Decisions, Position, Sought, Visit};
    use crate::ledger::{AppendError, Entry, Reader};
    use crate::tickets::{KeptBytes, NotKept, Ticket, TicketKey, Tickets};
    use locum_core::ids::{GrantId, Jti};
    use locum_core::record::{Appended, Draft};
    use std::io;
    use std::sync::Arc;
    use std::time::Duration;

    impl Changes for Seam<dyn Changes> {
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
            self.0.fresh()
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

    impl Claims for Seam<dyn Claims> {
        fn take(&self, mark: Mark, now_s: u64) -> Coming<'_, Result<(), NotClaimed>> {
            self.0.take(mark, now_s)
        }
        fn failed(&self, key: [u8; 16]) -> Coming<'_, ()> {
            self.0.failed(key)
        }
        fn reserve(&self, grant: GrantId, now_s: u64) -> Coming<'_, Result<bool, NotClaimed>> {
            self.0.reserve(grant, now_s)
        }
        fn release(&self, grant: GrantId) -> Coming<'_, ()> {
            self.0.release(grant)
        }
        fn returned(
            &self,
            grant: Option<GrantId>,
            mark: Option<([u8; 16], [u8; 32])>,
        ) -> Coming<'_, ()> {
            self.0.returned(grant, mark)
        }
        fn once(
            &self,
            key: [u8; 16],
            until_s: u64,
            now_s: u64,
        ) -> Coming<'_, Result<bool, NotClaimed>> {
            self.0.once(key, until_s, now_s)
        }
        fn hold(&self, key: [u8; 16]) -> Coming<'_, Result<Turn, NotClaimed>> {
            self.0.hold(key)
        }
        fn see(
            &self,
            token: [u8; 16],
            now_ms: u64,
            until_s: u64,
        ) -> Coming<'_, Result<u64, NotClaimed>> {
            self.0.see(token, now_ms, until_s)
        }
    }

    impl Tickets for Seam<dyn Tickets> {
        fn put(&self, ticket: Ticket, now_s: u64) -> Coming<'_, Result<(), NotKept>> {
            self.0.put(ticket, now_s)
        }
        fn get(&self, key: TicketKey, now_s: u64) -> Coming<'_, KeptBytes> {
            self.0.get(key, now_s)
        }
        fn take(&self, key: TicketKey, now_s: u64) -> Coming<'_, KeptBytes> {
            self.0.take(key, now_s)
        }
    }

    impl Decisions for Seam<dyn Decisions> {
        fn append(&self, draft: Arc<Draft>) -> Coming<'static, Result<Appended, AppendError>> {
            self.0.append(draft)
        }
        fn by_jti(&self, jti: Jti) -> Coming<'_, io::Result<Option<Entry>>> {
            self.0.by_jti(jti)
        }
        fn search(
            &self,
            sought: Sought,
            visit: Visit,
        ) -> Coming<'static, io::Result<Option<Position>>> {
            self.0.search(sought, visit)
        }
        fn incomplete(&self) -> Vec<String> {
            self.0.incomplete()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_changes_of_many_nodes_behave() {
    let fresh = Fresh::new();
    changes::suite::behaves(|| {
        let (db, folder) = fresh.next();
        let store = now(Wanted::new(&fresh.server, db, "a", &folder).join()).unwrap();
        changes::suite::Backend {
            changes: Seam(store.changes),
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
        Seam(store.claims)
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
        Seam(now(wanted.join()).unwrap().tickets)
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
            decisions: Seam(store.decisions),
            state: store.state,
            now_ms,
        }
    })
    .await;
}
