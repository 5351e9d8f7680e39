//! A path of a file of ours that a comment or a page names is there.

use crate::tree::{FILES, File, exists, none, sample};
use std::collections::BTreeSet;

/// Folders at the root whose files are named by their whole path.
const ROOTS: [&str; 5] = ["broker", "clients", "deploy", "docs", "tests"];
/// Ends of names by which a path in a comment is told from other words.
const ENDS: [&str; 12] = [
    ".cedar",
    ".cedarschema",
    ".html",
    ".json",
    ".md",
    ".mjs",
    ".proto",
    ".py",
    ".rs",
    ".toml",
    ".ts",
    ".yaml",
];

#[test]
fn every_path_that_is_named_is_there() {
    let findings: Vec<_> = FILES.iter().flat_map(gone).collect();
    none("files that are not there", &findings);
}

#[test]
fn a_path_that_is_not_there_is_a_finding() {
    for (path, text, flaws) in [
        (
            "x.md",
            "`core/scope.rs`, `core/scope`, `tests/fuzz`, `docs`",
            0,
        ),
        ("x.md", "`core/nosuch.rs`", 1),
        ("x.md", "`tests/nosuch`", 1),
        ("x.md", "`deploy/sbom --licences`", 0),
        ("x.md", "`other/scope.rs`, `/core/nosuch.rs`", 0),
        (
            "x.rs",
            "// docs/errors.md, core/scope.rs and tests/http/{name}.py",
            0,
        ),
        ("x.rs", "/// broker/core/src/nosuch.rs", 1),
        ("x.rs", "/// core/nosuch.rs", 1),
        (
            "x.rs",
            "let a = \"docs/nosuch.md\"; // target/docs/nosuch.md",
            0,
        ),
        ("x.py", "# docs/nosuch.md", 1),
    ] {
        assert_eq!(gone(&sample(path, text)).len(), flaws, "{text}");
    }
}

/// The crates below `broker`: `core/scope.rs` is short for
/// `broker/core/src/scope.rs`.
fn rooms() -> BTreeSet<&'static str> {
    let manifest = |file: &'static File| {
        let inside = file.path.strip_prefix("broker/")?;
        inside.strip_suffix("/Cargo.toml")
    };
    FILES.iter().filter_map(manifest).collect()
}

/// Paths that a file names and that are not there.
fn gone(file: &File) -> Vec<String> {
    let rooms = rooms();
    let known = |path: &str| stands(path, &rooms) != Some(false);
    let prose = file.prose();
    let in_backticks = || {
        let inside = file.text.split('`').skip(1).step_by(2);
        inside.filter_map(|text| text.split_whitespace().next())
    };
    let named: Vec<&str> = if file.path.ends_with(".md") {
        in_backticks().chain(words(&prose)).collect()
    } else {
        words(&prose).collect()
    };
    let gone: BTreeSet<&str> = named.into_iter().filter(|path| !known(path)).collect();
    gone.into_iter()
        .map(|path| format!("{}: {path}", file.path))
        .collect()
}

/// Words that look like a path of a file; not those with a blank to fill in.
fn words(prose: &str) -> impl Iterator<Item = &str> {
    let inside = |c: char| c.is_alphanumeric() || "/._-{}<>*$:@".contains(c);
    let words = prose.split(move |c| !inside(c));
    words
        .map(|word| word.trim_end_matches(['.', ':']))
        .filter(|word| !word.contains(['{', '<', '*', '$', ':']))
        .filter(|word| ENDS.iter().any(|end| word.ends_with(end)))
}

/// Whether the file is there; `None` for what is no path of ours.
fn stands(path: &str, rooms: &BTreeSet<&str>) -> Option<bool> {
    let (first, rest) = path.split_once('/')?;
    let whole = if rooms.contains(first) {
        format!("broker/{first}/src/{rest}")
    } else if ROOTS.contains(&first) {
        path.to_owned()
    } else {
        return None;
    };
    // `connectors` is a folder of pages too, which pages link to from `docs`.
    let page = format!("docs/{path}");
    Some(exists(&whole) || exists(&format!("{whole}.rs")) || exists(&page))
}
