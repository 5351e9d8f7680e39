//! A data folder carries its mode (contract §3): what was made by `dev` is
//! never opened by `serve`, and the other way round.

use super::files;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the file in a data folder that says its mode.
pub(crate) const MODE_FILE: &str = "mode";
/// Its content in a folder of the dev world.
pub(crate) const DEV: &str = "dev";

/// Why a folder cannot be the dev world's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModeFlaw {
    /// The folder belongs to another mode.
    #[error("expected a data folder of mode `dev`, found mode `{found}` in `{}`", data.display())]
    Other {
        /// What the folder says.
        found: String,
        /// The folder.
        data: PathBuf,
    },
    /// The folder holds something, but no mode.
    #[error("expected an empty folder or a data folder of mode `dev`, found other files in `{}`", .0.display())]
    NotOurs(PathBuf),
    /// The file system failed.
    #[error("cannot use the data folder `{}`: {flaw}", data.display())]
    Io {
        /// The folder.
        data: PathBuf,
        /// What went wrong.
        flaw: io::Error,
    },
}

/// Makes the folder if need be (0700) and claims it for the dev world. To be
/// called before anything else is put there.
///
/// # Errors
/// [`ModeFlaw`]: another mode, a folder of somebody else's, the file system.
pub(crate) fn claim(data: &Path) -> Result<(), ModeFlaw> {
    let io = |flaw| ModeFlaw::Io {
        data: data.to_owned(),
        flaw,
    };
    make_folder(data).map_err(io)?;
    match std::fs::read_to_string(data.join(MODE_FILE)) {
        Ok(found) if found.trim() == DEV => Ok(()),
        Ok(found) => {
            let found = found.trim().chars().take(32).collect();
            Err(ModeFlaw::Other {
                found,
                data: data.to_owned(),
            })
        }
        Err(flaw) if flaw.kind() == io::ErrorKind::NotFound => {
            if is_vacant(data).map_err(io)? {
                files::write_private(&data.join(MODE_FILE), DEV.as_bytes()).map_err(io)
            } else {
                Err(ModeFlaw::NotOurs(data.to_owned()))
            }
        }
        Err(flaw) => Err(io(flaw)),
    }
}

fn make_folder(data: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
}

/// Whether nothing is in the folder but what a start that was cut short leaves.
fn is_vacant(data: &Path) -> io::Result<bool> {
    for entry in std::fs::read_dir(data)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with("dev-") || name == "lost+found") {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_new_folder_is_claimed_and_may_be_opened_again() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("a/b");
        claim(&data).unwrap();
        assert_eq!(
            std::fs::read_to_string(data.join(MODE_FILE)).unwrap(),
            "dev"
        );
        std::fs::write(data.join("ledger"), b"").unwrap();
        claim(&data).unwrap();
    }

    #[test]
    fn a_folder_of_another_mode_is_refused() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(MODE_FILE), "serve\n").unwrap();
        let flaw = claim(data.path()).unwrap_err().to_string();
        assert!(flaw.contains("found mode `serve`"), "{flaw}");
    }

    #[test]
    fn a_folder_with_other_files_and_no_mode_is_refused() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("thesis.txt"), b"").unwrap();
        assert!(matches!(claim(data.path()), Err(ModeFlaw::NotOurs(_))));
    }
}
