//! `locum restore FILE --data DIR`: lays a backup out again.

use super::{
    BEFORE, DEV_FILES, JOURNAL, LEDGER, MANIFEST, MODE, Manifest, SMALL, VERSION, digest, is_dev,
};
use locum_stores::ledger::{self, Opened};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Why a backup is not laid out.
#[derive(Debug, thiserror::Error)]
pub enum RestoreFlaw {
    /// The folder holds something.
    #[error("expected a folder that is empty or missing, found other files in `{}`", .0.display())]
    NotEmpty(PathBuf),
    /// The file is no backup, or not a whole one.
    #[error("expected a backup in `{}`: {reason}", file.display())]
    NoBackup {
        /// The file.
        file: PathBuf,
        /// Expected and found.
        reason: String,
    },
    /// The ledger in it is damaged.
    #[error("the ledger in the backup is damaged: {0}")]
    Damaged(#[from] ledger::OpenError),
    /// The operating system said no.
    #[error("cannot lay the backup out: {0}")]
    Io(#[from] io::Error),
}

/// Lays a backup out in a folder that is empty or missing, reads every record
/// of it and only then makes the folder one that a broker starts on. What does
/// not hold is removed again.
///
/// # Errors
/// [`RestoreFlaw`].
pub fn restore(file: &Path, data: &Path) -> Result<Opened, RestoreFlaw> {
    let source = File::open(file)?;
    let mut folder = DirBuilder::new();
    folder.recursive(true).mode(0o700);
    folder.create(data)?;
    if fs::read_dir(data)?.next().is_some() {
        return Err(RestoreFlaw::NotEmpty(data.to_owned()));
    }
    let laid_out = lay_out(source, file, data);
    if laid_out.is_err() {
        clear(data);
    }
    laid_out
}

fn lay_out(source: File, file: &Path, data: &Path) -> Result<Opened, RestoreFlaw> {
    let wrong = |reason: String| RestoreFlaw::NoBackup {
        file: file.to_owned(),
        reason,
    };
    let mut archive = tar::Archive::new(source);
    let mut entries = archive.entries()?;
    let first = entries
        .next()
        .transpose()
        .map_err(|e| wrong(e.to_string()))?;
    let manifest = first.map(|entry| manifest(entry)).transpose();
    let manifest = manifest.map_err(wrong)?;
    let manifest = manifest.ok_or_else(|| wrong("expected an entry, found none".into()))?;
    let (ledger, journal) = (data.join(LEDGER), data.join(JOURNAL));
    DirBuilder::new().mode(0o700).create(&ledger)?;
    if manifest.journal.is_some() {
        DirBuilder::new().mode(0o700).create(&journal)?;
    }
    let mut beside = BTreeMap::new();
    for entry in entries {
        let mut entry = entry.map_err(|e| wrong(e.to_string()))?;
        let name = name(&entry).map_err(wrong)?;
        let of_journal = name.starts_with(JOURNAL);
        if of_journal && manifest.journal.is_none() {
            return Err(wrong(format!("expected no journal, found `{name}`")));
        }
        if name.starts_with(LEDGER) || of_journal {
            write(&data.join(&name), &mut entry).map_err(|e| wrong(format!("`{name}`: {e}")))?;
            continue;
        }
        let bytes = small(&mut entry).map_err(wrong)?;
        if beside.insert(name.clone(), bytes).is_some() {
            return Err(wrong(format!("expected `{name}` once, found it twice")));
        }
    }
    vouched(&beside, &manifest).map_err(wrong)?;
    // A backup that was cut short ends before its mode.
    let mode = beside.remove(MODE);
    let mode = mode.ok_or_else(|| wrong("expected its last entry, found its end".into()))?;
    if is_dev(Some(&mode)) == beside.is_empty() {
        let detail = "expected the files of the dev world with the mode `dev` and with no other";
        return Err(wrong(format!("{detail}, found it otherwise")));
    }
    for (name, bytes) in &beside {
        write(&data.join(name), &mut bytes.as_slice())?;
    }
    let found = ledger::verify(&ledger)?;
    agrees(&found, (&manifest.tree, manifest.records)).map_err(wrong)?;
    sync(&ledger)?;
    if let Some(expected) = &manifest.journal {
        let found = ledger::verify(&journal)?;
        agrees(&found, (&expected.tree, expected.records)).map_err(wrong)?;
        sync(&journal)?;
    }
    sync(data)?;
    write(&data.join(MODE), &mut mode.as_slice())?;
    sync(data)?;
    Ok(found)
}

/// What stands beside the ledger is what the manifest says, all of it. That of
/// the version before says nothing.
fn vouched(beside: &BTreeMap<String, Vec<u8>>, manifest: &Manifest) -> Result<(), String> {
    if manifest.v == BEFORE {
        return Ok(());
    }
    let missing = manifest
        .files
        .keys()
        .find(|name| !beside.contains_key(*name));
    if let Some(name) = missing {
        return Err(format!("expected `{name}`, found its end"));
    }
    for (name, bytes) in beside {
        if manifest.files.get(name) != Some(&digest(bytes)) {
            return Err(format!(
                "expected `{name}` as the manifest has it, found another"
            ));
        }
    }
    Ok(())
}

fn agrees(found: &Opened, (tree, records): (&str, u64)) -> Result<(), String> {
    let expected = (records, tree, 0);
    let found = (found.records, found.tree.as_str(), found.repaired_bytes);
    if found == expected {
        return Ok(());
    }
    Err(format!(
        "expected {} whole records of tree `{}`, found {} of `{}`",
        expected.0, expected.1, found.0, found.1
    ))
}

fn manifest(mut entry: tar::Entry<'_, File>) -> Result<Manifest, String> {
    if entry.path_bytes() != MANIFEST.as_bytes() {
        return Err(format!(
            "expected `{MANIFEST}` as its first entry, found another"
        ));
    }
    let manifest: Manifest =
        serde_json::from_slice(&small(&mut entry)?).map_err(|e| e.to_string())?;
    if ![BEFORE, VERSION].contains(&manifest.v) {
        let found = manifest.v;
        return Err(format!("expected version `{VERSION}`, found `{found}`"));
    }
    Ok(manifest)
}

/// The name of an entry: one of ours and a plain file.
fn name(entry: &tar::Entry<'_, File>) -> Result<String, String> {
    let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let below = |folder: &str| name.strip_prefix(folder).and_then(|n| n.strip_prefix('/'));
    let of_ledger = below(LEDGER).or_else(|| below(JOURNAL));
    let known = match of_ledger {
        Some(part) => ledger::is_part(part),
        None => name == MODE || DEV_FILES.contains(&name.as_str()),
    };
    if known && entry.header().entry_type().is_file() {
        return Ok(name);
    }
    Err(format!(
        "expected files of a backup only, found `{}`",
        name.escape_debug()
    ))
}

fn small(entry: &mut tar::Entry<'_, File>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    entry
        .take(SMALL)
        .read_to_end(&mut bytes)
        .map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// Writes one file durably, ours alone; one of that name must not be there.
fn write(path: &Path, from: &mut dyn Read) -> io::Result<()> {
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    io::copy(from, &mut file)?;
    file.flush()?;
    file.sync_all()
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Best effort: what stays has no mode, so that no broker starts on it.
fn clear(data: &Path) {
    let _ = fs::remove_file(data.join(MODE));
    let _ = fs::remove_dir_all(data.join(LEDGER));
    let _ = fs::remove_dir_all(data.join(JOURNAL));
    for name in DEV_FILES {
        let _ = fs::remove_file(data.join(name));
    }
}
