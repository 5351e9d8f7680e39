//! The clock. Decisions take the time as an argument; here it is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The clock: Unix milliseconds, never behind the newest record (architecture,
/// "clock").
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    /// Now, in Unix milliseconds: `max(wall, last recorded, last told)`.
    pub(crate) fn now_ms(&self) -> u64 {
        let wall = wall_ms();
        self.0.fetch_max(wall, Ordering::Relaxed).max(wall)
    }

    /// How far the wall clock is behind what was recorded or told, in
    /// milliseconds; 0 while it is not.
    pub(crate) fn behind_ms(&self) -> u64 {
        let wall = wall_ms();
        self.0.load(Ordering::Relaxed).saturating_sub(wall)
    }

    /// Now, in Unix seconds.
    pub(crate) fn now_s(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// It is later than that from now on: what begins afterwards is told apart
    /// from it by its millisecond.
    pub(crate) fn passed(&self, ms: u64) {
        self.at_least(ms.saturating_add(1));
    }

    /// Time is at least this: the newest record's.
    pub(crate) fn at_least(&self, ms: u64) {
        self.0.fetch_max(ms, Ordering::Relaxed);
    }
}

fn wall_ms() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the clock is read"
    )]
    let wall = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_millis());
    u64::try_from(wall).unwrap_or(u64::MAX)
}
