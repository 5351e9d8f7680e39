//! The files of the repository, as the checks read them.

use crate::lexer;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A text file of ours.
pub(crate) struct File {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) text: String,
}

/// A Rust file.
pub(crate) struct Rust {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    /// The code with comments and the insides of literals blanked: same lines,
    /// same columns.
    pub(crate) code: String,
    /// As it stands.
    pub(crate) text: String,
    /// Whether all of it is compiled for tests only.
    pub(crate) is_test: bool,
}

/// Every text file of ours.
pub(crate) static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let mut files = Vec::new();
    walk(&root(), &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
});

/// Every Rust file of ours, seal tests left out: those must not compile.
pub(crate) static RUST: LazyLock<Vec<Rust>> = LazyLock::new(|| {
    let tests = test_modules();
    FILES
        .iter()
        .filter(|file| file.path.ends_with(".rs") && !file.path.starts_with("tests/rust/seals/"))
        .map(|file| Rust {
            path: file.path.clone(),
            code: lexer::blank(&file.text),
            text: file.text.clone(),
            is_test: is_test(&file.path) || tests.contains(&file.path),
        })
        .collect()
});

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// One file's text.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|flaw| panic!("{path}: {flaw}"))
}

/// Whether something stands at that path.
pub(crate) fn exists(path: &str) -> bool {
    root().join(path).exists()
}

impl File {
    /// What people read in it, on one line: of Rust the comments, of any other
    /// file all; without the marks that begin a line of a comment.
    pub(crate) fn prose(&self) -> String {
        const MARKS: [&str; 6] = ["//!", "///", "//", "#", "*", ">"];
        let text = if self.path.ends_with(".rs") {
            lexer::comments(&self.text)
        } else {
            self.text.clone()
        };
        let lines = text.lines().map(|line| {
            let line = line.trim();
            let mark = MARKS.iter().find_map(|mark| line.strip_prefix(mark));
            mark.unwrap_or(line).trim()
        });
        lines.collect::<Vec<_>>().join(" ")
    }
}

impl Rust {
    /// Number of the first line of the trailing `#[cfg(test)] mod tests`, from
    /// 0; the number of lines where there is none.
    pub(crate) fn tests_from(&self) -> usize {
        if self.is_test {
            return 0;
        }
        let lines: Vec<&str> = self.code.lines().collect();
        lines
            .windows(2)
            .position(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].trim() == "mod tests {")
            .unwrap_or(lines.len())
    }
}

fn is_test(path: &str) -> bool {
    let within = |folder| path.contains(folder);
    path.starts_with("tests/")
        || path.ends_with("/tests.rs")
        || within("/tests/")
        || within("/src/model/")
        || within("/benches/")
}

/// Files that a parent declares with `#[cfg(test)] mod x;`.
fn test_modules() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in FILES.iter().filter(|file| file.path.ends_with(".rs")) {
        let (dir, name) = file.path.rsplit_once('/').unwrap();
        let home = match name {
            "mod.rs" | "lib.rs" | "main.rs" => dir.to_owned(),
            _ => file.path.trim_end_matches(".rs").to_owned(),
        };
        let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
        for pair in lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]") {
            let module = pair[1].rsplit("mod ").next().unwrap_or_default();
            if let Some(module) = module.strip_suffix(';') {
                found.insert(format!("{home}/{module}.rs"));
                found.insert(format!("{home}/{module}/mod.rs"));
            }
        }
    }
    found
}

fn walk(dir: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let built = matches!(name.as_str(), "target" | "node_modules" | "__pycache__");
        if built || (name.starts_with('.') && name != ".ci") || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            walk(&path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root()).unwrap().to_string_lossy();
            files.push(File {
                path: path.replace('\\', "/"),
                text,
            });
        }
    }
}

/// A file that is not there, for checks of the checks.
pub(crate) fn sample(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

/// Fails with every finding on a line of its own.
pub(crate) fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}
