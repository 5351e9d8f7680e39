//! The tree's name: given at birth, in a small file beside the segments and
//! in every segment's header, so that segments of two trees never mix.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::error::OpenError;
use super::{disk::Disk, segment};

pub(super) const FILE: &str = "tree";
const NEW: &str = "tree.new";
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Sixteen characters of lower-case base32 (RFC 4648 §6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree(String);

impl Tree {
    /// The name that ten random bytes make.
    pub(super) fn from_seed(seed: [u8; 10]) -> Self {
        // INVARIANT: 80 bits are 16 groups of five, each below 32.
        let bits = seed.iter().fold(0u128, |all, b| all << 8 | u128::from(*b));
        let digit = |place: u32| ALPHABET.get((bits >> (75 - 5 * place) & 31) as usize);
        let digits = (0..16).filter_map(digit);
        Self(digits.map(|b| char::from(*b)).collect())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The tree of that name, `None` when it is none.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::parse(&format!("{name}\n"))
    }

    fn parse(text: &str) -> Option<Self> {
        let name = text.strip_suffix('\n')?;
        let good = name.len() == 16 && name.bytes().all(|b| ALPHABET.contains(&b));
        good.then(|| Self(name.to_owned()))
    }
}

/// The ten bytes that make a tree of that name, `None` when it is no name.
#[must_use]
pub fn seed_of(name: &str) -> Option<[u8; 10]> {
    let Tree(name) = Tree::named(name)?;
    let digit = |b: u8| ALPHABET.iter().position(|digit| *digit == b);
    let mut bits = 0u128;
    for b in name.bytes() {
        bits = bits << 5 | digit(b)? as u128;
    }
    let (_, seed) = bits
        .to_be_bytes()
        .split_last_chunk::<10>()
        .map(|(a, b)| (a.len(), *b))?;
    Some(seed)
}

/// The path of the name's file.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// The tree of a folder, `None` when none was born there yet.
pub(super) fn read(dir: &Path) -> Result<Option<Tree>, OpenError> {
    let path = path(dir);
    match fs::read_to_string(&path) {
        Ok(text) => match Tree::parse(&text) {
            Some(tree) => Ok(Some(tree)),
            None => Err(OpenError::Damaged {
                path,
                offset: 0,
                reason: "expected 16 base32 characters and a line feed".into(),
            }),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpenError::Io { path, source }),
    }
}

/// Gives birth to a ledger: the first segment, then the name. In this order a
/// name without segments is always a loss and never a crash at birth.
pub(super) fn create(dir: &Path, tree: &Tree, disk: &dyn Disk) -> io::Result<()> {
    let first = disk.create(&segment::path(dir, 0))?;
    disk.write(&first, &segment::header(tree, 0), 0)?;
    disk.sync(&first)?;
    disk.sync_dir(dir)?;
    let new = dir.join(NEW);
    let file = disk.create(&new)?;
    disk.write(&file, format!("{}\n", tree.0).as_bytes(), 0)?;
    disk.sync(&file)?;
    fs::rename(&new, dir.join(FILE))?;
    disk.sync_dir(dir)
}
