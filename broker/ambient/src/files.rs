//! Files that somebody else wrote, read within a bound.

mod private;
mod write;

pub use private::private;
pub use write::write_private;

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A file's text, unless there is more of it than `most` bytes: a path may name
/// a device without an end.
///
/// # Errors
/// Why there is none, in words.
pub fn bounded(file: &Path, most: usize) -> Result<String, String> {
    let open = File::open(file);
    bounded_from(
        open.map_err(|flaw| format!("cannot be read: {flaw}"))?,
        most,
    )
}

/// The same of a file that is open.
///
/// # Errors
/// Why there is none, in words.
pub fn bounded_from(file: File, most: usize) -> Result<String, String> {
    let mut text = String::new();
    let more = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    match file.take(more).read_to_string(&mut text) {
        Ok(length) if length <= most => Ok(text),
        Ok(_) => Err(format!("expected at most {most} bytes, found more")),
        Err(flaw) => Err(format!("cannot be read: {flaw}")),
    }
}
