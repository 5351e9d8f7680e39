//! The attack rows of the threat model: each says what shows it, and a test
//! that carries the number of a row is among that.

use crate::tree::{FILES, File, none, read, sample};

const PAGE: &str = "docs/threat-model.md";
/// How the names of tests begin that carry the number of a row.
const NAMES: [&str; 2] = ["def test_attack_", "def test_row_"];
/// What stands in the last column where there is nothing to show yet.
const NOT_YET: &str = "not there yet: ";

/// A row: its number, the attack, what stops it, what shows it.
struct Row {
    number: u32,
    attack: String,
    shown: String,
}

#[test]
fn every_attack_row_says_what_it_is_and_names_what_shows_it() {
    let rows = rows(&read(PAGE));
    assert!(rows.len() > 50, "the table is read at all");
    none("attack rows", &flaws(&rows, &FILES));
}

#[test]
fn a_test_that_carries_the_number_of_a_row_is_named_there() {
    none("tests of rows", &unnamed(&rows(&read(PAGE)), &FILES));
}

#[test]
fn a_flawed_attack_row_is_a_finding() {
    let files = [sample(
        "tests/a.py",
        "def test_attack_01_x():\ndef test_y():\n",
    )];
    let row = |number: u32, shown: &str| {
        let attack = "A client sends what is not its own";
        rows(&format!(
            "## Attack rows\n| {number} | {attack} | `core/x.rs` | {shown} |\n"
        ))
    };
    for (rows, expected) in [
        (row(1, "`tests/a.py`"), 0),
        (row(1, "`tests/a.py` `test_y`"), 0),
        (row(1, "not there yet: no such feature"), 0),
        (row(2, "`tests/a.py` `test_y`"), 1),
        (row(1, "tested"), 1),
        (row(1, "`tests/b.py`"), 1),
        (row(1, "`tests/a.py` `test_z`"), 1),
    ] {
        assert_eq!(flaws(&rows, &files).len(), expected);
    }
    assert_eq!(unnamed(&row(1, "`tests/a.py`"), &files).len(), 0);
    assert_eq!(unnamed(&row(1, "`tests/b.py`"), &files).len(), 1);
    assert_eq!(unnamed(&row(2, "`tests/a.py`"), &files).len(), 1);
}

fn rows(page: &str) -> Vec<Row> {
    let table = page.split("## Attack rows").nth(1).unwrap_or_default();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, number, attack, _, shown, _] = cells[..] else {
            return None;
        };
        Some(Row {
            number: number.parse().ok()?,
            attack: attack.to_owned(),
            shown: shown.to_owned(),
        })
    };
    table.lines().filter_map(row).collect()
}

fn flaws(rows: &[Row], files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for (row, expected) in rows.iter().zip(1_u32..) {
        let number = row.number;
        if number != expected {
            findings.push(format!("{number}: expected row {expected}"));
        }
        if row.attack.split(' ').count() < 4 {
            findings.push(format!("{number}: expected the attack in words"));
        }
        let named: Vec<&str> = row.shown.split('`').skip(1).step_by(2).collect();
        if named.is_empty() && !row.shown.starts_with(NOT_YET) {
            findings.push(format!("{number}: expected a file, or `{NOT_YET}…`"));
        }
        let (paths, names): (Vec<&str>, Vec<&str>) =
            named.into_iter().partition(|named| named.contains('/'));
        let known: Vec<&File> = paths.iter().filter_map(|path| file(files, path)).collect();
        if known.len() < paths.len() {
            findings.push(format!("{number}: expected files that are there"));
        }
        for name in names {
            let [python, rust] = ["def", "fn"].map(|word| format!("{word} {name}("));
            let holds = |file: &&File| file.text.contains(&python) || file.text.contains(&rust);
            if !known.iter().any(holds) {
                findings.push(format!("{number}: no test `{name}` in the files named"));
            }
        }
    }
    findings
}

fn file<'a>(files: &'a [File], path: &str) -> Option<&'a File> {
    files.iter().find(|file| file.path == path)
}

/// Tests that carry a number whose row does not name their file.
fn unnamed(rows: &[Row], files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".py")) {
        for mark in NAMES {
            for (at, _) in file.text.match_indices(mark) {
                let digits = file.text[at + mark.len()..].split('_').next();
                let number: Option<u32> = digits.and_then(|digits| digits.parse().ok());
                let row = rows.iter().find(|row| Some(row.number) == number);
                if !row.is_some_and(|row| row.shown.contains(&format!("`{}`", file.path))) {
                    findings.push(format!("{}: row {number:?}", file.path));
                }
            }
        }
    }
    findings.sort();
    findings.dedup();
    findings
}
