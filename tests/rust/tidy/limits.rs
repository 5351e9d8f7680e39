//! `docs/reference/limits.md` in step with the constants: the same numbers,
//! and a row for every constant that is named like a limit.

use crate::tree::{FILES, RUST, none, read};
use std::collections::BTreeSet;

const PATH: &str = "docs/reference/limits.md";

/// A row of the page: what it says and where it says it comes from.
struct Row {
    number: u128,
    file: String,
    name: String,
}

#[test]
fn every_number_in_the_table_of_limits_is_its_constants() {
    let rows = rows();
    assert!(rows.len() > 50, "the table is read at all");
    let mut findings = Vec::new();
    for Row { number, file, name } in &rows {
        match value(file, name) {
            Some(found) if found == *number => {}
            found => findings.push(format!("{file} {name}: {number} said, {found:?} found")),
        }
    }
    none("limits that are not what the page says", &findings);
}

#[test]
fn every_constant_named_like_a_limit_has_a_row() {
    let known: BTreeSet<_> = rows().into_iter().map(|row| (row.file, row.name)).collect();
    let elsewhere = ["broker/demo/", "/testing", "_main.rs", "/fixture.rs"];
    let findings: Vec<_> = RUST
        .iter()
        .filter(|file| file.path.starts_with("broker/") && !file.is_test)
        .filter(|file| !elsewhere.iter().any(|part| file.path.contains(part)))
        .flat_map(|file| constants(&file.text).map(|(name, _)| (file.path.clone(), name)))
        .filter(|(_, name)| name.ends_with("_MAX") || name.ends_with("_LIMIT"))
        .filter(|row| !known.contains(row))
        .map(|(file, name)| format!("{file} {name}"))
        .collect();
    none("limits without a row", &findings);
}

fn rows() -> Vec<Row> {
    read(PATH)
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, _, number, source, _] = cells[..] else {
                return None;
            };
            let mut named = source.split('`').skip(1).step_by(2);
            let (file, name) = (named.next()?, named.next()?);
            let (room, rest) = file.split_once('/')?;
            Some(Row {
                number: number.replace(',', "").parse().ok()?,
                file: format!("broker/{room}/src/{rest}"),
                name: name.to_owned(),
            })
        })
        .collect()
}

/// Names and values of a file's constants of numbers, as written.
fn constants(text: &str) -> impl Iterator<Item = (String, &str)> {
    text.lines().filter_map(|line| {
        let (head, value) = line.trim().strip_suffix(';')?.split_once(" = ")?;
        let (_, declared) = head.split_once("const ")?;
        let (name, kind) = declared.split_once(": ")?;
        let number = ["usize", "u64", "u32", "Duration"].contains(&kind);
        number.then(|| (name.to_owned(), value))
    })
}

/// The value of a constant, or of a field that a default sets.
fn value(file: &str, name: &str) -> Option<u128> {
    let text = &FILES.iter().find(|one| one.path == file)?.text;
    let constant = constants(text).find(|(found, _)| found == name);
    match constant {
        Some((_, written)) => reckon(file, written),
        None => reckon(file, field(text, name)?),
    }
}

/// What a struct literal gives a field: the line with a number, not the one
/// with a type.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "))
        .map(|written| written.trim_end_matches(','))
        .find(|written| written.starts_with(|c: char| c.is_ascii_digit()))
}

/// Sums, products and shifts of numbers and of other constants.
fn reckon(file: &str, written: &str) -> Option<u128> {
    let written = written.trim();
    let inside = |begin| written.strip_prefix(begin)?.strip_suffix(')');
    if let Some(inner) = inside("Duration::from_secs(").or_else(|| inside("(")) {
        return reckon(file, inner);
    }
    if let [left, right] = parts(written, " << ")[..] {
        return Some(reckon(file, left)? << reckon(file, right)?);
    }
    for joint in [" + ", " * "] {
        let parts = parts(written, joint);
        if parts.len() > 1 {
            let numbers = parts.into_iter().map(|part| reckon(file, part));
            return match joint {
                " + " => numbers.sum(),
                _ => numbers.product(),
            };
        }
    }
    one(file, written.split(" as ").next().unwrap_or_default())
}

/// The parts of what is written that stand between joints outside parentheses.
fn parts<'a>(written: &'a str, joint: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let (mut from, mut depth) = (0, 0);
    for (at, c) in written.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && at >= from && written[at..].starts_with(joint) => {
                found.push(&written[from..at]);
                from = at + joint.len();
            }
            _ => {}
        }
    }
    found.push(&written[from..]);
    found
}

fn one(file: &str, factor: &str) -> Option<u128> {
    if let Ok(number) = factor.replace('_', "").parse() {
        return Some(number);
    }
    // A path: its last step names the constant, the one before its room or file.
    let mut steps = factor.rsplit("::");
    let (name, home) = (steps.next()?, steps.next());
    let Some(home) = home else {
        return value(file, name);
    };
    let home = home.trim_start_matches("locum_");
    let is_home = |path: &str| {
        path.starts_with(&format!("broker/{home}/")) || path.ends_with(&format!("/{home}.rs"))
    };
    RUST.iter()
        .filter(|file| is_home(&file.path))
        .find_map(|file| value(&file.path, name))
}
