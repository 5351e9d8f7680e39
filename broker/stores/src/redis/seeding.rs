//! The journal of a cluster's first node: the changes of the record that it kept while
//! it was alone, in their order and with their times.

use super::change_entry::LoggedChange;
use crate::ledger::{self, Ledger, LedgerClock, LedgerOptions};
use crate::state::CHANGE;
use locum_core::record::Draft;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Changes that are written at once.
const BATCH: usize = 256;

/// Writes the journal into a folder, whole or not at all.
///
/// # Errors
/// When either record cannot be read or written.
pub(super) fn seed(
    from: &Path,
    to: &Path,
    (seed, segment_bytes): ([u8; 10], u64),
    clock: LedgerClock,
) -> Result<(), String> {
    let new = to.with_extension("new");
    let failed = |flaw: &dyn std::fmt::Display| format!("the journal of changes: {flaw}");
    if new.exists() {
        fs::remove_dir_all(&new).map_err(|e| failed(&e))?;
    }
    let mut options = LedgerOptions::new(new.clone(), seed);
    options.segment_bytes = segment_bytes;
    let (journal, _) =
        Ledger::open(options, clock, Box::new(ledger::Nobody)).map_err(|e| failed(&e))?;
    if ledger::holds_records(from).map_err(|e| failed(&e))? {
        let mut waiting = Vec::new();
        ledger::each(from, CHANGE, &mut |entry| {
            let at_ms = entry.place.time_ms;
            let change = LoggedChange::new(&LoggedChange::of(entry).draft, None, at_ms);
            waiting.push((Arc::new(change.draft), at_ms));
            if waiting.len() >= BATCH {
                write(&journal, &mut waiting)?;
            }
            Ok(())
        })
        .map_err(|e| failed(&e))?;
        write(&journal, &mut waiting).map_err(|e| failed(&e))?;
    }
    journal.close();
    drop(journal);
    fs::rename(&new, to).map_err(|e| failed(&e))?;
    let parent = to.parent().unwrap_or(to);
    let synced = fs::File::open(parent).and_then(|folder| folder.sync_all());
    synced.map_err(|e| failed(&e))
}

fn write(journal: &Ledger, waiting: &mut Vec<(Arc<Draft>, u64)>) -> Result<(), String> {
    let queued: Vec<_> = waiting
        .drain(..)
        .map(|(draft, time_ms)| journal.queue_at(draft, time_ms))
        .collect();
    for appended in queued {
        let appended = appended.map_err(|e| e.to_string())?;
        appended.wait().map_err(|e| e.to_string())?;
    }
    Ok(())
}
