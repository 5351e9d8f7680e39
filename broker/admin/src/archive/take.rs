//! Taking a backup while serving.

use super::{
    BackedUpTree, DEV_FILES, JOURNAL, LEDGER, MANIFEST, MODE, Manifest, VERSION, digest, is_dev,
    mode,
};
use axum::body::{Body, Bytes};
use futures_core::Stream;
use locum_stores::ledger::{BackupParts, Ledger, Part};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Bytes that are sent at once.
const CHUNK: usize = 64 * 1024;
/// Chunks that may wait for a slow reader.
const WAITING: usize = 4;

/// A backup of the data folder as it is now, as a body that is made while it
/// is read. A body that ends with an error is no backup.
///
/// # Errors
/// When the ledger's folder cannot be read.
pub(crate) fn body(
    (ledger, journal): (&Ledger, Option<&Ledger>),
    data: PathBuf,
) -> io::Result<Body> {
    let parts = ledger.parts()?;
    // Later: it has whatever the decisions rest on.
    let journal = journal.map(Ledger::parts).transpose()?;
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(CHUNK, Sender(sender.clone()));
        let written = write((&parts, journal.as_ref()), &data, &mut out);
        let written = written.and_then(|()| out.flush());
        if let Err(error) = written {
            tracing::warn!(%error, "a backup was cut short");
            // Nobody hears it who has hung up.
            let _ = sender.blocking_send(Err(error));
        }
    });
    Ok(Body::from_stream(Chunks(receiver)))
}

/// Writes the backup of these parts.
///
/// # Errors
/// Whatever the file system or the writer says.
pub(super) fn write(
    (parts, journal): (&BackupParts, Option<&BackupParts>),
    data: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut tar = tar::Builder::new(out);
    let mode = mode(data)?;
    let mut beside = Vec::new();
    if is_dev(mode.as_deref()) {
        for name in DEV_FILES {
            beside.push((name, std::fs::read(data.join(name))?));
        }
    }
    let all = beside.iter().map(|(name, bytes)| (*name, bytes));
    let all = all.chain(mode.iter().map(|mode| (MODE, mode)));
    let manifest = Manifest {
        v: VERSION,
        tree: parts.tree.clone(),
        records: parts.records,
        last_time_ms: parts.last_time_ms,
        files: all
            .map(|(name, bytes)| (name.into(), digest(bytes)))
            .collect(),
        journal: journal.map(|journal| BackedUpTree {
            tree: journal.tree.clone(),
            records: journal.records,
        }),
    };
    add(&mut tar, MANIFEST, &serde_json::to_vec(&manifest)?)?;
    for (name, bytes) in &beside {
        add(&mut tar, name, bytes)?;
    }
    for part in &parts.files {
        add_part(&mut tar, LEDGER, part)?;
    }
    for part in journal.iter().flat_map(|journal| &journal.files) {
        add_part(&mut tar, JOURNAL, part)?;
    }
    if let Some(mode) = mode {
        add(&mut tar, MODE, &mode)?;
    }
    tar.finish()
}

fn header(bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header
}

fn add(tar: &mut tar::Builder<&mut dyn Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    tar.append_data(&mut header(bytes.len() as u64), name, bytes)
}

fn add_part(tar: &mut tar::Builder<&mut dyn Write>, folder: &str, part: &Part) -> io::Result<()> {
    let file = match File::open(&part.path) {
        Ok(file) => file,
        Err(flaw) if part.spare && flaw.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(flaw) => return Err(flaw),
    };
    let name = format!("{folder}/{}", part.name);
    let mut bytes = Exactly {
        file,
        left: part.bytes,
    };
    tar.append_data(&mut header(part.bytes), name, &mut bytes)
}

/// Reads so many bytes, and fails where the file ends before.
struct Exactly {
    file: File,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = buffer.len().min(most);
        let read = self.file.read(buffer.get_mut(..most).unwrap_or_default())?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Hands bytes from a blocking thread to the body.
struct Sender(mpsc::Sender<io::Result<Bytes>>);

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The body's end of it.
struct Chunks(mpsc::Receiver<io::Result<Bytes>>);

impl Stream for Chunks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
