//! The open connections of a listener, bounded, each with what is needed to
//! tell a busy one from an idle, a stuck or a slow one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Most bytes of bodies that are here in part or being worked on, of one
/// listener: a thousand whole ones of the usual limit.
pub(super) const BODIES: usize = 64 << 20;

/// No head is on its way.
const NONE: u32 = u32::MAX;

static OPEN: AtomicU64 = AtomicU64::new(0);
static ACCEPTED: AtomicU64 = AtomicU64::new(0);
static IDLED: AtomicU64 = AtomicU64::new(0);
static EVICTED: AtomicU64 = AtomicU64::new(0);

/// Connections of all listeners of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Open now.
    pub open: u64,
    /// Accepted so far.
    pub accepted: u64,
    /// Closed because nothing moved, or because a head took too long.
    pub idled: u64,
    /// Closed because another connection needed its place.
    pub evicted: u64,
}

/// Connections of all listeners of the process.
pub fn figures() -> Figures {
    Figures {
        open: OPEN.load(Relaxed),
        accepted: ACCEPTED.load(Relaxed),
        idled: IDLED.load(Relaxed),
        evicted: EVICTED.load(Relaxed),
    }
}

/// The connections of one listener.
#[derive(Default)]
pub(super) struct ConnectionTable {
    taken: Mutex<BTreeMap<u64, Arc<Connection>>>,
    next: AtomicU64,
    /// Counts sweeps: time as coarse as closing idle connections needs it.
    now: AtomicU32,
    held: AtomicUsize,
}

/// One connection.
pub(super) struct Connection {
    number: u64,
    all: Arc<ConnectionTable>,
    moved: AtomicU32,
    /// The sweep in which the head of a request began that is not whole; [`NONE`]
    /// where there is none.
    head: AtomicU32,
    /// Requests whose head is here and that are not over.
    requests: AtomicU32,
    busy: AtomicU32,
    held: AtomicUsize,
    leave: Notify,
}

/// An entry of the table; dropping it takes the connection out.
pub(super) struct Taken(pub(super) Arc<Connection>);

/// One request that was received whole; dropping it says that it is answered.
pub(super) struct InWork(Arc<Connection>);

impl ConnectionTable {
    /// Enters a connection.
    pub(super) fn take(self: &Arc<Self>) -> Taken {
        let connection = Arc::new(Connection {
            number: self.next.fetch_add(1, Relaxed),
            all: self.clone(),
            moved: AtomicU32::new(self.now.load(Relaxed)),
            head: AtomicU32::new(NONE),
            requests: AtomicU32::new(0),
            busy: AtomicU32::new(0),
            held: AtomicUsize::new(0),
            leave: Notify::new(),
        });
        self.lock().insert(connection.number, connection.clone());
        OPEN.fetch_add(1, Relaxed);
        ACCEPTED.fetch_add(1, Relaxed);
        Taken(connection)
    }

    /// How many are taken.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Asks the one to leave on which nothing moved for longest, of those whose
    /// request is not being worked on. `false` when all are busy.
    pub(super) fn evict(&self) -> bool {
        self.evict_of(|_| true)
    }

    fn evict_of(&self, wanted: impl Fn(&Connection) -> bool) -> bool {
        let mut taken = self.lock();
        let idle = taken
            .values()
            .filter(|connection| connection.is_idle() && wanted(connection));
        let Some(longest) =
            idle.min_by_key(|connection| (connection.moved.load(Relaxed), connection.number))
        else {
            return false;
        };
        let number = longest.number;
        longest.leave.notify_one();
        taken.remove(&number);
        EVICTED.fetch_add(1, Relaxed);
        true
    }

    /// One more sweep: asks all to leave on which nothing moved for `sweeps`, or a
    /// head is on its way for `head_sweeps`, however often a byte of it comes.
    pub(super) fn sweep(&self, sweeps: u32, head_sweeps: u32) {
        let now = self.now.fetch_add(1, Relaxed) + 1;
        let stuck = |connection: &Connection| {
            let idle =
                connection.is_idle() && now.saturating_sub(connection.moved.load(Relaxed)) > sweeps;
            let head = connection.head.load(Relaxed);
            idle || head != NONE && now.saturating_sub(head) >= head_sweeps
        };
        self.lock().retain(|_, connection| {
            let leaves = stuck(connection);
            if leaves {
                connection.leave.notify_one();
                IDLED.fetch_add(1, Relaxed);
            }
            !leaves
        });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Connection>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Bytes came or went.
    pub(super) fn moved(&self) {
        self.moved.store(self.all.now.load(Relaxed), Relaxed);
    }

    /// Bytes came: of a head, where no request is under way.
    pub(super) fn received(&self) {
        self.moved();
        if self.requests.load(Relaxed) == 0 && self.head.load(Relaxed) == NONE {
            self.head.store(self.all.now.load(Relaxed), Relaxed);
        }
    }

    /// No head is on its way: it is here whole, or the connection speaks HTTP/2, where
    /// bytes may come without any.
    pub(super) fn no_head(&self) {
        self.head.store(NONE, Relaxed);
    }

    /// The head of a request is here.
    pub(super) fn begins(&self) {
        self.requests.fetch_add(1, Relaxed);
        self.no_head();
    }

    /// The request is over.
    pub(super) fn ends(&self) {
        self.requests.fetch_sub(1, Relaxed);
    }

    /// A request is here whole and is being worked on.
    pub(super) fn in_work(self: &Arc<Self>) -> InWork {
        self.busy.fetch_add(1, Relaxed);
        InWork(self.clone())
    }

    /// Bytes of a body came. Where there are too many of all, the one leaves
    /// whose half body has waited longest for the rest.
    pub(super) fn hold(&self, bytes: usize) {
        self.held.fetch_add(bytes, Relaxed);
        let before = self.all.held.fetch_add(bytes, Relaxed);
        if before + bytes > BODIES {
            self.all
                .evict_of(|connection| connection.held.load(Relaxed) > 0);
        }
    }

    /// They are gone.
    pub(super) fn release(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Relaxed);
        self.all.held.fetch_sub(bytes, Relaxed);
    }

    /// Ends when the connection has to leave.
    pub(super) async fn left(&self) {
        self.leave.notified().await;
    }

    fn is_idle(&self) -> bool {
        self.busy.load(Relaxed) == 0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.all.lock().remove(&self.0.number);
        OPEN.fetch_sub(1, Relaxed);
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_longest_idle_leaves_first_and_a_busy_one_never() {
        let table = Arc::new(ConnectionTable::default());
        let (busy, old, new) = (table.take(), table.take(), table.take());
        let turn = busy.0.in_work();
        table.sweep(9, 9);
        new.0.moved();
        assert!(table.evict());
        assert!(table.lock().contains_key(&new.0.number));
        assert!(!table.lock().contains_key(&old.0.number));
        assert!(table.evict());
        assert!(!table.evict(), "only the busy one is left");
        drop(turn);
        assert!(table.evict());
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_sweep_clears_where_nothing_moved_for_long() {
        let table = Arc::new(ConnectionTable::default());
        let (stuck, alive) = (table.take(), table.take());
        for _ in 0..3 {
            alive.0.moved();
            table.sweep(2, 9);
        }
        assert!(!table.lock().contains_key(&stuck.0.number));
        assert!(table.lock().contains_key(&alive.0.number));
    }

    #[test]
    fn a_head_that_comes_byte_by_byte_is_given_up_and_a_request_under_way_is_not() {
        let table = Arc::new(ConnectionTable::default());
        let (slow, whole, http2) = (table.take(), table.take(), table.take());
        for sweep in 0..4 {
            for connection in [&slow, &whole, &http2] {
                connection.0.received();
            }
            http2.0.no_head();
            if sweep == 0 {
                whole.0.begins();
            }
            assert!(table.lock().contains_key(&slow.0.number) || sweep == 3);
            table.sweep(9, 3);
        }
        assert!(!table.lock().contains_key(&slow.0.number));
        assert_eq!(table.len(), 2);
        whole.0.ends();
        whole.0.received();
        for _ in 0..3 {
            assert!(table.lock().contains_key(&whole.0.number));
            table.sweep(9, 3);
        }
        assert!(!table.lock().contains_key(&whole.0.number), "the next head");
    }

    #[test]
    fn half_bodies_are_bounded_together() {
        let table = Arc::new(ConnectionTable::default());
        let (half, idle, new) = (table.take(), table.take(), table.take());
        half.0.hold(BODIES);
        assert_eq!(table.len(), 3);
        table.sweep(9, 9);
        new.0.moved();
        new.0.hold(1);
        assert!(!table.lock().contains_key(&half.0.number));
        assert!(table.lock().contains_key(&idle.0.number));
        half.0.release(BODIES);
        new.0.release(1);
        assert_eq!(table.held.load(Relaxed), 0);
    }

    #[test]
    fn a_connection_that_ends_leaves_the_table() {
        let table = Arc::new(ConnectionTable::default());
        drop(table.take());
        assert_eq!(table.len(), 0);
    }
}
