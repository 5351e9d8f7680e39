//! Time and randomness: the only two places where they are taken from the
//! machine.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

/// Measures how long something takes; decides nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins.
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement for the metrics; it decides nothing"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since it began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Random bytes from the operating system.
#[derive(Clone)]
pub(crate) struct Randomness(Arc<SystemRandom>);

impl Randomness {
    /// The source.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where randomness is taken"
    )]
    pub(crate) fn new() -> Self {
        Self(Arc::new(SystemRandom::new()))
    }

    /// Fills a buffer.
    ///
    /// # Panics
    /// When the operating system has no randomness: nothing may go on then.
    #[expect(
        clippy::panic,
        reason = "without randomness every later step would be forgeable"
    )]
    pub(crate) fn fill(&self, out: &mut [u8]) {
        if self.0.fill(out).is_err() {
            panic!("the operating system gave no random bytes");
        }
    }

    /// `N` random bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}
