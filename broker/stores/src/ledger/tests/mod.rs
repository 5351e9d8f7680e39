#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod append;
mod damage;
mod faults;
mod frames;
mod reading;
mod snapshots;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
};

use locum_core::record::{Draft, Place};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{disk::Disk, *};

/// What a follower saw: index and body.
type Seen = Arc<Mutex<Vec<(u64, Value)>>>;

/// Remembers everything; refuses bodies that are the string `refuse`.
struct Memory(Seen);

impl Memory {
    fn see(&self, index: u64, body: &Value) -> Result<(), String> {
        if body == "refuse" {
            return Err("cannot be followed".into());
        }
        self.0.lock().unwrap().push((index, body.clone()));
        Ok(())
    }
}

impl Follower for Memory {
    fn replay(&mut self, entry: &Entry) -> Result<(), String> {
        self.see(entry.place.index, &entry.body)
    }

    fn appended(&mut self, place: &Place, draft: &Draft) -> Result<(), String> {
        self.see(place.index, draft.value())
    }
}

/// A disk whose calls fail while told so.
#[derive(Clone, Default)]
struct BadDisk(Arc<Faults>);

#[derive(Default)]
struct Faults {
    create: AtomicBool,
    /// Writes nothing.
    write: AtomicBool,
    /// Writes all but the last byte.
    short: AtomicBool,
    sync: AtomicBool,
    truncate: AtomicBool,
    /// Holds every sync until opened.
    gate: Mutex<Gate>,
    moved: Condvar,
}

#[derive(Default)]
struct Gate {
    shut: bool,
    waiting: bool,
}

impl Faults {
    fn shut(&self) {
        self.gate.lock().unwrap().shut = true;
    }

    fn wait_until_a_sync_waits(&self) {
        let gate = self.gate.lock().unwrap();
        drop(self.moved.wait_while(gate, |gate| !gate.waiting).unwrap());
    }

    fn release(&self) {
        self.gate.lock().unwrap().shut = false;
        self.moved.notify_all();
    }

    fn fail(&self, fault: &AtomicBool) -> io::Result<()> {
        // EIO
        if fault.load(SeqCst) {
            return Err(io::Error::from_raw_os_error(5));
        }
        Ok(())
    }
}

impl Disk for BadDisk {
    fn create(&self, path: &Path) -> io::Result<File> {
        let file = disk::RealDisk.create(path)?;
        self.0.fail(&self.0.create)?;
        Ok(file)
    }

    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.fail(&self.0.write)?;
        if self.0.short.load(SeqCst) {
            disk::RealDisk.write(file, &bytes[..bytes.len() - 1], offset)?;
            // ENOSPC
            return Err(io::Error::from_raw_os_error(28));
        }
        disk::RealDisk.write(file, bytes, offset)
    }

    fn sync(&self, _: &File) -> io::Result<()> {
        let mut gate = self.0.gate.lock().unwrap();
        gate.waiting = true;
        self.0.moved.notify_all();
        let mut gate = self.0.moved.wait_while(gate, |gate| gate.shut).unwrap();
        gate.waiting = false;
        drop(gate);
        // No test pulls the plug: what a sync would do is taken for granted.
        self.0.fail(&self.0.sync)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir).map(drop)
    }

    fn truncate(&self, file: &File, len: u64) -> io::Result<()> {
        self.0.fail(&self.0.truncate)?;
        disk::RealDisk.truncate(file, len)
    }
}

/// A ledger in a folder of its own, with all its strings in the test's hand.
struct World {
    folder: TempDir,
    disk: BadDisk,
    seen: Seen,
    clock: Arc<AtomicU64>,
    segment_bytes: u64,
    queue: usize,
}

impl World {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            disk: BadDisk::default(),
            seen: Seen::default(),
            clock: Arc::new(AtomicU64::new(1_000)),
            segment_bytes: SEGMENT_BYTES,
            queue: QUEUE,
        }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("data/ledger")
    }

    fn segment(&self, first: u64) -> PathBuf {
        segment::path(&self.dir(), first)
    }

    /// Opens with a memory that has seen nothing.
    fn try_open(&self) -> Result<(Ledger, Opened), OpenError> {
        self.seen.lock().unwrap().clear();
        let options = LedgerOptions {
            segment_bytes: self.segment_bytes,
            queue: self.queue,
            ..LedgerOptions::new(self.dir(), [7; 10])
        };
        let clock = self.clock.clone();
        Ledger::open_on(
            options,
            Arc::new(move || clock.load(SeqCst)),
            (Box::new(Memory(self.seen.clone())), None),
            Box::new(self.disk.clone()),
        )
    }

    fn open(&self) -> Ledger {
        self.try_open().unwrap().0
    }

    /// A ledger of `count` records, closed again.
    fn with_records(count: u64) -> Self {
        let world = Self::new();
        let ledger = world.open();
        for n in 0..count {
            ledger.append_blocking(draft(n)).unwrap();
        }
        ledger.close();
        world
    }

    fn seen(&self) -> Vec<u64> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .map(|(_, body)| body["n"].as_u64().unwrap())
            .collect()
    }
}

fn draft(n: u64) -> Draft {
    Draft::new("decision", [1; 16], json!({"n": n}), None)
}

fn with_side(n: u64) -> Draft {
    let side = Some(json!({"name": "Ada"}));
    Draft::new("decision", [1; 16], json!({"n": n}), side)
}

fn bodies(ledger: &Ledger) -> Vec<u64> {
    let all = ledger.reader().iter_from(0);
    all.map(|e| e.unwrap().body["n"].as_u64().unwrap())
        .collect()
}
