//! Who is connected: a bounded number of seats, each with what is needed to
//! tell a busy one from an idle, a stuck or a slow one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Most bytes of bodies that are here in part or being worked on, of one
/// listener: a thousand whole ones of the usual limit.
pub(super) const BODIES: usize = 64 << 20;

static OPEN: AtomicU64 = AtomicU64::new(0);
static ACCEPTED: AtomicU64 = AtomicU64::new(0);
static IDLED: AtomicU64 = AtomicU64::new(0);
static EVICTED: AtomicU64 = AtomicU64::new(0);

/// Connections of all listeners of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Open now.
    pub(crate) open: u64,
    /// Accepted so far.
    pub(crate) accepted: u64,
    /// Closed because nothing moved.
    pub(crate) idled: u64,
    /// Closed because others needed the seat.
    pub(crate) evicted: u64,
}

/// Connections of all listeners of the process.
pub(crate) fn figures() -> Figures {
    Figures {
        open: OPEN.load(Relaxed),
        accepted: ACCEPTED.load(Relaxed),
        idled: IDLED.load(Relaxed),
        evicted: EVICTED.load(Relaxed),
    }
}

/// The seats of one listener.
#[derive(Default)]
pub(super) struct Seats {
    taken: Mutex<BTreeMap<u64, Arc<Seat>>>,
    next: AtomicU64,
    /// Counts sweeps: time as coarse as closing idle connections needs it.
    now: AtomicU32,
    held: AtomicUsize,
}

/// One connection.
pub(super) struct Seat {
    number: u64,
    all: Arc<Seats>,
    moved: AtomicU32,
    busy: AtomicU32,
    held: AtomicUsize,
    leave: Notify,
}

/// Holds the seat; dropping it gives the seat free.
pub(super) struct Taken(pub(super) Arc<Seat>);

/// One request that was received whole; dropping it says that it is answered.
pub(super) struct Turn(Arc<Seat>);

impl Seats {
    /// Takes a seat.
    pub(super) fn take(self: &Arc<Self>) -> Taken {
        let seat = Arc::new(Seat {
            number: self.next.fetch_add(1, Relaxed),
            all: self.clone(),
            moved: AtomicU32::new(self.now.load(Relaxed)),
            busy: AtomicU32::new(0),
            held: AtomicUsize::new(0),
            leave: Notify::new(),
        });
        self.lock().insert(seat.number, seat.clone());
        OPEN.fetch_add(1, Relaxed);
        ACCEPTED.fetch_add(1, Relaxed);
        Taken(seat)
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

    fn evict_of(&self, wanted: impl Fn(&Seat) -> bool) -> bool {
        let mut taken = self.lock();
        let idle = taken.values().filter(|seat| seat.is_idle() && wanted(seat));
        let Some(longest) = idle.min_by_key(|seat| (seat.moved.load(Relaxed), seat.number)) else {
            return false;
        };
        let number = longest.number;
        longest.leave.notify_one();
        taken.remove(&number);
        EVICTED.fetch_add(1, Relaxed);
        true
    }

    /// One more sweep: asks all to leave on which nothing moved for `sweeps`.
    pub(super) fn sweep(&self, sweeps: u32) {
        let now = self.now.fetch_add(1, Relaxed) + 1;
        let stuck =
            |seat: &Seat| seat.is_idle() && now.saturating_sub(seat.moved.load(Relaxed)) > sweeps;
        self.lock().retain(|_, seat| {
            let leaves = stuck(seat);
            if leaves {
                seat.leave.notify_one();
                IDLED.fetch_add(1, Relaxed);
            }
            !leaves
        });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Seat>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Bytes came or went.
    pub(super) fn moved(&self) {
        self.moved.store(self.all.now.load(Relaxed), Relaxed);
    }

    /// A request is here whole and is being worked on.
    pub(super) fn turn(self: &Arc<Self>) -> Turn {
        self.busy.fetch_add(1, Relaxed);
        Turn(self.clone())
    }

    /// Bytes of a body came. Where there are too many of all, the one leaves
    /// whose half body has waited longest for the rest.
    pub(super) fn hold(&self, bytes: usize) {
        self.held.fetch_add(bytes, Relaxed);
        let before = self.all.held.fetch_add(bytes, Relaxed);
        if before + bytes > BODIES {
            self.all.evict_of(|seat| seat.held.load(Relaxed) > 0);
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

impl Drop for Turn {
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
        let seats = Arc::new(Seats::default());
        let (busy, old, new) = (seats.take(), seats.take(), seats.take());
        let turn = busy.0.turn();
        seats.sweep(9);
        new.0.moved();
        assert!(seats.evict());
        assert!(seats.lock().contains_key(&new.0.number));
        assert!(!seats.lock().contains_key(&old.0.number));
        assert!(seats.evict());
        assert!(!seats.evict(), "only the busy one is left");
        drop(turn);
        assert!(seats.evict());
        assert_eq!(seats.len(), 0);
    }

    #[test]
    fn a_sweep_clears_where_nothing_moved_for_long() {
        let seats = Arc::new(Seats::default());
        let (stuck, alive) = (seats.take(), seats.take());
        for _ in 0..3 {
            alive.0.moved();
            seats.sweep(2);
        }
        assert!(!seats.lock().contains_key(&stuck.0.number));
        assert!(seats.lock().contains_key(&alive.0.number));
    }

    #[test]
    fn half_bodies_are_bounded_together() {
        let seats = Arc::new(Seats::default());
        let (half, idle, new) = (seats.take(), seats.take(), seats.take());
        half.0.hold(BODIES);
        assert_eq!(seats.len(), 3);
        seats.sweep(9);
        new.0.moved();
        new.0.hold(1);
        assert!(!seats.lock().contains_key(&half.0.number));
        assert!(seats.lock().contains_key(&idle.0.number));
        half.0.release(BODIES);
        new.0.release(1);
        assert_eq!(seats.held.load(Relaxed), 0);
    }

    #[test]
    fn who_goes_gives_the_seat_free() {
        let seats = Arc::new(Seats::default());
        drop(seats.take());
        assert_eq!(seats.len(), 0);
    }
}
