//! Small rooms: a median of at most 120 lines, 300 as the usual maximum, over
//! 500 only here with a reason.

use crate::tree::{FILES, RUST, none};

/// Lines a file usually stays within; over it a line is printed.
const USUAL: usize = 300;
/// Lines a file stays within unless it is listed.
const MOST: usize = 500;
/// Lines half of the Rust files stay within.
const MEDIAN: usize = 120;

/// Files that may be longer, up to how many lines, and why.
const LONGER: &[(&str, usize, &str)] = &[];

#[test]
fn a_file_is_at_most_500_lines_long_or_listed_with_a_reason() {
    let code = |path: &str| {
        [".rs", ".py", ".mjs", ".ts"]
            .iter()
            .any(|e| path.ends_with(e))
    };
    let mut findings = Vec::new();
    for file in FILES.iter().filter(|file| code(&file.path)) {
        let lines = file.text.lines().count();
        let listed = LONGER.iter().find(|(path, _, _)| *path == file.path);
        if lines > listed.map_or(MOST, |(_, most, _)| *most) {
            findings.push(format!("{}: {lines} lines", file.path));
        } else if lines > USUAL {
            warn(&file.path, lines);
        }
    }
    none("files over the limit", &findings);
}

#[test]
fn the_list_of_longer_files_holds_only_files_that_need_it() {
    let stale = |path: &str| {
        let found = FILES.iter().find(|file| file.path == path);
        found.is_none_or(|file| file.text.lines().count() <= MOST)
    };
    let findings: Vec<_> = LONGER
        .iter()
        .filter(|(path, _, reason)| stale(path) || reason.is_empty())
        .map(|(path, _, _)| (*path).to_owned())
        .collect();
    none("listed for nothing", &findings);
}

#[test]
fn half_of_the_rust_files_are_at_most_120_lines_long() {
    let mut lines: Vec<usize> = RUST.iter().map(|file| file.text.lines().count()).collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median <= MEDIAN, "the median is {median} lines");
}

#[expect(
    clippy::disallowed_macros,
    reason = "a warning; `--nocapture` shows it"
)]
fn warn(path: &str, lines: usize) {
    println!("over {USUAL} lines: {path} ({lines})");
}
