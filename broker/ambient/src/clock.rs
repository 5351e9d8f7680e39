//! The clock. Decisions take the time as an argument; here it is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The clock: Unix milliseconds, never behind the newest record (architecture,
/// "Time and chance").
#[derive(Clone, Default)]
pub struct Clock {
    /// The latest that was recorded, told or read.
    latest: Arc<AtomicU64>,
    /// The wall clock of a test, Unix milliseconds.
    #[cfg(any(test, feature = "testing"))]
    set: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// A clock whose wall a test sets, Unix milliseconds.
    #[cfg(any(test, feature = "testing"))]
    pub fn of(wall: Arc<AtomicU64>) -> Self {
        Self {
            latest: Arc::default(),
            set: Some(wall),
        }
    }

    /// Now, in Unix milliseconds: `max(wall, last recorded, last told)`.
    pub fn now_ms(&self) -> u64 {
        let wall = self.wall_ms();
        self.latest.fetch_max(wall, Ordering::Relaxed).max(wall)
    }

    /// How far the wall clock is behind what was recorded or told, in
    /// milliseconds; 0 while it is not.
    pub fn behind_ms(&self) -> u64 {
        let wall = self.wall_ms();
        self.latest.load(Ordering::Relaxed).saturating_sub(wall)
    }

    /// Now, in Unix seconds.
    pub fn now_s(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// From now on the clock shows a later millisecond than that one: what begins
    /// afterwards can be told apart by its time.
    pub fn passed(&self, ms: u64) {
        self.at_least(ms.saturating_add(1));
    }

    /// Time is at least this: the newest record's.
    pub fn at_least(&self, ms: u64) {
        self.latest.fetch_max(ms, Ordering::Relaxed);
    }

    fn wall_ms(&self) -> u64 {
        #[cfg(any(test, feature = "testing"))]
        if let Some(set) = &self.set {
            return set.load(Ordering::Relaxed);
        }
        wall_ms()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_the_walls_and_never_behind_what_was_told() {
        let wall = Arc::new(AtomicU64::new(1_000));
        let clock = Clock::of(wall.clone());
        assert_eq!((clock.now_ms(), clock.behind_ms()), (1_000, 0));
        clock.passed(2_000);
        assert_eq!((clock.now_ms(), clock.behind_ms()), (2_001, 1_001));
        wall.store(3_000, Ordering::Relaxed);
        assert_eq!((clock.now_ms(), clock.behind_ms()), (3_000, 0));
        wall.store(1_000, Ordering::Relaxed);
        assert_eq!(clock.now_ms(), 3_000);
    }
}
