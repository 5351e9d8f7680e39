//! Where commits go beside the disk.

/// Takes each commit elsewhere, while the disk makes it durable: an append is
/// answered once both have it.
pub trait Ship: Send + 'static {
    /// Sends a commit: so many whole frames, the first of the record of that index.
    /// It does not wait.
    fn send(&mut self, first: u64, records: u64, frames: &[u8]);

    /// Waits, within a bound of its own, until what was sent has arrived.
    ///
    /// # Errors
    /// Why it did not. It is sent again later: what it holds is on record.
    fn arrived(&mut self) -> Result<(), String>;
}
