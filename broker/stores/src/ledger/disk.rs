//! The few calls that make bytes durable, behind a seam so that tests can let
//! each of them fail.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

/// What the writer asks of a disk. The methods' bodies are the real disk; a
/// test overrides the call that is to fail.
pub(super) trait Disk: Send + 'static {
    /// An empty file for reading and writing, whatever was there before. Ours
    /// alone: side records hold personal fields.
    fn create(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
    }

    /// An existing file for reading and writing.
    fn open(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(path)
    }

    /// All the bytes at an offset, or an error after some of them.
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    /// `fdatasync`: bytes and length are durable.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Cuts the file.
    fn truncate(&self, file: &File, len: u64) -> io::Result<()> {
        file.set_len(len)
    }

    /// A folder's names are durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

/// The real disk.
pub(super) struct RealDisk;

impl Disk for RealDisk {}

/// Which file it is, whatever its name: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl Identity {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|m| Self(m.dev(), m.ino()))
    }

    /// An error unless the path still names this file: a record in a file
    /// that nobody will find again is no record.
    pub(super) fn check(self, path: &Path) -> io::Result<()> {
        let m = std::fs::metadata(path)?;
        self.expect(Self(m.dev(), m.ino()))
    }

    /// An error unless it is the same file.
    pub(super) fn expect(self, found: Self) -> io::Result<()> {
        if self == found {
            return Ok(());
        }
        Err(io::Error::other(
            "expected the segment that was opened, found another file under its name",
        ))
    }
}
