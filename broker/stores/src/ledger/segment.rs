//! Segment files: their names and their forty-byte header
//! (`docs/reference/ledger-format.md`, "Segment").

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{frame::Frames, identity::Tree};

/// Bytes ahead of the first frame.
pub(super) const HEADER: u64 = 40;
const MAGIC: &[u8; 8] = b"LOCUMLDG";
const VERSION: u32 = 1;
const SUFFIX: &str = ".seg";
/// What is read from a segment at once.
const CHUNK: usize = 64 * 1024;

/// The path of the segment whose first record has this index.
pub(super) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}{SUFFIX}"))
}

/// The header's bytes: magic, version, tree, first index, checksum.
pub(super) fn header(tree: &Tree, first: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER as usize);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(tree.as_str().as_bytes());
    out.extend_from_slice(&first.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
    out
}

/// Whether the file begins with exactly this segment's header.
pub(super) fn has_header(file: &mut File, tree: &Tree, first: u64) -> io::Result<bool> {
    let mut found = Vec::with_capacity(HEADER as usize);
    file.seek(SeekFrom::Start(0))?;
    file.take(HEADER).read_to_end(&mut found)?;
    Ok(found == header(tree, first))
}

/// The frames of a segment between two offsets.
pub(super) fn frames(mut file: File, start: u64, end: u64) -> io::Result<Frames<BufReader<File>>> {
    file.seek(SeekFrom::Start(start))?;
    Ok(Frames::new(
        BufReader::with_capacity(CHUNK, file),
        start,
        end,
    ))
}

/// First indexes of the segments in a folder, in order.
///
/// # Errors
/// Also for a name that ends like a segment's and is none: nobody knows what
/// it was to be.
pub(super) fn list(dir: &Path) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(dir)? {
        let name = item?.file_name();
        let name = name.to_string_lossy();
        let Some(digits) = name.strip_suffix(SUFFIX) else {
            continue;
        };
        let first = digits
            .parse()
            .ok()
            .filter(|n: &u64| format!("{n:020}") == digits);
        found.push(first.ok_or_else(|| {
            io::Error::other(format!(
                "expected twenty digits and `{SUFFIX}`, found `{name}`"
            ))
        })?);
    }
    found.sort_unstable();
    Ok(found)
}
