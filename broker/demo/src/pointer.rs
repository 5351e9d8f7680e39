//! Where this user's last dev world keeps its data, so that `locum dev env`
//! finds it without being told.

use locum_ambient::files::write_private;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Name of the pointer in a folder that is this user's alone.
const NAME: &str = "locum-dev";
/// Longest path that is read, in bytes.
const PATH_MAX: u64 = 4096;

/// Why the pointer does not lead to a dev world.
#[derive(Debug, thiserror::Error)]
pub enum PointerFlaw {
    /// There is none.
    #[error("expected a running dev world, found none; start one with: locum dev")]
    Absent,
    /// Somebody else could have written it.
    #[error("expected `{}` to be a file of yours alone, found {found}; remove it or name the data folder with --data", path.display())]
    Foreign {
        /// The pointer.
        path: PathBuf,
        /// What it is instead.
        found: &'static str,
    },
    /// The file system failed.
    #[error("cannot use `{}`: {flaw}", path.display())]
    Io {
        /// The pointer.
        path: PathBuf,
        /// What went wrong.
        flaw: io::Error,
    },
}

/// Where the pointer is: `$XDG_RUNTIME_DIR/locum-dev`, else
/// `locum-dev-<uid>` in the folder for temporary files.
///
/// # Errors
/// When nothing can be written into that folder.
pub fn place() -> Result<PathBuf, PointerFlaw> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one thing `dev` takes from the environment by itself"
    )]
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    match runtime.filter(|dir| dir.is_absolute() && dir.is_dir()) {
        Some(dir) => Ok(dir.join(NAME)),
        None => {
            let dir = std::env::temp_dir();
            let uid = own_uid(&dir).map_err(|flaw| PointerFlaw::Io {
                path: dir.clone(),
                flaw,
            })?;
            Ok(dir.join(format!("{NAME}-{uid}")))
        }
    }
}

/// Points to a data folder.
///
/// # Errors
/// [`PointerFlaw::Io`]; a dev world runs just as well without.
pub fn write(place: &Path, data: &Path) -> Result<(), PointerFlaw> {
    let io = |flaw| PointerFlaw::Io {
        path: place.to_owned(),
        flaw,
    };
    let data = std::path::absolute(data).map_err(io)?;
    write_private(place, data.as_os_str().as_encoded_bytes()).map_err(io)
}

/// The data folder pointed to.
///
/// # Errors
/// [`PointerFlaw`]: no pointer, or one that another user may have laid.
pub fn read(place: &Path) -> Result<PathBuf, PointerFlaw> {
    let io = |flaw: io::Error| match flaw.kind() {
        io::ErrorKind::NotFound => PointerFlaw::Absent,
        _ => PointerFlaw::Io {
            path: place.to_owned(),
            flaw,
        },
    };
    let foreign = |found| PointerFlaw::Foreign {
        path: place.to_owned(),
        found,
    };
    // Not followed: a link could make us trust a file elsewhere.
    let meta = std::fs::symlink_metadata(place).map_err(io)?;
    if !meta.file_type().is_file() {
        return Err(foreign("something that is no plain file"));
    }
    let folder = place.parent().unwrap_or(Path::new("/"));
    if meta.uid() != own_uid(folder).map_err(io)? {
        return Err(foreign("a file of another user"));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(foreign("a file that others may read or write"));
    }
    if meta.len() > PATH_MAX {
        return Err(foreign("a file too long for a path"));
    }
    Ok(PathBuf::from(std::fs::read_to_string(place).map_err(io)?))
}

/// Takes the pointer away if it still leads to this data folder.
pub fn forget(place: &Path, data: &Path) {
    let ours = std::path::absolute(data).ok();
    if read(place).ok().is_some_and(|found| Some(found) == ours) {
        // Gone already is as good.
        let _ = std::fs::remove_file(place);
    }
}

/// Our user id, read off a file made just now: there is no safe call for it.
fn own_uid(folder: &Path) -> io::Result<u32> {
    Ok(tempfile::tempfile_in(folder)?.metadata()?.uid())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_pointer_leads_to_the_data_until_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join(NAME);
        assert!(matches!(read(&place), Err(PointerFlaw::Absent)));
        write(&place, Path::new("/one")).unwrap();
        write(&place, Path::new("/two")).unwrap();
        assert_eq!(read(&place).unwrap(), Path::new("/two"));
        forget(&place, Path::new("/one"));
        assert_eq!(
            read(&place).unwrap(),
            Path::new("/two"),
            "another world's pointer stays"
        );
        forget(&place, Path::new("/two"));
        assert!(matches!(read(&place), Err(PointerFlaw::Absent)));
    }

    #[test]
    fn a_pointer_that_others_may_write_or_that_is_a_link_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join(NAME);
        write(&place, Path::new("/data")).unwrap();
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&place, &link).unwrap();
        assert!(matches!(read(&link), Err(PointerFlaw::Foreign { .. })));
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(read(&place), Err(PointerFlaw::Foreign { .. })));
    }
}
