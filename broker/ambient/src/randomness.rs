//! Randomness. Whoever needs some takes it as an argument; here it comes from.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;

/// Random bytes from the operating system.
#[derive(Clone)]
pub struct Randomness(Arc<SystemRandom>);

impl Default for Randomness {
    fn default() -> Self {
        Self::new()
    }
}

impl Randomness {
    /// The source.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where randomness is taken"
    )]
    pub fn new() -> Self {
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
    pub fn fill(&self, out: &mut [u8]) {
        if self.0.fill(out).is_err() {
            panic!("the operating system gave no random bytes");
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}
