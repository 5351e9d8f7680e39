//! A whole ledger with other bytes from some place on: it does not open, or it
//! opens with a part of its records, and then the second time says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_core::record::{Draft, Place};
use locum_stores::ledger::{Entry, Follower, Ledger, LedgerOptions};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use tempfile::TempDir;

const SEED: [u8; 10] = *b"fuzzfuzzfu";
const RECORDS: u64 = 3;

type Seen = Arc<Mutex<Vec<Entry>>>;

struct Memory(Seen);

impl Follower for Memory {
    fn replay(&mut self, entry: &Entry) -> Result<(), String> {
        self.0.lock().unwrap().push(entry.clone());
        Ok(())
    }

    fn appended(&mut self, _: &Place, _: &Draft) -> Result<(), String> {
        Ok(())
    }
}

/// A folder with three records, its one segment and what is in it.
static MADE: LazyLock<(TempDir, PathBuf, Vec<u8>)> = LazyLock::new(|| {
    let home = TempDir::new().unwrap();
    let dir = home.path().join("ledger");
    let clock = Arc::new(|| 1_795_400_000_000);
    let options = LedgerOptions::new(dir.clone(), SEED);
    let (ledger, _) = Ledger::open(options, clock, Box::new(Memory(Seen::default()))).unwrap();
    for n in 0..RECORDS {
        let body = serde_json::json!({"n": n, "text": "record"});
        let side = (n == 1).then(|| serde_json::json!({"name": "ada"}));
        ledger.append_blocking(Draft::new("fuzz", [7; 16], body, side)).unwrap();
    }
    drop(ledger);
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|end| end == "seg");
    let mut files = std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().path());
    let segment = files.find(is_segment).unwrap();
    let bytes = std::fs::read(&segment).unwrap();
    (home, segment, bytes)
});

fn open(dir: &std::path::Path) -> Option<(u64, Vec<Entry>)> {
    let seen = Seen::default();
    let options = LedgerOptions::new(dir.into(), SEED);
    let clock = Arc::new(|| 1_795_400_000_000);
    let (ledger, opened) = Ledger::open(options, clock, Box::new(Memory(seen.clone()))).ok()?;
    drop(ledger);
    let entries = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(opened.records, entries.len() as u64);
    Some((opened.repaired_bytes, entries))
}

fuzz_target!(|data: &[u8]| {
    let Some((keep, rest)) = data.split_first_chunk::<2>() else { return };
    let (_home, segment, whole) = &*MADE;
    let kept = usize::from(u16::from_le_bytes(*keep)) % (whole.len() + 1);
    let mut bytes = whole[..kept].to_vec();
    bytes.extend_from_slice(rest);
    std::fs::write(segment, bytes).unwrap();
    let dir = segment.parent().unwrap();
    if let Some((_, entries)) = open(dir) {
        let (repaired, again) = open(dir).unwrap();
        assert_eq!(repaired, 0, "repaired once is repaired");
        assert_eq!(entries, again);
        let places = entries.iter().map(|entry| entry.place.index);
        assert!(places.eq(0..entries.len() as u64));
    }
});
