//! A copy of another node's decisions on this node's disk: one or more runs of records,
//! each whole, with what is missing between them until it is had from a node that has it.

use crate::ledger::{Mirror, RawRecord, Reader, Skim, first_frames};
use crate::state::Shared;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// What is older than this lives no longer, in milliseconds: a copy that has everything
/// since is whole as far as tokens go.
const LIVES_MS: u64 = 3_660_000;

/// Where copies lie, and what their records do.
#[derive(Clone)]
pub(super) struct CopyPlace {
    /// The folder of this tree.
    pub(super) folder: PathBuf,
    pub(super) tree: String,
    pub(super) segment_bytes: u64,
    pub(super) state: Shared,
}

/// One whole run of records.
#[derive(Clone)]
pub(super) struct CopiedRun {
    pub(super) start: u64,
    pub(super) mirror: Arc<Mirror>,
}

/// What is missing between two runs, or before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) from: u64,
    pub(super) until: u64,
}

/// A copy, and what is known of it.
pub(super) struct CopiedTree {
    pub(super) place: CopyPlace,
    /// Its node; the tree's name until that is known.
    node: RwLock<String>,
    /// In order; the newest grows with the log.
    runs: RwLock<Vec<CopiedRun>>,
    /// The index up to which its log was seen.
    pub(super) reached: watch::Sender<u64>,
    /// Whether its log was read once.
    pub(super) read: AtomicBool,
    /// Whether what is missing at its start was asked for and is older than what is kept.
    pub(super) begins_there: AtomicBool,
}

fn failed(flaw: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(flaw)
}

impl CopyPlace {
    fn run(&self, start: u64) -> io::Result<CopiedRun> {
        let folder = self.folder.join(format!("{start:020}"));
        let state = self.state.clone();
        let mirror = Mirror::open(&folder, &self.tree, self.segment_bytes, || skim(&state));
        let mirror = mirror.map_err(failed)?;
        mirror.skip_to(start);
        Ok(CopiedRun {
            start,
            mirror: Arc::new(mirror),
        })
    }
}

impl CopiedTree {
    /// The copy in a folder, empty at first.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub(super) fn open(place: CopyPlace, node: &str) -> io::Result<Self> {
        std::fs::create_dir_all(&place.folder)?;
        let mut starts = Vec::new();
        for item in std::fs::read_dir(&place.folder)? {
            let name = item?.file_name();
            let start: Option<u64> = name.to_str().and_then(|text| text.parse().ok());
            starts.extend(start);
        }
        starts.sort_unstable();
        let runs: io::Result<Vec<_>> = starts.into_iter().map(|start| place.run(start)).collect();
        let runs = runs?;
        let next = runs.last().map_or(0, |run| run.mirror.next());
        Ok(Self {
            place,
            node: RwLock::new(node.to_owned()),
            runs: RwLock::new(runs),
            reached: watch::Sender::new(next),
            read: AtomicBool::new(false),
            begins_there: AtomicBool::new(false),
        })
    }

    /// The name of its node.
    pub(super) fn node(&self) -> String {
        let node = self.node.read().unwrap_or_else(PoisonError::into_inner);
        node.clone()
    }

    /// It is that node's.
    pub(super) fn is_of(&self, node: &str) {
        let mut known = self.node.write().unwrap_or_else(PoisonError::into_inner);
        node.clone_into(&mut known);
    }

    pub(super) fn runs(&self) -> Vec<CopiedRun> {
        let runs = self.runs.read().unwrap_or_else(PoisonError::into_inner);
        runs.clone()
    }

    /// A reader of each run, in order.
    pub(super) fn readers(&self) -> Vec<Reader> {
        self.runs().iter().map(|run| run.mirror.reader()).collect()
    }

    /// The index of the record that comes next.
    pub(super) fn next(&self) -> u64 {
        self.runs().last().map_or(0, |run| run.mirror.next())
    }

    /// Takes a commit of the log. Where records before it are missing, another run begins.
    ///
    /// # Errors
    /// When it is no commit of that tree, or the disk does not take it.
    pub(super) fn take(&self, first: u64, frames: &[u8]) -> io::Result<()> {
        let newest = self.runs().pop();
        let run = match newest {
            Some(run) if first <= run.mirror.next() => run,
            Some(_) | None => {
                if first > 0 {
                    tracing::info!(
                        node = self.node(),
                        first,
                        "decisions of another node are no longer in Redis: they are asked of the nodes"
                    );
                }
                self.begin(first)?
            }
        };
        self.add(&run, first, frames).map(|_| ())
    }

    /// Takes records that were missing behind that run, or before the first; how many.
    ///
    /// # Errors
    /// When they are none of that tree, or the disk does not take them.
    pub(super) fn fill(&self, hole: Hole, first: u64, frames: &[u8]) -> io::Result<u64> {
        // What is behind the hole is here already.
        let frames = first_frames(frames, hole.until.saturating_sub(first));
        let ends_there = |run: &CopiedRun| run.mirror.next() == hole.from && run.start < hole.until;
        let known = self.runs().into_iter().find(ends_there);
        let run = match known.filter(|_| first == hole.from) {
            Some(run) => run,
            None => self.begin(first)?,
        };
        self.add(&run, first, frames)
    }

    fn begin(&self, start: u64) -> io::Result<CopiedRun> {
        let run = self.place.run(start)?;
        let mut runs = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        let at = runs.partition_point(|known| known.start < start);
        runs.insert(at, run.clone());
        Ok(run)
    }

    fn add(&self, run: &CopiedRun, first: u64, frames: &[u8]) -> io::Result<u64> {
        let state = &self.place.state;
        let mut skim = |record: &RawRecord<'_>| state.mirrored(record);
        run.mirror.append(first, frames, &mut skim).map_err(failed)
    }

    /// What is missing, oldest first.
    pub(super) fn holes(&self) -> Vec<Hole> {
        let runs = self.runs();
        let mut out = Vec::new();
        let begins = runs.first().map_or(0, |run| run.start);
        if begins > 0 && !self.begins_there.load(Ordering::Relaxed) {
            out.push(Hole {
                from: 0,
                until: begins,
            });
        }
        for (run, behind) in runs.iter().zip(runs.iter().skip(1)) {
            let from = run.mirror.next();
            if from < behind.start {
                out.push(Hole {
                    from,
                    until: behind.start,
                });
            }
        }
        out
    }

    /// Whether everything is here that its log has, and had.
    pub(super) fn is_all(&self) -> bool {
        self.read.load(Ordering::Relaxed) && self.holes().is_empty()
    }

    /// Whether everything is here from which a live token may descend.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn is_whole(&self, now_ms: u64) -> io::Result<bool> {
        let Some(hole) = self.holes().pop() else {
            return Ok(true);
        };
        // What comes before the newest gap may have been younger than this.
        let since_ms = now_ms.saturating_sub(LIVES_MS);
        let runs = self.runs();
        let behind = runs.iter().find(|run| run.start == hole.until);
        let Some(run) = behind else { return Ok(false) };
        Ok(run.mirror.reader().find_time(since_ms)? > run.start)
    }

    /// Removes what is older than that, Unix milliseconds.
    pub(super) fn prune(&self, before_ms: u64) {
        for run in self.runs() {
            run.mirror.prune(before_ms);
        }
    }
}

/// What a record of another node does to the state here.
fn skim(state: &Shared) -> Skim {
    let state = state.clone();
    Box::new(move |record: &RawRecord<'_>| state.mirrored(record))
}

#[cfg(test)]
mod tests;
