//! The layout of a backup: a tar file with what a data folder needs to be
//! started again (`docs/how-to/back-up.md`).

use locum_core::jcs;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

pub mod restore;
pub(crate) mod take;

/// First entry of a backup: what it is.
const MANIFEST: &str = "locum-backup.json";
/// Version of the layout.
const VERSION: u32 = 2;
/// The version before, whose manifest says nothing of the files beside the
/// ledger. It is restored as well.
const BEFORE: u32 = 1;
/// The folder of the ledger, in the data folder and in the backup.
const LEDGER: &str = "ledger";
/// The folder of the journal of a broker among others.
const JOURNAL: &str = "changes";
/// The file that says in which mode a data folder was made. Restored last:
/// without it no broker starts on the folder.
const MODE: &str = "mode";
/// What else belongs to a folder of the dev world: everything in it is for
/// show, and without it the sealed keys of the copy would not open.
const DEV_FILES: [&str; 2] = ["dev-world.json", "dev-places.json"];
/// Most bytes of a file outside the ledger.
const SMALL: u64 = 1024 * 1024;

/// What a backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    v: u32,
    /// The ledger's tree.
    tree: String,
    /// Records in it.
    records: u64,
    /// Time of the newest, Unix milliseconds.
    last_time_ms: u64,
    /// SHA-256 of every file beside the ledger, by name, in hexadecimal: nothing
    /// in the ledger vouches for these.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// The journal of changes of a broker among others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    journal: Option<BackedUpTree>,
}

/// A tree in a backup.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackedUpTree {
    /// Its name.
    tree: String,
    /// Records in it.
    records: u64,
}

/// SHA-256 of a file, in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    jcs::hex(&Sha256::digest(bytes))
}

/// The mode of a data folder; `None` where none is written.
fn mode(data: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(data.join(MODE)) {
        Ok(text) => Ok(Some(text)),
        Err(flaw) if flaw.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(flaw) => Err(flaw),
    }
}

/// Whether that is the mode of the dev world.
fn is_dev(mode: Option<&[u8]>) -> bool {
    mode.is_some_and(|text| text.trim_ascii() == b"dev")
}

#[cfg(test)]
mod tests;
