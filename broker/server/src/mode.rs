//! A data folder carries its mode (contract §3): what was made by `dev` is
//! never opened by `serve`, and the other way round.

use locum_ambient::files::write_private;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the file in a data folder that says its mode.
pub(crate) const MODE_FILE: &str = "mode";

/// Who works in a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The dev world.
    #[cfg_attr(
        all(not(feature = "demo"), not(test)),
        expect(dead_code, reason = "a folder of it is still told apart")
    )]
    Dev,
    /// Production.
    Serve,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Serve => "serve",
        }
    }

    /// Whether what lies in a folder without a mode may be there before it is
    /// claimed: what a start that was cut short leaves; beside the records of
    /// `serve` also what an operator put there.
    fn bears(self, name: &str) -> bool {
        match self {
            Self::Dev => name.starts_with("dev-") || name == "lost+found",
            Self::Serve => name != "ledger" && !name.starts_with("dev-world"),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModeFlaw {
    /// The folder belongs to another mode.
    #[error("expected a data folder of mode `{wanted}`, found mode `{found}` in `{}`", data.display())]
    Other {
        /// Who wants it.
        wanted: Mode,
        /// What the folder says.
        found: String,
        /// The folder.
        data: PathBuf,
    },
    /// The folder holds something, but no mode.
    #[error("expected an empty folder or a data folder of mode `{wanted}`, found other files in `{}`", data.display())]
    NotOurs {
        /// Who wants it.
        wanted: Mode,
        /// The folder.
        data: PathBuf,
    },
    /// The file system failed.
    #[error("cannot use the data folder `{}`: {flaw}", data.display())]
    Io {
        /// The folder.
        data: PathBuf,
        /// What went wrong.
        flaw: io::Error,
    },
}

/// Makes the folder if need be (0700) and claims it for a mode. To be
/// called before anything else is put there.
///
/// # Errors
/// [`ModeFlaw`]: another mode, a folder of somebody else's, the file system.
pub(crate) fn claim(data: &Path, wanted: Mode) -> Result<(), ModeFlaw> {
    let io = |flaw| ModeFlaw::Io {
        data: data.to_owned(),
        flaw,
    };
    make_folder(data).map_err(io)?;
    match std::fs::read_to_string(data.join(MODE_FILE)) {
        Ok(found) if found.trim() == wanted.name() => Ok(()),
        Ok(found) => {
            let found = found.trim().chars().take(32).collect();
            Err(ModeFlaw::Other {
                wanted,
                found,
                data: data.to_owned(),
            })
        }
        Err(flaw) if flaw.kind() == io::ErrorKind::NotFound => {
            if !is_vacant(data, wanted).map_err(io)? {
                let data = data.to_owned();
                return Err(ModeFlaw::NotOurs { wanted, data });
            }
            write_private(&data.join(MODE_FILE), wanted.name().as_bytes()).map_err(io)
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

/// Whether nothing is in the folder but what the mode bears there.
fn is_vacant(data: &Path, wanted: Mode) -> io::Result<bool> {
    for entry in std::fs::read_dir(data)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if !wanted.bears(&name) {
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
        claim(&data, Mode::Dev).unwrap();
        assert_eq!(
            std::fs::read_to_string(data.join(MODE_FILE)).unwrap(),
            "dev"
        );
        std::fs::write(data.join("ledger"), b"").unwrap();
        claim(&data, Mode::Dev).unwrap();
    }

    #[test]
    fn a_folder_of_another_mode_is_refused() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(MODE_FILE), "serve\n").unwrap();
        let flaw = claim(data.path(), Mode::Dev).unwrap_err().to_string();
        assert!(flaw.contains("found mode `serve`"), "{flaw}");
        let other = tempfile::tempdir().unwrap();
        claim(other.path(), Mode::Dev).unwrap();
        let flaw = claim(other.path(), Mode::Serve).unwrap_err().to_string();
        assert!(flaw.contains("mode `serve`, found mode `dev`"), "{flaw}");
    }

    #[test]
    fn a_folder_with_other_files_and_no_mode_is_refused() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("thesis.txt"), b"").unwrap();
        let flaw = claim(data.path(), Mode::Dev);
        assert!(matches!(flaw, Err(ModeFlaw::NotOurs { .. })));
        claim(data.path(), Mode::Serve).unwrap();
    }

    #[test]
    fn records_without_a_mode_are_nobodys_to_serve() {
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir(data.path().join("ledger")).unwrap();
        let flaw = claim(data.path(), Mode::Serve);
        assert!(matches!(flaw, Err(ModeFlaw::NotOurs { .. })));
    }
}
