//! The folder of policies (`policy.dir`).

use super::whole::{FileStamp, whole};
use locum_ambient::files::bounded;
use locum_core::registry::FieldProblem;
use locum_policy::{Bundle, TEXT_MAX};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The bundle of a folder: its `*.cedar` files, as they stood at one moment.
///
/// # Errors
/// Files that cannot be read, move all the while, or make no bundle.
pub(crate) fn bundle(dir: &Path) -> Result<Bundle, Vec<FieldProblem>> {
    load(&read(dir)?)
}

/// The texts of a folder's policies, by file name, as they stood at one moment.
///
/// # Errors
/// Files that cannot be read, or move all the while.
pub(crate) fn read(dir: &Path) -> Result<BTreeMap<String, String>, Vec<FieldProblem>> {
    let moving = || {
        let detail = format!(
            "expected files in `{}` that stand still while they are read, found them changing; put all in place, then reload",
            dir.display()
        );
        one("/policies", detail)
    };
    whole(|| look(dir), || texts(dir), moving)
}

/// Which files there are, which each is, and the folder itself. A file may be a
/// link through another that is turned elsewhere (`..data` of Kubernetes): what
/// it leads to counts.
type Look = (Option<FileStamp>, BTreeMap<String, Option<FileStamp>>);

fn look(dir: &Path) -> Result<Look, Vec<FieldProblem>> {
    let stamp = |path: &Path| FileStamp::at(path).map_err(|flaw| unread(path, &flaw));
    let mut files = BTreeMap::new();
    for (name, path) in listed(dir)? {
        files.insert(name, stamp(&path)?);
    }
    Ok((stamp(dir)?, files))
}

fn listed(dir: &Path) -> Result<Vec<(String, PathBuf)>, Vec<FieldProblem>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|flaw| unread(dir, &flaw))? {
        let path = entry.map_err(|flaw| unread(dir, &flaw))?.path();
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with('.') && name.ends_with(".cedar") {
            out.push((name, path));
        }
    }
    Ok(out)
}

fn texts(dir: &Path) -> Result<BTreeMap<String, String>, Vec<FieldProblem>> {
    // A folder that is itself a link may be turned elsewhere between two files.
    let dir = dir.canonicalize().map_err(|flaw| unread(dir, &flaw))?;
    let mut files = BTreeMap::new();
    let mut bytes = 0;
    for (name, path) in listed(&dir)? {
        let text = bounded(&path, TEXT_MAX)
            .map_err(|flaw| one("/policies", format!("`{}`: {flaw}", path.display())))?;
        bytes += text.len();
        if bytes > TEXT_MAX {
            let detail = format!("expected at most {TEXT_MAX} bytes of policies, found more");
            return Err(one("/policies", detail));
        }
        files.insert(name, text);
    }
    Ok(files)
}

fn unread(path: &Path, flaw: &std::io::Error) -> Vec<FieldProblem> {
    let path = path.display();
    one("/policies", format!("`{path}` cannot be read: {flaw}"))
}

/// Their bundle.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn load(files: &BTreeMap<String, String>) -> Result<Bundle, Vec<FieldProblem>> {
    Bundle::load(files).map_err(|flaws| {
        let each = flaws.iter().map(|flaw| FieldProblem {
            pointer: format!("/policies/{}", flaw.file),
            detail: format!("{flaw}"),
        });
        each.collect()
    })
}

/// One flaw, at that place.
pub(crate) fn one(pointer: &str, detail: impl Into<String>) -> Vec<FieldProblem> {
    vec![FieldProblem {
        pointer: pointer.to_owned(),
        detail: detail.into(),
    }]
}

#[cfg(test)]
mod tests;
