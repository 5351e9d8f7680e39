//! Opening: the folder for ourselves, the tree's name, the past, the tail.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use super::error::OpenError;
use super::follower::Follower;
use super::options::LedgerOptions;
use super::{
    disk::Disk,
    identity::{self, Tree},
    map::Contents,
    replay::Replay,
    segment::{self, HEADER},
    snapshot,
    tail::Tail,
};

/// An opened folder.
pub(super) struct FoundLedger {
    /// Held as long as the writer lives.
    pub(super) lock: File,
    pub(super) tree: Tree,
    pub(super) contents: Contents,
    pub(super) tail: Tail,
    pub(super) repaired: u64,
    /// Records and bytes that a snapshot stood for.
    pub(super) resumed: (u64, u64),
}

/// Opens the folder and replays what is in it.
pub(super) fn open(
    options: &LedgerOptions,
    follower: &mut dyn Follower,
    disk: Box<dyn Disk>,
) -> Result<FoundLedger, OpenError> {
    let dir = options.dir.as_path();
    let lock = own(dir, &*disk)?;
    let tree = match identity::read(dir)? {
        Some(tree) => tree,
        None => born(dir, options.tree_seed, &*disk)?,
    };
    let segments = segment::list(dir).map_err(OpenError::io(dir))?;
    let contents = snapshot::resume(dir, &tree, &segments, follower)
        .map_err(OpenError::io(dir))?
        .unwrap_or_default();
    let resumed = (contents.records, contents.bytes());
    let mut replay = Replay {
        dir,
        tree: &tree,
        disk: &*disk,
        follower,
        contents,
        repaired: 0,
        gaps: false,
    };
    replay.run(segments)?;
    let Replay {
        contents, repaired, ..
    } = replay;
    let tail = Tail::resume(disk, dir, &tree, &contents).map_err(OpenError::io(dir))?;
    Ok(FoundLedger {
        lock,
        tree,
        contents,
        tail,
        repaired,
        resumed,
    })
}

/// Makes the folder if need be and locks it. The lock lies on the folder
/// itself: a lock file could be deleted under its holder.
pub(super) fn own(dir: &Path, disk: &dyn Disk) -> Result<File, OpenError> {
    make(dir, disk)?;
    let lock = File::open(dir).map_err(OpenError::io(dir))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.into() }),
        Err(TryLockError::Error(e)) => Err(OpenError::io(dir)(e)),
    }
}

/// Makes the folder, durably with every folder above it that was missing. Ours
/// alone: side records hold personal fields.
fn make(dir: &Path, disk: &dyn Disk) -> Result<(), OpenError> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|d| !d.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(dir).map_err(OpenError::io(dir))?;
    for parent in missing.iter().filter_map(|d| d.parent()) {
        // The parent of a bare name is the working folder.
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        disk.sync_dir(parent).map_err(OpenError::io(parent))?;
    }
    Ok(())
}

/// A new tree, in a folder that holds no record of another.
fn born(dir: &Path, seed: [u8; 10], disk: &dyn Disk) -> Result<Tree, OpenError> {
    if !is_unborn(dir).map_err(OpenError::io(dir))? {
        return Err(OpenError::Damaged {
            path: dir.join("tree"),
            offset: 0,
            reason: "expected the tree's name beside its segments, found none".into(),
        });
    }
    let tree = Tree::from_seed(seed);
    identity::create(dir, &tree, disk).map_err(OpenError::io(dir))?;
    Ok(tree)
}

/// Nothing there, or what a crash at birth can leave.
fn is_unborn(dir: &Path) -> io::Result<bool> {
    match segment::list(dir)?.as_slice() {
        [] => Ok(true),
        [0] => Ok(fs::metadata(segment::path(dir, 0))?.len() <= HEADER),
        _ => Ok(false),
    }
}
