//! Upstream secrets in files (contract §15): `downstream.secrets_dir` is a folder
//! with one file for each, of its name. Folders as Kubernetes mounts them, where
//! each file is a link below `..data`, are read as they stand at one moment.

use super::policy_files::one;
use super::whole::{FileStamp, whole};
use locum_ambient::files::private;
use locum_core::ids::SecretName;
use locum_core::refusal::quoted;
use locum_core::registry::FieldProblem;
use locum_core::secret::Secret;
use locum_engine::upstream_secrets::{FileSecrets, OpenSecret, VALUE_MAX};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Most files of a folder.
const FILES_MAX: usize = 1_000;

/// Where flaws are.
const PLACE: &str = "/downstream/secrets_dir";

/// What a folder holds.
#[derive(Default)]
pub(crate) struct SecretFiles {
    /// Those that read.
    pub(crate) read: FileSecrets,
    /// The others, with what is wrong with each.
    pub(crate) flaws: Vec<(SecretName, FieldProblem)>,
    /// Names that are none of a secret.
    pub(crate) passed_over: Vec<String>,
}

/// The files of a folder, and whatever else is in it.
#[derive(PartialEq, Eq)]
struct Listed {
    home: PathBuf,
    files: Vec<(SecretName, PathBuf, Option<FileStamp>)>,
    passed_over: Vec<String>,
}

/// Reads a folder.
///
/// # Errors
/// Where the folder itself cannot be read, or moves all the while.
pub(crate) fn read(dir: &Path) -> Result<SecretFiles, Vec<FieldProblem>> {
    let flaw = |detail: String| one(PLACE, format!("`{}`: {detail}", dir.display()));
    let unread = |error: io::Error| flaw(format!("cannot be read: {error}"));
    let moving =
        || flaw("expected files that stand still while they are read, found them changing".into());
    let look = || listed(dir).map_err(unread);
    let read = || {
        let listed = look()?;
        if listed.files.len() > FILES_MAX {
            let found = format!("expected at most {FILES_MAX} files, found more");
            return Err(flaw(found));
        }
        Ok(each(listed))
    };
    whole(look, read, moving)
}

/// The sentence about a name that is none of a secret.
pub(crate) fn no_name(name: &str) -> String {
    format!(
        "`downstream.secrets_dir`: expected files named as secrets are, 1 to 63 of a-z, 0-9 and `-`, found {}, which is passed over",
        quoted(name)
    )
}

/// What there is. Names that begin with a dot are the folder's own.
fn listed(dir: &Path) -> io::Result<Listed> {
    let home = fs::canonicalize(dir)?;
    let (mut files, mut passed_over) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(&home)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        // One more than there may be is enough to say so.
        if files.len() + passed_over.len() > FILES_MAX {
            break;
        }
        let path = home.join(&name);
        match SecretName::parse(&name) {
            Ok(_) if path.is_dir() => passed_over.push(name),
            Ok(name) => files.push((name, path.clone(), FileStamp::at(&path)?)),
            Err(_) => passed_over.push(name),
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    passed_over.sort();
    Ok(Listed {
        home,
        files,
        passed_over,
    })
}

fn each(listed: Listed) -> SecretFiles {
    let mut out = SecretFiles {
        passed_over: listed.passed_over,
        ..SecretFiles::default()
    };
    for (name, path, _) in listed.files {
        match secret(&listed.home, &path) {
            Ok(secret) => drop(out.read.insert(name, Arc::new(secret))),
            Err(detail) => {
                let problem = FieldProblem {
                    pointer: format!("{PLACE}/{name}"),
                    detail: format!("`{}`: {detail}", path.display()),
                };
                out.flaws.push((name, problem));
            }
        }
    }
    out
}

/// One file's secret. Where a link leads out of the folder it is not followed:
/// who may write the folder would have Locum send any file it can read.
fn secret(home: &Path, path: &Path) -> Result<OpenSecret, String> {
    let unread = |error: io::Error| format!("cannot be read: {error}");
    let file = fs::canonicalize(path).map_err(unread)?;
    if !file.starts_with(home) {
        return Err("expected a file within the folder, found a link that leads out of it".into());
    }
    let known = fs::metadata(&file).map_err(unread)?;
    if !known.is_file() {
        return Err("expected a file, found something else".into());
    }
    let since = known.modified().ok();
    let since = since.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let since_ms = since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
    // A line break at the end is no part of a text.
    let text = Secret::new(private(&file, VALUE_MAX + 2)?);
    let secret = OpenSecret::of_file(text.expose(), since_ms);
    secret.map_err(|flaw| flaw.to_string())
}

#[cfg(test)]
mod tests;
