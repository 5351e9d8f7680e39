//! Figures for metrics and readiness.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper bounds in seconds of the `fdatasync` histogram; one more bucket
/// counts what took longer.
pub const FSYNC_BOUNDS_S: [f64; 14] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];
const BUCKETS: usize = FSYNC_BOUNDS_S.len() + 1;

/// The ledger in figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// Durable records, those of the past included.
    pub records: u64,
    /// Commits since open.
    pub commits: u64,
    /// Commits since open that failed and were cut off.
    pub failed_commits: u64,
    /// Whether the newest attempt to write succeeded; false once closed.
    pub available: bool,
    /// Index of the newest record.
    pub last_index: Option<u64>,
    /// Time of the newest record in Unix milliseconds, 0 when there is none.
    pub last_time_ms: u64,
    /// Bytes of all segments.
    pub bytes: u64,
    /// Syncs per bucket of [`FSYNC_BOUNDS_S`], each counted once, the last
    /// bucket without a bound.
    pub fsync_counts: [u64; BUCKETS],
    /// Seconds spent in successful syncs.
    pub fsync_seconds: f64,
}

/// What the writer counts.
#[derive(Debug)]
pub(super) struct Counters {
    commits: AtomicU64,
    failed: AtomicU64,
    available: AtomicBool,
    fsync: [AtomicU64; BUCKETS],
    fsync_us: AtomicU64,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            commits: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            available: AtomicBool::new(true),
            fsync: Default::default(),
            fsync_us: AtomicU64::new(0),
        }
    }

    pub(super) fn committed(&self, sync: Duration) {
        let seconds = sync.as_secs_f64();
        let bucket = FSYNC_BOUNDS_S.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.fsync.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        let us = u64::try_from(sync.as_micros()).unwrap_or(u64::MAX);
        self.fsync_us.fetch_add(us, Relaxed);
        self.commits.fetch_add(1, Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    /// Says what was so before.
    pub(super) fn set_available(&self, available: bool) -> bool {
        self.available.swap(available, Relaxed)
    }

    pub(super) fn read(&self, contents: &super::map::Contents) -> Stats {
        Stats {
            records: contents.records,
            commits: self.commits.load(Relaxed),
            failed_commits: self.failed.load(Relaxed),
            available: self.available.load(Relaxed),
            last_index: contents.records.checked_sub(1),
            last_time_ms: contents.last_time_ms,
            bytes: contents.bytes(),
            fsync_counts: self.fsync.each_ref().map(|count| count.load(Relaxed)),
            fsync_seconds: Duration::from_micros(self.fsync_us.load(Relaxed)).as_secs_f64(),
        }
    }
}
