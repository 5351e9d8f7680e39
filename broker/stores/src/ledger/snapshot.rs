//! Snapshots: the folded state and the map, kept beside the segments so that a
//! start need not read every record again. A snapshot counts once a later
//! record vouches for its hash (`docs/reference/ledger-format.md`, "Snapshot").

use std::{
    fs::{self, File},
    io::{self, Write},
    ops::Range,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use locum_core::record::{Draft, leaf_hash};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::follower::Follower;
use super::{
    entry,
    identity::Tree,
    map::Contents,
    segment::{self, HEADER},
};

/// The record type of what vouches for a snapshot.
pub const SNAPSHOT: &str = "snapshot";

const MAGIC: &[u8; 8] = b"LOCUMSNP";
const VERSION: u32 = 1;
/// Magic, version, tree and length of the map.
const HEAD: usize = 36;
const SUFFIX: &str = ".snap";
const NEW: &str = "snap.new";
/// How a vouching record ends.
const VOUCHER_END: &[u8] = b"\"type\":\"snapshot\",\"v\":1}";

/// The path of the snapshot that stands for so many records.
pub(super) fn path(dir: &Path, records: u64) -> PathBuf {
    dir.join(format!("{records:020}{SUFFIX}"))
}

/// For how many records each snapshot of a folder stands, newest first. What
/// else has such a name is none.
pub(super) fn list(dir: &Path) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir)? {
        let name = item?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        let records = digits.and_then(|digits| digits.parse().ok());
        found.extend(records.filter(|n: &u64| Some(format!("{n:020}").as_str()) == digits));
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found)
}

/// Writes a snapshot durably, ours alone, and gives the draft that vouches for
/// it.
pub(super) fn write(
    dir: &Path,
    tree: &Tree,
    contents: &Contents,
    state: &[u8],
) -> io::Result<Draft> {
    let map = contents.encode();
    let mut head = Vec::with_capacity(HEAD);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(tree.as_str().as_bytes());
    head.extend_from_slice(&(map.len() as u64).to_le_bytes());
    let parts = [&head[..], &map, state];
    if let Err(flaw) = write_file(dir, &path(dir, contents.records), parts) {
        // Half a snapshot would only take room that the records need.
        let _ = fs::remove_file(dir.join(NEW));
        return Err(flaw);
    }
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    let hash = locum_core::jcs::hex(&hash.finalize());
    // A salt hides what could be guessed; nobody guesses a hash.
    let [salt, _] = halves(leaf_hash(hash.as_bytes()));
    Ok(Draft::new(
        SNAPSHOT,
        salt,
        json!({"records": contents.records, "sha256": hash}),
        None,
    ))
}

fn write_file(dir: &Path, path: &Path, parts: [&[u8]; 3]) -> io::Result<()> {
    let new = dir.join(NEW);
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_data()?;
    fs::rename(&new, path)?;
    File::open(dir)?.sync_all()
}

fn halves(hash: [u8; 32]) -> [[u8; 16]; 2] {
    let mut out = [[0; 16]; 2];
    for (to, from) in out.iter_mut().flatten().zip(hash) {
        *to = from;
    }
    out
}

/// Leaves the newest two, ahead of a third; what cannot be removed now is
/// removed another time.
pub(super) fn prune(dir: &Path) {
    for old in list(dir).unwrap_or_default().into_iter().skip(2) {
        let _ = fs::remove_file(path(dir, old));
    }
}

/// The newest snapshot that holds, taken over by the follower: what it knows of
/// the segments. `None`: every record is to be replayed.
pub(super) fn resume(
    dir: &Path,
    tree: &Tree,
    segments: &[u64],
    follower: &mut dyn Follower,
) -> io::Result<Option<Contents>> {
    // What a crash left half written.
    let _ = fs::remove_file(dir.join(NEW));
    for records in list(dir)? {
        let path = path(dir, records);
        match load(&path, dir, tree, segments, follower) {
            Ok(contents) => return Ok(Some(contents)),
            Err(reason) => tracing::warn!(
                path = %path.display(), reason,
                "a snapshot does not hold: what it stands for is read again"
            ),
        }
    }
    Ok(None)
}

fn load(
    path: &Path,
    dir: &Path,
    tree: &Tree,
    segments: &[u64],
    follower: &mut dyn Follower,
) -> Result<Contents, String> {
    let bytes = fs::read(path).map_err(|e| e.to_string())?;
    let (contents, state) = parse(&bytes, tree).ok_or("expected a snapshot, found other bytes")?;
    if *path != self::path(dir, contents.records) {
        return Err("expected the number of records in its name, found another".into());
    }
    let sealed = fits(&contents, dir, tree, segments).map_err(|e| e.to_string())?;
    if !sealed {
        return Err("expected the segments it stands for, found others".into());
    }
    let hash = locum_core::jcs::hex(&Sha256::digest(&bytes));
    if !is_vouched_for(dir, tree, segments, &contents, &hash).map_err(|e| e.to_string())? {
        return Err("expected a record that vouches for its hash, found none".into());
    }
    let state = bytes.get(state).unwrap_or_default();
    follower.restore(state)?;
    Ok(contents)
}

/// The map, and where the state lies.
fn parse(bytes: &[u8], tree: &Tree) -> Option<(Contents, Range<usize>)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let rest = rest.strip_prefix(&VERSION.to_le_bytes())?;
    let rest = rest.strip_prefix(tree.as_str().as_bytes())?;
    let (len, rest) = rest.split_first_chunk::<8>()?;
    let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
    let (map, _) = rest.split_at_checked(len)?;
    Some((Contents::decode(map)?, HEAD + len..bytes.len()))
}

/// Whether the segments are there, with their headers, each as long as the
/// snapshot knows it; the newest of them may have grown.
fn fits(contents: &Contents, dir: &Path, tree: &Tree, segments: &[u64]) -> io::Result<bool> {
    let known: Vec<(u64, u64)> = contents.segments().collect();
    let firsts: Vec<u64> = known.iter().map(|(first, _)| *first).collect();
    if firsts.is_empty() || !segments.starts_with(&firsts) {
        return Ok(false);
    }
    for (place, (first, end)) in known.iter().enumerate() {
        let mut file = File::open(segment::path(dir, *first))?;
        let len = file.metadata()?.len();
        let grows = place + 1 == known.len();
        let long = len == *end || grows && len > *end;
        if !long || *end < HEADER || !segment::has_header(&mut file, tree, *first)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Looks for the record that vouches for a snapshot: it comes soon after what
/// the snapshot stands for. A bad frame ends the search; replaying says why.
fn is_vouched_for(
    dir: &Path,
    tree: &Tree,
    segments: &[u64],
    contents: &Contents,
    hash: &str,
) -> io::Result<bool> {
    let Some((tail, end)) = contents.tail() else {
        return Ok(false);
    };
    let mut index = contents.records;
    for first in segments.iter().filter(|first| **first >= tail) {
        let start = if *first == tail { end } else { HEADER };
        let file = File::open(segment::path(dir, *first))?;
        let len = file.metadata()?.len();
        let mut frames = segment::frames(file, start, len)?;
        while let Ok(Some(frame)) = frames.next() {
            if frame.record.ends_with(VOUCHER_END)
                && let Ok(entry) = entry::decode(&frame, tree, index)
                && entry.body.get("records").and_then(Value::as_u64) == Some(contents.records)
            {
                return Ok(entry.body.get("sha256").and_then(Value::as_str) == Some(hash));
            }
            index += 1;
        }
    }
    Ok(false)
}
