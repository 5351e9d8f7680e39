//! Time and randomness: the only two places where they are taken from the
//! machine.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
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
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where the clock is read"
        )]
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_millis());
        let wall = u64::try_from(wall).unwrap_or(u64::MAX);
        self.0.fetch_max(wall, Ordering::Relaxed).max(wall)
    }

    /// Now, in Unix seconds.
    pub(crate) fn now_s(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// Waits until it is later than that: what begins afterwards is told apart
    /// from it by its millisecond.
    pub(crate) async fn passed(&self, ms: u64) {
        while self.now_ms() <= ms {
            #[expect(
                clippy::disallowed_methods,
                reason = "the clock's next millisecond is what is waited for"
            )]
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// Time is at least this: the newest record's.
    pub(crate) fn at_least(&self, ms: u64) {
        self.0.fetch_max(ms, Ordering::Relaxed);
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
